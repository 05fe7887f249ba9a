/** Which rows of the index pass the filters, and in which order. */

import { columnOf, valueAt, type Cell } from "../columns";
import type { Column, Index } from "../data";
import type { Filter, View } from "../view";

type Test = (row: number) => boolean;

/** The rows that pass all filters and that a search found; `found` is null without a search. */
export function filteredRows(index: Index, filters: readonly Filter[], found: Uint8Array | null): number[] {
  const tests = testsOf(index, filters);
  const rows: number[] = [];
  for (let row = 0; row < index.n; row++) {
    if ((!found || found[row]) && passes(tests, row)) rows.push(row);
  }
  return rows;
}

/** How many rows `filteredRows` has. */
export function countRows(index: Index, filters: readonly Filter[], found: Uint8Array | null): number {
  const tests = testsOf(index, filters);
  let count = 0;
  for (let row = 0; row < index.n; row++) if ((!found || found[row]) && passes(tests, row)) count++;
  return count;
}

/** A loop instead of `every`: a closure per row of 100 000 is much garbage. */
function passes(tests: readonly Test[], row: number): boolean {
  for (const test of tests) if (!test(row)) return false;
  return true;
}

function testsOf(index: Index, filters: readonly Filter[]): Test[] {
  const names = [...new Set(filters.map(({ column }) => column))];
  return names.map((name) => columnTest(columnOf(index, name), filters.filter(({ column }) => column === name)));
}

/** A test of all conditions on one column. A category is tested once per distinct value. */
function columnTest(column: Column | undefined, filters: readonly Filter[]): Test {
  const test = valueTest(filters, column?.name === "tag");
  if (column?.kind !== "category") return (row) => test(valueAt(column, row));
  const passes = column.values.map(test);
  const none = test(null);
  return (row) => passes[column.codes[row] ?? -1] ?? none;
}

function valueTest(filters: readonly Filter[], words: boolean): (value: Cell) => boolean {
  const has = (operator: Filter["operator"]) => filters.some((filter) => filter.operator === operator);
  const values = (operator: Filter["operator"]) =>
    filters.filter((filter) => filter.operator === operator).map(({ value }) => value);
  const positive = filters.filter(({ operator }) => operator !== "not" && operator !== "unknown");
  const unknown = has("unknown") ? true : positive.length === 0;
  const known = positive.length > 0 || !has("unknown");
  const alternatives = new Set(values("is"));
  const excluded = new Set(values("not"));
  const contained = values("contains").map((text) => text.toLowerCase());
  const highest = values("<=").map(boundOf);
  const lowest = values(">=").map(boundOf);
  return (value) => {
    if (value === null) return unknown;
    if (!known) return false;
    const texts = words ? String(value).split(" ") : [String(value)];
    if (alternatives.size && !texts.some((text) => alternatives.has(text))) return false;
    if (excluded.size && texts.some((text) => excluded.has(text))) return false;
    if (contained.length && !contained.every((part) => String(value).toLowerCase().includes(part))) return false;
    return highest.every((bound) => Number(value) <= bound) && lowest.every((bound) => Number(value) >= bound);
  };
}

/** A bound as a number; NaN, which nothing is within, if it is none. */
function boundOf(text: string): number {
  return text.trim() ? Number(text) : NaN;
}

/** The rows in the order that `sort` asks for; unknown values last in both directions, equal ones as recorded. */
export function sortedRows(index: Index, rows: readonly number[], sort: View["sort"]): readonly number[] {
  if (!sort.length) return rows;
  const keys = sort.flatMap(({ column, descending }) => {
    const found = columnOf(index, column);
    return found ? [{ ranks: ranksOf(found), sign: descending ? -1 : 1 }] : [];
  });
  return [...rows].sort((a, b) => {
    for (const { ranks, sign } of keys) {
      const first = ranks[a] ?? Infinity;
      const second = ranks[b] ?? Infinity;
      if (first === second) continue;
      return first === Infinity ? 1 : second === Infinity ? -1 : sign * (first - second);
    }
    return a - b;
  });
}

const ranks = new WeakMap<Column, Float64Array>();
const collator = new Intl.Collator("en", { numeric: true });

/** A number per row that sorts like the column's values; Infinity: unknown. */
function ranksOf(column: Column): Float64Array {
  let result = ranks.get(column);
  if (!result) {
    result = makeRanks(column);
    ranks.set(column, result);
  }
  return result;
}

function makeRanks(column: Column): Float64Array {
  if (column.kind === "number") return Float64Array.from(column.numbers, (value) => value ?? Infinity);
  if (column.kind === "category") {
    const positions = positionsOf(column.values, compareValues);
    return Float64Array.from(column.codes, (code) => positions.get(column.values[code] ?? "") ?? Infinity);
  }
  const positions = positionsOf(new Set(column.texts.filter((text) => text !== null)));
  return Float64Array.from(column.texts, (text) => (text === null ? Infinity : (positions.get(text) ?? Infinity)));
}

/** Position of each text in natural order: `item 9` is before `item 10`. */
function positionsOf(texts: Iterable<string>, compare = collator.compare): Map<string, number> {
  return new Map([...texts].sort(compare).map((text, position) => [text, position]));
}

/** The order of a category's values: as numbers if both are some, otherwise the natural one. */
export function compareValues(a: string, b: string): number {
  return (a.trim() && b.trim() && Number(a) - Number(b)) || collator.compare(a, b);
}
