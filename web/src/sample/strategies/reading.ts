/** Who read whom: which earlier completions or answers occur in what a call was sent. */

import type { SampleRecord } from "../../data";
import { isBounded } from "../text/answer_place";
import { newText, type NumberedCall } from "../calls/calls";

/** A call with the answer that was extracted from it, if it is known. */
export interface Source extends NumberedCall {
  answer: string | null;
}

/** What a call read: calls it certainly read, and calls of which it read some (equal texts cannot be told apart). */
export interface Reading {
  read: number[]; // positions in the transcript
  maybe: number[];
}

const MAX_TEXT = 100_000; // characters; what was sent beyond is not searched
const NOTHING: Reading = { read: [], maybe: [] };

/**
 * The earlier calls that a call read, derived from the texts: of agents that gave the same text, all were read if it
 * occurs as often; if once less, all but the reader itself. Texts of a later round are found before those of an earlier one.
 */
export function readingOf(reader: NumberedCall, sources: Source[], record: SampleRecord): Reading {
  const sent = newText(reader.call, record).slice(0, MAX_TEXT);
  if (!sent) return NOTHING;
  const free = new FreeText(sent);
  const reading: Reading = { read: [], maybe: [] };
  const isSequential = record.answer_metadata["sequential"] === true; // agents of a round speak one after the other
  const earlier = sources.filter(
    ({ call, position }) => position < reader.position && (call.round < reader.call.round || (isSequential && call.round === reader.call.round)),
  );
  const rounds = [...new Set(earlier.map(({ call }) => call.round))].sort((a, b) => b - a);
  for (const round of rounds) {
    const ofRound = earlier.filter(({ call }) => call.round === round);
    const found = new Set<number>();
    for (const textOf of [completionOf, answerOf]) {
      for (const group of groups(ofRound.filter(({ position }) => !found.has(position)), textOf)) {
        const [read, maybe] = whichOf(group.sources, free.take(group.text), reader);
        for (const position of [...read, ...maybe]) found.add(position);
        reading.read.push(...read);
        reading.maybe.push(...maybe);
      }
    }
  }
  return { read: reading.read.sort((a, b) => a - b), maybe: reading.maybe.sort((a, b) => a - b) };
}

const completionOf = ({ call }: Source) => call.completion.trim();
const answerOf = ({ answer }: Source) => answer?.trim() ?? "";

/** Sources with the same text, longest text first: a short one may occur inside of a longer one. */
function groups(sources: Source[], textOf: (source: Source) => string): { text: string; sources: Source[] }[] {
  const byText = new Map<string, Source[]>();
  for (const source of sources) {
    const text = textOf(source);
    if (text) byText.set(text, [...(byText.get(text) ?? []), source]);
  }
  return [...byText].map(([text, same]) => ({ text, sources: same })).sort((a, b) => b.text.length - a.text.length);
}

function whichOf(sources: Source[], occurrences: number, reader: NumberedCall): [number[], number[]] {
  const positions = (among: Source[]) => among.map(({ position }) => position);
  if (occurrences === 0) return [[], []];
  if (occurrences >= sources.length) return [positions(sources), []];
  const others = sources.filter(({ call }) => call.role !== reader.call.role);
  if (occurrences >= others.length) return [positions(others), []];
  return [[], positions(others)];
}

/** A text whose parts can be taken once. */
class FreeText {
  constructor(private rest: string) {}

  /** How often a text occurs as a whole; its places are taken. */
  take(text: string): number {
    const kept: string[] = [];
    let from = 0;
    let n = 0;
    for (let at = this.rest.indexOf(text); at >= 0; at = this.rest.indexOf(text, at + 1)) {
      if (at < from || !isBounded(this.rest, at, at + text.length)) continue;
      kept.push(this.rest.slice(from, at));
      from = at + text.length;
      n += 1;
    }
    if (n) this.rest = [...kept, this.rest.slice(from)].join("\0");
    return n;
  }
}

/** `read agent-2 and agent-3 of round 0`; empty if it read no earlier text. */
export function readingText({ read, maybe }: Reading, record: SampleRecord): string {
  const names = (calls: number[]) => {
    const rounds = [...new Set(calls.map((at) => record.transcript[at]?.round))];
    return rounds.map((round) => `${listed(calls.filter((at) => record.transcript[at]?.round === round).map((at) => record.transcript[at]?.role ?? "?"))} of round ${round}`).join(", ");
  };
  const parts = [];
  if (read.length) parts.push(`read ${names(read)}`);
  if (maybe.length) parts.push(`read some of ${names(maybe)}, which gave the same text`);
  return parts.join("; ");
}

const MAX_LISTED = 12;

function listed(names: string[]): string {
  const shown = names.length > MAX_LISTED ? [...names.slice(0, MAX_LISTED), `${names.length - MAX_LISTED} more`] : names;
  return shown.length < 2 ? shown.join() : `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}`;
}
