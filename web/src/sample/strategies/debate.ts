/** A debate as a grid: the answer of each agent in each round, and how it moved. */

import type { Json, SampleRecord } from "../../data";
import { callsOf, listOf, numberOf, objectOf, textOf, type NumberedCall } from "../calls/calls";
import { readingOf, type Reading, type Source } from "./reading";

export type Move = "wrong → right" | "right → wrong" | "changed" | "same";

/** What an agent answered in a round. */
export interface Turn {
  agent: string;
  round: number;
  call: number | null; // position in the transcript; null: it has no such call
  answer: string | null; // null: none could be extracted
  right: boolean | null; // null: unknown
  move: Move | null; // since the agent's turn before; null: there is none, or an answer is unknown
  reading: () => Reading; // computed when it is asked for: a large debate has many texts
}

export interface Round {
  round: number;
  turns: (Turn | null)[]; // by agent; null: it did not answer in this round
  majority: Majority | null;
}

/** The most frequent answer of a round. */
export interface Majority {
  answer: string;
  votes: number;
  voters: number; // agents whose answer is known
  tie: boolean;
}

export interface Debate {
  agents: string[];
  rounds: Round[];
  after: { call: NumberedCall; name: string; reading: () => Reading }[]; // calls of other roles: judge, moderator, summarizer
}

const AGENT = /^agent-\d{1,9}$/;

/** The debate of a record; null: its strategy is none. */
export function debateOf(record: SampleRecord): Debate | null {
  const { strategy } = callsOf(record);
  const named = listOf(record.answer_metadata["agents"]);
  const isAgent = ({ call }: NumberedCall) => AGENT.test(call.role) || named.includes(call.role);
  const agentCalls = strategy.filter(isAgent);
  const roundNumbers = new Set(agentCalls.map(({ call }) => call.round));
  if (!agentCalls.length || (roundNumbers.size < 2 && !Array.isArray(record.answer_metadata["answers"]))) return null;
  const place = (agent: string) => (named.includes(agent) ? named.indexOf(agent) : named.length + (numberOf(agent) ?? 0));
  const agents = [...new Set(agentCalls.map(({ call }) => call.role))].sort((a, b) => place(a) - place(b));
  const numbers = [...roundNumbers].sort((a, b) => a - b);
  const last = new Map(agentCalls.map((numbered) => [`${numbered.call.role} ${numbered.call.round}`, numbered]));
  const known = knownAnswers(record, agents);
  const sources: Source[] = [...last.values()].map((numbered) => ({
    ...numbered,
    answer: known(numbered.call.role, numbered.call.round).answer,
  }));
  const before = new Map<string, Turn>();
  const rounds = numbers.map((round) => {
    const turns = agents.map((agent) => {
      const numbered = last.get(`${agent} ${round}`);
      if (!numbered) return null;
      const { answer, right } = known(agent, round);
      const turn: Turn = { agent, round, call: numbered.position, answer, right, move: null, reading: once(() => readingOf(numbered, sources, record)) };
      turn.move = moveOf(before.get(agent), turn);
      before.set(agent, turn);
      return turn;
    });
    return { round, turns, majority: majorityOf(turns) };
  });
  const others = strategy.filter((numbered) => !isAgent(numbered));
  const after = others.map((call) => ({ call, name: nameAmong(call, others), reading: once(() => readingOf(call, sources, record)) }));
  return { agents, rounds, after };
}

/** The role, with its round if it has calls in several. */
function nameAmong({ call }: NumberedCall, others: NumberedCall[]): string {
  const isAlone = others.every((other) => other.call.role !== call.role || other.call.round === call.round);
  return isAlone ? call.role : `${call.role}, round ${call.round}`;
}

function once<T>(compute: () => T): () => T {
  let value: T | undefined;
  return () => (value ??= compute());
}

/** Answer and verdict by agent and round, from the scores by round, else from the strategy's list of answers. */
function knownAnswers(record: SampleRecord, agents: string[]): (agent: string, round: number) => { answer: string | null; right: boolean | null } {
  const scores = objectOf(record.answer_metadata["round_scores"]);
  const answers = listOf(record.answer_metadata["answers"]);
  return (agent, round) => {
    const score = objectOf(objectOf(scores[agent])[String(round)]);
    const listed: Json | undefined = listOf(answers[round])[agents.indexOf(agent)];
    const right = score["right"];
    return { answer: textOf(score["answer"]) ?? textOf(listed), right: typeof right === "boolean" ? right : null };
  };
}

function moveOf(before: Turn | undefined, now: Turn): Move | null {
  if (!before) return null;
  if (before.right === false && now.right === true) return "wrong → right";
  if (before.right === true && now.right === false) return "right → wrong";
  if (before.answer === null || now.answer === null) return null;
  return before.answer === now.answer ? "same" : "changed";
}

function majorityOf(turns: (Turn | null)[]): Majority | null {
  const votes = new Map<string, number>();
  for (const turn of turns) if (turn?.answer != null) votes.set(turn.answer, (votes.get(turn.answer) ?? 0) + 1);
  const ranked = [...votes].sort((a, b) => b[1] - a[1]);
  const first = ranked[0];
  if (!first) return null;
  const voters = ranked.reduce((sum, [, n]) => sum + n, 0);
  return { answer: first[0], votes: first[1], voters, tie: ranked[1]?.[1] === first[1] };
}

/** How often each move occurred in a debate. */
export function moveCounts(debate: Debate): Map<Move, number> {
  const counts = new Map<Move, number>();
  for (const { turns } of debate.rounds) {
    for (const turn of turns) if (turn?.move) counts.set(turn.move, (counts.get(turn.move) ?? 0) + 1);
  }
  return counts;
}
