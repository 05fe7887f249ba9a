/** Which columns the samples table shows at first, and how wide they are. */

import { columnOf } from "../columns";
import type { Column, Index } from "../data";
import { cellText } from "./cells";
import { isVaried, rangeOf } from "./facets";

const ORDER = ["outcome", "sample", "run", "epoch", "score", "score:", "change", "task", "strategy", "model", "input", "target", "answer"];
const ALWAYS = ["outcome", "sample", "score", "input"];
const IF_ANY = ["change", "error"]; // shown if a single row has a value
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
    if (column.hidden || !isVaried(column)) return false;
    return IF_ANY.includes(column.name) || !(isRare(column) || (column.name.startsWith("score:") && repeats(column, score)));
  });
  return shown.sort((a, b) => place(a) - place(b));
}

function place({ name }: Column): number {
  const position = ORDER.findIndex((entry) => name === entry || (entry.endsWith(":") && name.startsWith(entry)));
  return position < 0 ? ORDER.length : position;
}

const RARE = 0.1;

/** True if few rows have a value. */
function isRare(column: Column): boolean {
  if (column.kind === "category") return column.codes.filter((code) => code >= 0).length < RARE * column.codes.length;
  const cells: readonly unknown[] = column.kind === "number" ? column.numbers : column.texts;
  return cells.filter((cell) => cell !== null).length < RARE * cells.length;
}

/** True if a scorer says nothing besides the main score. */
function repeats(column: Column, score: Column | undefined): boolean {
  if (column.kind !== "number" || score?.kind !== "number") return false;
  return column.numbers.every((value, row) => value === null || value === score.numbers[row]);
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
export function widthOf(column: Column): { width?: number; minWidth: number; widthGrow?: number } {
  const { name, kind, title } = column;
  const words = title.length > 10 ? title.split(" ") : [title]; // long headings break at spaces
  const heading = Math.min(180, 34 + 7.5 * Math.max(...words.map(({ length }) => length)));
  const growth = GROWTH[name] ?? (kind === "text" && name !== "sample" ? 1 : undefined);
  if (growth !== undefined) return { minWidth: Math.max(name === "input" ? 180 : 100, heading), widthGrow: growth };
  return { width: WIDTHS[name] ?? Math.max(kind === "number" ? numberWidth(column) : 110, heading), minWidth: 50 };
}

/** Room for the longest number: a number that is cut would be another one. */
function numberWidth(column: Column): number {
  const lengths = (rangeOf(column) ?? []).map((value) => cellText(column, value).length);
  return Math.max(74, 28 + 8.5 * Math.max(0, ...lengths));
}
