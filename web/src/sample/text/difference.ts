/** The difference of two texts by words, computed in about a third of a second at most. */

import { diffLines, diffWordsWithSpace, type Change } from "diff";

export interface Difference {
  by: "words" | "lines";
  parts: Change[];
}

const SHORT = 4000; // characters of both texts: compared by words even if the machine is busy and the time passes
const MAX_WORDS = 60_000; // characters of both texts: beyond, a difference by words takes too long to be tried
const MAX_LINES = 2_000_000;
const WORDS_MS = 180;
const LINES_MS = 80;

/** The difference from `old` to `now`; null: they are too long or too different. */
export function differenceOf(old: string, now: string): Difference | null {
  const size = old.length + now.length;
  const words = size <= SHORT ? diffWordsWithSpace(old, now) : size <= MAX_WORDS ? diffWordsWithSpace(old, now, { timeout: WORDS_MS }) : undefined;
  if (words) return { by: "words", parts: joined(words) };
  const lines = size <= MAX_LINES ? diffLines(old, now, { timeout: LINES_MS }) : undefined;
  return lines ? { by: "lines", parts: lines } : null;
}

/** The parts with changes joined that only a space separates: a few long changes read better than many short ones. */
function joined(parts: Change[]): Change[] {
  const result: Change[] = [];
  let removed = "";
  let added = "";
  const flush = () => {
    if (removed) result.push({ value: removed, removed: true, added: false, count: 1 });
    if (added) result.push({ value: added, removed: false, added: true, count: 1 });
    removed = added = "";
  };
  parts.forEach((part, i) => {
    const next = parts[i + 1];
    if (part.removed) removed += part.value;
    else if (part.added) added += part.value;
    else if (removed && added && next && (next.removed || next.added) && /^ {1,2}$/.test(part.value)) {
      removed += part.value;
      added += part.value;
    } else {
      flush();
      result.push(part);
    }
  });
  flush();
  return result;
}
