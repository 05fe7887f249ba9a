/** The grid of a debate: rounds × agents, the moves between rounds, who read whom, and the verdict. */

import { useRef, useState } from "preact/hooks";
import type { Call, SampleRecord } from "../../data";
import { showView } from "../../view";
import { objectOf, textOf } from "../calls/calls";
import { moveCounts, type Debate, type Majority, type Move, type Round, type Turn } from "./debate";
import { ReadingArrows } from "./reading_arrows";
import { readingText, type Reading } from "./reading";
import { SelectedCall } from "./selected_call";
import { Verdict, verdictOf } from "../verdict";
import { visible } from "../text/visible_text";

const MAX_AGENTS = 24; // columns and rows that are drawn before the reader asks for all
const MAX_ROUNDS = 24;
const MAX_OTHERS = 24; // calls of other roles, the last ones
const MAX_NAMED = 60; // turns whose readings are in their names: each is a search in what was sent

interface Props {
  record: SampleRecord;
  debate: Debate;
  selected: number | null; // position of the call that is shown below the grid
}

export function DebateView({ record, debate, selected }: Props) {
  const [hovered, setHovered] = useState<number | null>(null);
  const [isWhole, setWhole] = useState(false);
  const grid = useRef<HTMLDivElement>(null);
  const agents = isWhole ? debate.agents : debate.agents.slice(0, MAX_AGENTS);
  const rounds = isWhole ? debate.rounds : debate.rounds.slice(0, MAX_ROUNDS);
  const current = hovered ?? selected;
  const reading = readingAt(debate, current);
  const point: Pointing = { current, selected, reading, name: (turn) => nameOf(turn, record, debate), setHovered };
  return (
    <>
      <p class="debate-summary">
        {whether(record)} {summary(debate)}
      </p>
      <div class="debate-scroll">
        <div class="debate-grid" ref={grid} onMouseLeave={() => setHovered(null)} onKeyDown={moveFocus}>
          <table>
            <caption class="off-screen">Answers by round and agent. Select an answer to read its call.</caption>
            <thead>
              <tr>
                <th scope="col">
                  <span class="off-screen">round</span>
                </th>
                {agents.map((agent) => (
                  <th scope="col">{visible(agent)}</th>
                ))}
                <th scope="col">most frequent</th>
              </tr>
            </thead>
            <tbody>
              {rounds.map((round) => (
                <RoundRow round={round} n={agents.length} point={point} record={record} />
              ))}
            </tbody>
          </table>
          <ReadingArrows grid={grid} reader={current} reading={reading} />
          <Verdicts debate={debate} record={record} point={point} calls={isWhole ? debate.after : debate.after.slice(-MAX_OTHERS)} />
        </div>
      </div>
      {!isWhole && (agents.length < debate.agents.length || rounds.length < debate.rounds.length || debate.after.length > MAX_OTHERS) && (
        <p class="fold">
          {agents.length} of {debate.agents.length} agents and {rounds.length} of {debate.rounds.length} rounds are shown
          {debate.after.length > MAX_OTHERS && `, and the last ${MAX_OTHERS} of ${debate.after.length} calls of other roles`}
          <button type="button" onClick={() => setWhole(true)}>
            Show all
          </button>
        </p>
      )}
      <SelectedCall record={record} selected={selected} reading={readingAt(debate, selected)} />
    </>
  );
}

/** Arrow keys go to the answer beside, above or below. */
function moveFocus(event: KeyboardEvent): void {
  const down = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
  const right = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
  const cell = (event.target as HTMLElement).closest("td");
  if ((!down && !right) || !cell) return;
  event.preventDefault();
  event.stopPropagation();
  const row = cell.parentElement as HTMLTableRowElement;
  const rows = row.parentElement as HTMLTableSectionElement;
  rows.rows[row.sectionRowIndex + down]?.cells[cell.cellIndex + right]?.querySelector("button")?.focus();
}

interface Pointing {
  current: number | null;
  selected: number | null;
  reading: Reading | null;
  name(turn: Turn): string;
  setHovered(call: number | null): void;
}

function RoundRow({ round: { round, turns, majority }, n, point, record }: { round: Round; n: number; point: Pointing; record: SampleRecord }) {
  return (
    <tr>
      <th scope="row">Round {round}</th>
      {turns.slice(0, n).map((turn) => (
        <td>{turn ? <TurnButton turn={turn} point={point} call={record.transcript[turn.call ?? -1]} /> : <span class="muted">no call</span>}</td>
      ))}
      <td class="majority">{majority ? <MajorityCell majority={majority} /> : <span class="muted">?</span>}</td>
    </tr>
  );
}

function MajorityCell({ majority: { answer, votes, voters, tie } }: { majority: Majority }) {
  return (
    <>
      <span class="turn-answer">{visible(answer)}</span>
      <span class="muted">
        {votes} of {voters}
        {tie && ", a tie"}
      </span>
    </>
  );
}

function TurnButton({ turn, point, call }: { turn: Turn; point: Pointing; call: Call | undefined }) {
  const isRead = turn.call !== null && point.reading?.read.includes(turn.call);
  const maybe = turn.call !== null && point.reading?.maybe.includes(turn.call);
  return (
    <button
      type="button"
      class={`turn ${verdictOf(turn.right)}${isRead ? " is-read" : maybe ? " may-be-read" : ""}`}
      data-turn={turn.call}
      aria-pressed={turn.call === point.selected}
      aria-label={point.name(turn)}
      onMouseEnter={() => point.setHovered(turn.call)}
      onFocus={() => point.setHovered(turn.call)}
      onBlur={() => point.setHovered(null)}
      onClick={() => select(turn.call === point.selected ? null : turn.call)}
    >
      <Verdict right={turn.right} />
      <span class="turn-answer">{turn.answer === null ? <span class="muted">{noAnswer(call)}</span> : visible(turn.answer)}</span>
      {turn.move && <span class={`move ${MOVE_CLASSES[turn.move]}`}>{turn.move}</span>}
      {(isRead || maybe) && <span class="read-mark">{isRead ? "read" : "perhaps read"}</span>}
    </button>
  );
}

const MOVE_CLASSES: { [move in Move]: string } = {
  "wrong → right": "gained",
  "right → wrong": "lost",
  changed: "changed",
  same: "same",
};

function noAnswer(call: Call | undefined): string {
  if (call && !call.completion.trim()) return "no text";
  return call && !/^(stop|end_turn|stop_sequence|eos|eos_token)$/i.test(call.finish_reason) ? `no answer: ${visible(call.finish_reason)}` : "no answer found";
}

function select(call: number | null): void {
  showView({ call }, { replace: true });
}

function readingAt(debate: Debate, call: number | null): Reading | null {
  if (call === null) return null;
  for (const { turns } of debate.rounds) for (const turn of turns) if (turn?.call === call) return turn.reading();
  return debate.after.find((after) => after.call.position === call)?.reading() ?? null;
}

/** What a screen reader says of a turn. */
function nameOf(turn: Turn, record: SampleRecord, debate: Debate): string {
  const right = turn.right === null ? "not known to be right" : turn.right ? "right" : "wrong";
  const parts = [`${turn.agent}, round ${turn.round}: ${turn.answer ?? "no answer"}, ${right}`];
  if (turn.move) parts.push(turn.move.replace("→", "to"));
  if (debate.agents.length * debate.rounds.length <= MAX_NAMED) parts.push(readingText(turn.reading(), record));
  return visible(parts.filter(Boolean).join("; "));
}

/** Whether a debate that is held only if needed was held, and why; empty for another debate. */
function whether({ answer_metadata: { debated, why } }: SampleRecord): string {
  if (debated === false) return "No debate was held.";
  return debated === true && typeof why === "string" && why ? `A debate was held: ${visible(why)}.` : "";
}

/** `round 0: 1 of 3 right; round 1: 3 of 3 right. 2 moved from wrong to right.` */
function summary(debate: Debate): string {
  const rounds = debate.rounds.map(({ round, turns }) => {
    const known = turns.filter((turn) => turn !== null && turn.right !== null);
    if (!known.length) return null;
    return `round ${round}: ${known.filter((turn) => turn?.right).length} of ${known.length} right`;
  });
  const counts = moveCounts(debate);
  const moves = (["wrong → right", "right → wrong", "changed"] as const).flatMap((move) => (counts.has(move) ? [`${counts.get(move)} × ${move}`] : []));
  const parts = rounds.filter((text) => text !== null);
  const shown = parts.length > 6 ? [parts[0], "…", parts[parts.length - 1]] : parts;
  const text = shown.length ? `Agents by round: ${shown.join("; ")}.` : "The scores by round are unknown.";
  return `${text} ${moves.length ? `Moves: ${moves.join(", ")}.` : "No answer moved."}`;
}

/** The calls of other roles, and how the answer was found: by one of them, by what it decided, or by a vote. */
function Verdicts({ debate, record, point, calls }: { debate: Debate; record: SampleRecord; point: Pointing; calls: Debate["after"] }) {
  const last = debate.rounds[debate.rounds.length - 1]?.majority;
  const right = record.outcome === "correct" ? true : record.outcome === "incorrect" ? false : null;
  const isOfOthers = debate.after.some(({ call: { call } }) => call.completion === record.output);
  const decider = record.answer_metadata["decided_by"];
  return (
    <ul class="verdicts">
      {calls.map(({ call: { call, position }, name, reading }) => (
        <li>
          <button
            type="button"
            class={`turn ${call.completion === record.output ? verdictOf(right) : "unknown"}`}
            data-turn={position}
            aria-pressed={position === point.selected}
            onMouseEnter={() => point.setHovered(position)}
            onFocus={() => point.setHovered(position)}
            onBlur={() => point.setHovered(null)}
            onClick={() => select(position === point.selected ? null : position)}
          >
            <span class="role">{visible(name)}</span>
            {call.completion === record.output && <Verdict right={right} />}
            <span class="turn-answer">{call.completion === record.output ? visible(record.answer ?? "no answer") : ""}</span>
            <span class="off-screen">{visible(readingText(reading(), record))}</span>
          </button>
          {call.completion === record.output && last && record.answer !== null && (
            <span class="muted">{record.answer === last.answer ? "the most frequent answer of the last round" : `not the most frequent answer, ${visible(last.answer)}`}</span>
          )}
        </li>
      ))}
      {!isOfOthers && typeof decider === "string" && (
        <li>
          <span class="role">Decided by {visible(decider)}</span> <strong>{visible(record.answer ?? "no answer")}</strong> <Verdict right={right} />
        </li>
      )}
      {!isOfOthers && typeof decider !== "string" && last && isOfAgents(debate, record) && (
        <li>
          <span class="role">Vote</span> <strong>{visible(finalVote(record) ?? last.answer)}</strong>{" "}
          <span class="muted">
            {last.votes} of {last.voters} votes{last.tie && ", a tie: the answer seen first"}
          </span>{" "}
          <Verdict right={right} />
        </li>
      )}
    </ul>
  );
}

/** Whether the output is an agent's completion of the last round: the vote took it. */
function isOfAgents(debate: Debate, record: SampleRecord): boolean {
  const turns = debate.rounds[debate.rounds.length - 1]?.turns ?? [];
  return turns.some((turn) => turn !== null && turn.call !== null && record.transcript[turn.call]?.completion === record.output);
}

function finalVote(record: SampleRecord): string | null {
  return textOf(objectOf(record.answer_metadata["final_majority"])["answer"]);
}
