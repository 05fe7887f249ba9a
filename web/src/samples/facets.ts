/** What a column holds among some rows: counts of its values, or its range. */

import { valueAt } from "../columns";
import type { Column, Index } from "../data";
import type { Filter } from "../view";
import { compareValues, filteredRows } from "./rows";

const OUTCOMES = ["correct", "partial", "incorrect", "truncated", "empty", "refused", "unscored", "error", "skipped"];
const QUICK = ["task", "strategy", "model", "outcome", "tag", "change"];

export interface Facet {
  values: { value: string; count: number }[];
  unknown: number;
}

/** Counts of a category column's values among the rows that pass the filters on other columns. */
export function facetOf(index: Index, column: Column, filters: readonly Filter[], found: Uint8Array | null): Facet {
  const rows = filteredRows(index, filters.filter((filter) => filter.column !== column.name), found);
  const counts = new Map<string, number>(valuesOf(column).map((value) => [value, 0]));
  let unknown = 0;
  for (const row of rows) {
    const value = valueAt(column, row);
    if (value === null) unknown++;
    else if (column.kind === "category")
      for (const part of partsOf(column, String(value))) counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  return { values: [...counts].map(([value, count]) => ({ value, count })), unknown };
}

/** A category column's distinct values in the order of a list. The tags of a task are values of their own. */
export function valuesOf(column: Column): string[] {
  if (column.kind !== "category") return [];
  const values = [...new Set(column.values.flatMap((value) => partsOf(column, value)))];
  const place = (value: string) => (column.name === "outcome" ? OUTCOMES.indexOf(value) : 0);
  return values.sort((a, b) => place(a) - place(b) || compareValues(a, b));
}

function partsOf(column: Column, value: string): string[] {
  return column.name === "tag" ? [...new Set(value.split(" ").filter(Boolean))] : [value];
}

/** Lowest and highest known value of a number column; null if none is known. */
export function rangeOf(column: Column): [number, number] | null {
  let lowest = Infinity;
  let highest = -Infinity;
  if (column.kind !== "number") return null;
  for (const value of column.numbers) {
    if (value === null) continue;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return lowest <= highest ? [lowest, highest] : null;
}

/** The columns whose filters are offered at once: those of several values. */
export function quickColumns(index: Index): Column[] {
  return QUICK.flatMap((name) => index.columns.filter((column) => column.name === name && isVaried(column)));
}

/** True if a column has at least two different values, unknown being one. */
export function isVaried(column: Column): boolean {
  const cells: readonly unknown[] =
    column.kind === "number" ? column.numbers : column.kind === "text" ? column.texts : column.codes;
  return cells.some((cell) => cell !== cells[0]);
}

/** Views that one click shows. Each replaces the filters on these columns only. */
export interface Preset {
  title: string;
  filters: Filter[];
}
const PRESET_COLUMNS = ["outcome", "score", "change"];

export function presets(index: Index): Preset[] {
  const is = (column: string, value: string): Filter => ({ column, operator: "is", value });
  const all: Preset[] = [
    { title: "All", filters: [] },
    { title: "Wrong", filters: [is("outcome", "partial"), is("outcome", "incorrect")] },
    { title: "Errors and unscored", filters: [{ column: "score", operator: "unknown", value: "" }] },
  ];
  const changed: Preset = { title: "Changed", filters: [{ column: "change", operator: "known", value: "" }] };
  return index.columns.some(({ name }) => name === "change") ? [...all, changed] : all;
}

/** The filters with those of a preset in place of the ones on the same columns. */
export function withPreset(filters: readonly Filter[], preset: Preset): Filter[] {
  return [...filters.filter(({ column }) => !PRESET_COLUMNS.includes(column)), ...preset.filters];
}

/** True if the filters are those of the preset, besides others on other columns. */
export function isActive(filters: readonly Filter[], preset: Preset): boolean {
  const text = (list: readonly Filter[]) => list.map((filter) => JSON.stringify(filter)).sort().join();
  return text(filters.filter(({ column }) => PRESET_COLUMNS.includes(column))) === text(preset.filters);
}
