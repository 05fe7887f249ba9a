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
  return keyReader(index)(row);
}

/** The row of the record that a key names; -1: the page holds none. */
export function rowOf(index: Index, key: string): number {
  const keyOf = keyReader(index);
  const sample = columnOf(index, "sample");
  for (let row = 0; row < index.n; row++) {
    if (key.includes(inAddress(String(valueAt(sample, row) ?? ""))) && keyOf(row) === key) return row;
  }
  return -1;
}

/** Reads keys by row. An answer that was replaced by a later one to the same sample has its row in its key. */
function keyReader(index: Index): (row: number) => string {
  const columns = KEY_PARTS.map((name) => columnOf(index, name));
  const replaced = columnOf(index, "replaced");
  return (row) => {
    const parts = columns.map((column) => valueAt(column, row) ?? "");
    return inAddress((valueAt(replaced, row) === null ? parts : [...parts, `row ${row}`]).join("\t"));
  };
}

const LONE_SURROGATES = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** A text as it comes back from an address, which cannot hold lone surrogates. */
function inAddress(text: string): string {
  return text.replace(LONE_SURROGATES, "\ufffd");
}
