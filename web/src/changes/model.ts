/** What the tab shows of the changes: order, filters, and the records of a changed sample. */

import { columnOf, keyAt, valueAt } from "../columns";
import type { ChangedCell, Changes, Flip, Index, Json, Overview } from "../data";
import type { Filter } from "../view";

export type Kind = Flip["kind"];

/** Kinds of changes in the order in which they are shown: title, a sign, and whether it is bad news. */
export const KINDS: readonly { kind: Kind; title: string; sign: string; tone: "tone-bad" | "tone-good" }[] = [
  { kind: "newly_wrong", title: "newly wrong", sign: "✗", tone: "tone-bad" },
  { kind: "lost", title: "lost", sign: "∅", tone: "tone-bad" },
  { kind: "lower", title: "lower", sign: "↓", tone: "tone-bad" },
  { kind: "newly_right", title: "newly right", sign: "✓", tone: "tone-good" },
  { kind: "gained", title: "gained", sign: "+", tone: "tone-good" },
  { kind: "higher", title: "higher", sign: "↑", tone: "tone-good" },
];

export const kindOf = (kind: Kind) => KINDS.find((known) => known.kind === kind) ?? KINDS[0]!;

/** Verdicts in the order in which a reviewer must see them. */
export const VERDICTS: readonly { verdict: string; sign: string; tone: "tone-bad" | "tone-good" | "tone-unsure" | "tone-plain"; meaning: string }[] = [
  { verdict: "regressed", sign: "▼", tone: "tone-bad", meaning: "worse than before by more than chance explains" },
  { verdict: "failed", sign: "∅", tone: "tone-bad", meaning: "too many answers have no score: a loss may hide behind them" },
  { verdict: "not compared", sign: "–", tone: "tone-bad", meaning: "no sample could be compared" },
  { verdict: "improved", sign: "▲", tone: "tone-good", meaning: "better than before by more than chance explains" },
  { verdict: "underpowered", sign: "?", tone: "tone-unsure", meaning: "too few samples to tell" },
  { verdict: "same", sign: "=", tone: "tone-plain", meaning: "a difference that matters is ruled out" },
];

export const verdictOf = (verdict: string) =>
  VERDICTS.find((known) => known.verdict === verdict) ?? { verdict, sign: "•", tone: "tone-plain" as const, meaning: "" };

/** The cells in the order in which a reviewer must see them. */
export function sortedCells(cells: readonly ChangedCell[]): ChangedCell[] {
  const rank = ({ verdict }: ChangedCell) => VERDICTS.findIndex((known) => known.verdict === verdict) >>> 0;
  return cells
    .map((cell, position) => ({ cell, position }))
    .sort((a, b) => rank(a.cell) - rank(b.cell) || b.cell.flips.length - a.cell.flips.length || a.position - b.position)
    .map(({ cell }) => cell);
}

export function numberOf(values: { [key: string]: Json } | null | undefined, name: string): number | null {
  const value = values?.[name];
  return typeof value === "number" ? value : null;
}

export function textsOf(values: { [key: string]: Json } | null | undefined, name: string): string[] {
  const value = values?.[name];
  return Array.isArray(value) ? value.map(String) : [];
}

export function intervalOf(values: { [key: string]: Json } | null | undefined, name = "ci95"): [number, number] | null {
  const value = values?.[name];
  if (!Array.isArray(value)) return null;
  const [low, high] = value;
  return typeof low === "number" && typeof high === "number" ? [low, high] : null;
}

export function estimateOf(values: { [key: string]: Json } | null | undefined, side: "old" | "new"): { [key: string]: Json } | null {
  const value = values?.[side];
  return value && typeof value === "object" && !Array.isArray(value) ? value : null;
}

/** The filters of the view that this tab applies, which are columns of the samples table too. */
export interface Shown {
  kinds: Set<string>; // titles; empty: all
  tasks: Set<string>;
  samples: Set<string>;
  text: string;
}

export function shownBy(filters: readonly Filter[], search: string): Shown {
  const values = (column: string) =>
    new Set(filters.filter((filter) => filter.column === column && filter.operator === "is").map(({ value }) => value));
  return { kinds: values("change"), tasks: values("task"), samples: values("sample"), text: search.trim().toLowerCase() };
}

/** The filters with one value of a column added or taken away. */
export function toggled(filters: readonly Filter[], column: string, value: string): Filter[] {
  const isThis = (filter: Filter) => filter.column === column && filter.operator === "is" && filter.value === value;
  return filters.some(isThis) ? filters.filter((filter) => !isThis(filter)) : [...filters, { column, operator: "is", value }];
}

const APPLIED = ["change", "task", "sample"];

/** The filters without those that this tab applies. */
export function cleared(filters: readonly Filter[]): Filter[] {
  return filters.filter(({ column }) => !APPLIED.includes(column));
}

/** Whether the list of changed samples is narrowed. */
export function isNarrowed({ kinds, tasks, samples, text }: Shown): boolean {
  return kinds.size + tasks.size + samples.size > 0 || text !== "";
}

/** The filters without those on one column. */
export function without(filters: readonly Filter[], column: string): Filter[] {
  return filters.filter((filter) => filter.column !== column);
}

/** The changed samples of a cell that the filters show. */
export function shownFlips(cell: ChangedCell, shown: Shown, inputs: (flip: Flip) => string): Flip[] {
  if (shown.tasks.size && !shown.tasks.has(cell.cell[0])) return [];
  return cell.flips.filter((flip) => {
    if (shown.kinds.size && !shown.kinds.has(kindOf(flip.kind).title)) return false;
    if (shown.samples.size && !shown.samples.has(flip.sample)) return false;
    if (!shown.text) return true;
    const texts = [flip.sample, flip.old.answer, flip.new.answer, flip.old.output, flip.new.output, inputs(flip)];
    return texts.some((text) => text?.toLowerCase().includes(shown.text));
  });
}

/** Rows of the index by side and sample, for the samples that changed. */
export class Records {
  private rows = new Map<string, number[]>();
  private oldRun: string | null;
  private newRun: string;

  constructor(
    private index: Index,
    overview: Overview,
    changes: Changes,
  ) {
    const names = overview.runs.map(({ name }) => name);
    this.oldRun = overview.kind === "comparison" ? (names[0] ?? null) : null;
    this.newRun = names[names.length - 1] ?? "";
    const samples = new Set(changes.cells.flatMap(({ flips }) => flips.map(({ sample }) => cut(sample))));
    const columns = ["run", "task", "strategy", "provider", "model"].map((name) => columnOf(index, name));
    const sampleColumn = columnOf(index, "sample");
    const replaced = columnOf(index, "replaced");
    for (let row = 0; row < (samples.size ? index.n : 0); row++) {
      const sample = String(valueAt(sampleColumn, row) ?? "");
      if (!samples.has(sample)) continue;
      if (valueAt(replaced, row) !== null) continue; // answered again later
      const key = [...columns.map((column) => valueAt(column, row) ?? ""), sample].join("\t");
      const rows = this.rows.get(key);
      if (rows) rows.push(row);
      else this.rows.set(key, [row]);
    }
  }

  /** Rows of a changed sample on one side, one per epoch; empty if its records are not in the page. */
  of(cell: ChangedCell, flip: Flip, side: "old" | "new"): number[] {
    const run = side === "new" ? this.newRun : this.oldRun;
    if (run === null) return [];
    const { strategy, provider, slug, answers_only } = cell[side];
    if (answers_only) return []; // rows of a snapshot have no records
    return this.rows.get([run, cell.cell[0], strategy, provider, slug, cut(flip.sample)].join("\t")) ?? [];
  }

  text(row: number | undefined, column: string): string | null {
    const value = row === undefined ? null : valueAt(columnOf(this.index, column), row);
    return value === null ? null : String(value);
  }

  number(row: number | undefined, column: string): number | null {
    const value = row === undefined ? null : valueAt(columnOf(this.index, column), row);
    return typeof value === "number" ? value : null;
  }

  key(row: number): string {
    return keyAt(this.index, row);
  }

  /** The epoch that shows a change best: right before and not right now for a newly wrong sample, and so on. */
  telling(rows: number[], flip: Flip, side: "old" | "new"): number | undefined {
    const right = flip.kind === "newly_wrong" ? side === "old" : flip.kind === "newly_right" ? side === "new" : null;
    if (right === null) return rows[0];
    return rows.find((row) => (this.text(row, "outcome") === "correct") === right) ?? rows[0];
  }
}

const MAX_TEXT = 200; // characters of a text in the index, as the page's writer cuts it

function cut(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  const characters = Array.from(text);
  return characters.length <= MAX_TEXT ? text : characters.slice(0, MAX_TEXT - 1).join("") + "…";
}
