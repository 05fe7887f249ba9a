/** Access to the columns of the index by name and row. */

import type { Column, Index } from "./data";

export type Cell = string | number | null;

/** The column of this name, if the index has it. */
export function columnOf(index: Index, name: string): Column | undefined {
  return index.columns.find((column) => column.name === name);
}

/** A row's value in a column; null: none, or unknown. */
export function valueAt(column: Column | undefined, row: number): Cell {
  if (!column) return null;
  if (column.kind === "number") return column.numbers[row] ?? null;
  if (column.kind === "text") return column.texts[row] ?? null;
  const code = column.codes[row] ?? -1;
  return code < 0 ? null : (column.values[code] ?? null);
}

const KEY_PARTS = ["run", "task", "strategy", "provider", "model", "sample", "epoch"];

/** The text that names a row's record in an address. */
export function keyAt(index: Index, row: number): string {
  return KEY_PARTS.map((name) => valueAt(columnOf(index, name), row) ?? "").join("\t");
}

/** The row of the record that a key names; -1: the page holds none. */
export function rowOf(index: Index, key: string): number {
  const columns = KEY_PARTS.map((name) => columnOf(index, name));
  const parts = key.split("\t");
  for (let row = 0; row < index.n; row++) {
    if (columns.every((column, i) => String(valueAt(column, row) ?? "") === parts[i])) return row;
  }
  return -1;
}
