/** The difference of two texts by words, computed in at most a third of a second. */

import { diffLines, diffWordsWithSpace, type Change } from "diff";

export interface Difference {
  by: "words" | "lines";
  parts: Change[];
}

const MAX_WORDS = 60_000; // characters of both texts: beyond, a difference by words takes too long to be tried
const MAX_LINES = 2_000_000;
const WORDS_MS = 180;
const LINES_MS = 80;

/** The difference from `old` to `now`; null: they are too long or too different. */
export function differenceOf(old: string, now: string): Difference | null {
  const size = old.length + now.length;
  const words = size <= MAX_WORDS ? diffWordsWithSpace(old, now, { timeout: WORDS_MS }) : undefined;
  if (words) return { by: "words", parts: words };
  const lines = size <= MAX_LINES ? diffLines(old, now, { timeout: LINES_MS }) : undefined;
  return lines ? { by: "lines", parts: lines } : null;
}
