/** Which columns the samples table shows at first, and how wide they are. */

import { columnOf } from "../columns";
import type { Column, Index } from "../data";
import { isVaried } from "./facets";

const ORDER = ["outcome", "sample", "score", "score:", "change", "task", "strategy", "model", "input", "target", "answer"];
const ALWAYS = ["outcome", "sample", "score", "input"];
const WIDTHS: { [name: string]: number } = {
  outcome: 118,
  sample: 150,
  task: 120,
  strategy: 122,
  model: 150,
  change: 120,
};
const GROWTH: { [name: string]: number } = { input: 3, target: 1, answer: 1.5, error: 2 };

/** The columns shown if the reader has chosen none: those that tell rows apart. */
export function defaultColumns(index: Index): Column[] {
  const score = columnOf(index, "score");
  const shown = index.columns.filter((column) => {
    if (ALWAYS.includes(column.name)) return true;
    return !column.hidden && isVaried(column) && !(column.name.startsWith("score:") && isRedundant(column, score));
  });
  return shown.sort((a, b) => place(a) - place(b));
}

function place({ name }: Column): number {
  const position = ORDER.findIndex((entry) => name === entry || (entry.endsWith(":") && name.startsWith(entry)));
  return position < 0 ? ORDER.length : position;
}

const RARE = 0.1;

/** True if a scorer says nothing besides the main score, or scored few records. */
function isRedundant(column: Column, score: Column | undefined): boolean {
  if (column.kind !== "number" || score?.kind !== "number") return false;
  const known = column.numbers.filter((value) => value !== null).length;
  const equal = column.numbers.every((value, row) => value === null || value === score.numbers[row]);
  return equal || known < RARE * column.numbers.length;
}

/** The columns that are named, without those that the page lacks; the default ones if it has none of them. */
export function shownColumns(index: Index, names: readonly string[] | null): Column[] {
  const named = [...new Set(names)].flatMap((name) => columnOf(index, name) ?? []);
  return named.length ? named : defaultColumns(index);
}

/** A title that no other column has. */
export function titleOf(index: Index, column: Column): string {
  const twice = index.columns.some((other) => other !== column && other.title === column.title);
  return (twice && column.name !== column.title ? column.name : column.title) || column.name;
}

/** Width in pixels, and how much of the space that is left a column takes. */
export function widthOf({ name, kind, title }: Column): { width?: number; minWidth: number; widthGrow?: number } {
  const longest = Math.max(...title.split(" ").map(({ length }) => length)); // headings break at spaces
  const heading = Math.min(180, 34 + 7.5 * longest);
  const growth = GROWTH[name] ?? (kind === "text" && name !== "sample" ? 1 : undefined);
  if (growth !== undefined) return { minWidth: Math.max(name === "input" ? 180 : 100, heading), widthGrow: growth };
  return { width: WIDTHS[name] ?? Math.max(kind === "number" ? 74 : 110, heading), minWidth: 50 };
}
