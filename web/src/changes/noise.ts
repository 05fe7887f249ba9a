/** Sentences on noise: those that several cells share are shown once. */

import type { ChangedCell } from "../data";

/** The sentences on noise of these cells that hold for all of them, and those of a single one. */
export interface Noise {
  common: string[];
  of: (cell: ChangedCell) => string[];
}

export function noiseOf(cells: readonly ChangedCell[]): Noise {
  const known = cells.flatMap(({ noise }) => (noise ? [sentences(noise)] : []));
  const counts = new Map<string, number>();
  for (const sentence of known.flat()) counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
  // A sentence with a figure is about its cell, unless all cells say the same.
  const isCommon = (sentence: string, n: number) => n > 1 && (n === known.length || !/\d/.test(sentence));
  const common = [...counts].filter(([sentence, n]) => isCommon(sentence, n)).map(([sentence]) => sentence);
  return { common, of: ({ noise }) => sentences(noise ?? "").filter((sentence) => !common.includes(sentence)) };
}

function sentences(text: string): string[] {
  return text.split(/(?<=\.) (?=\p{Lu})/u).filter(Boolean);
}
