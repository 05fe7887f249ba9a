/** The cells of a page as a reader compares them: each with what it was before, and its verdict. */

import type { Cell, CellKey, ChangedSide, Changes, Estimate, Overview, Run } from "../data";
import type { Filter } from "../view";

/** The part of a comparison that the overview shows; the fields are those of `summary.json`. */
export interface Comparison {
  baseline: string;
  verdict: string;
  verdict_with_lost: string | null;
  lost_answers: number;
  n: number;
  old: Estimate;
  new: Estimate;
  difference: number;
  ci95: [number, number] | null;
  method: string;
  p_worse: number;
  p_better: number;
  p_worse_holm: number;
  p_better_holm: number;
  family: number;
  margin: number;
  smallest_effect: number | null;
  untested: string | null; // why no test holds
  newly_wrong: string[];
  newly_right: string[];
}

/** One cell of the page. `now` is null if only the old run has it. */
export interface Entry {
  id: string; // names the cell in addresses
  cell: Cell; // of the new side, or of the old one if only that has it
  now: Cell | null;
  old: Cell | null; // of the old run of a comparison
  before: Estimate | null; // what the score is compared with; of the pairs of samples, if there was a comparison
  comparison: Comparison | null;
  verdict: Verdict;
}

export type Verdict = "failed" | "regressed" | "improved" | "same" | "underpowered" | "untested" | "passed" | "skipped" | "none" | "fresh" | "unpaired" | "gone";

/** Verdicts in the order in which a reviewer must see them, each with its sign and its word. */
export const VERDICTS: { [verdict in Verdict]: { sign: string; word: string; tone: "bad" | "good" | "unsure" | "plain"; meaning?: string } } = {
  failed: { sign: "✕", word: "failed", tone: "bad" },
  regressed: { sign: "▼", word: "regressed", tone: "bad" },
  improved: { sign: "▲", word: "improved", tone: "good" },
  underpowered: { sign: "?", word: "underpowered", tone: "plain", meaning: "too few samples to tell" },
  untested: { sign: "?", word: "not testable", tone: "plain", meaning: "no test holds for these scores" },
  same: { sign: "=", word: "same", tone: "plain" },
  passed: { sign: "✓", word: "passed", tone: "good" },
  skipped: { sign: "–", word: "skipped", tone: "plain" },
  none: { sign: "", word: "no gate", tone: "plain" },
  fresh: { sign: "+", word: "only in the new run", tone: "unsure" },
  unpaired: { sign: "–", word: "not compared", tone: "unsure" },
  gone: { sign: "–", word: "only in the old run", tone: "unsure" },
};
const ORDER = Object.keys(VERDICTS) as Verdict[];

/** Position of a verdict: what needs attention comes first. */
export function rank(verdict: Verdict): number {
  return ORDER.indexOf(verdict);
}

/** The cells of a page, in the order of their tasks, each with its partner of the old run. */
export function entries(overview: Overview, changes: Changes | null): Entry[] {
  const cells = overview.cells.filter((cell) => cell.run === overview.runs.length - 1);
  if (overview.kind === "run") return cells.map((cell) => entryOf(cell, null, comparisonOf(cell.comparison)));
  const olds = new Map(overview.cells.filter((cell) => cell.run === 0).map((cell) => [idOf(cell), cell]));
  const compared = new Map((changes?.cells ?? []).map((changed) => [changed.cell.join("\t"), changed]));
  const used = new Set<string>();
  const news = cells.map((cell) => {
    const changed = compared.get(idOf(cell));
    const oldId = changed ? oldIdOf(changed.cell, changed.old) : idOf(cell);
    used.add(oldId);
    const old = olds.get(oldId) ?? null;
    const entry = entryOf(cell, old, comparisonOf(cell.comparison ?? changed?.comparison ?? null));
    return entry.verdict === "none" ? { ...entry, verdict: old ? ("unpaired" as const) : ("fresh" as const) } : entry;
  });
  const gone = [...olds].filter(([id]) => !used.has(id));
  return [...news, ...gone.map(([, cell]) => goneEntry(cell))];
}

function oldIdOf(key: CellKey, old: ChangedSide): string {
  return [key[0], old.strategy, old.provider, old.slug].join("\t");
}

function comparisonOf(value: Cell["comparison"]): Comparison | null {
  return value && typeof value["difference"] === "number" ? (value as unknown as Comparison) : null;
}

function entryOf(cell: Cell, old: Cell | null, comparison: Comparison | null): Entry {
  const word = known(cell.gate ?? comparison?.verdict ?? null);
  const verdict = word === "underpowered" && comparison?.untested ? "untested" : word;
  return { id: idOf(cell), cell, now: cell, old, before: comparison?.old ?? old, comparison, verdict };
}

function goneEntry(cell: Cell): Entry {
  return { id: idOf(cell), cell, now: null, old: cell, before: cell, comparison: null, verdict: "gone" };
}

function known(word: string | null): Verdict {
  return ORDER.find((verdict) => verdict === word) ?? "none";
}

/** The text that names a cell in an address. */
export function idOf(cell: Cell): string {
  return [cell.task, cell.label, cell.provider, cell.slug].join("\t");
}

/** `PROVIDER:MODEL` of a cell. */
export function modelOf(cell: Cell): string {
  return `${cell.provider}:${cell.slug}`;
}

/** Strategy and, if the page has several, model. */
export function configOf(cell: Cell, severalModels: boolean): string {
  return severalModels ? `${cell.label} · ${modelOf(cell)}` : cell.label;
}

/** Whether the cells are of more than one model. */
export function haveSeveralModels(cells: readonly Cell[]): boolean {
  return new Set(cells.map(modelOf)).size > 1;
}

/** The conditions under which the samples table shows the records of one cell. */
export function filtersOf(cell: Cell, runs: readonly Run[]): Filter[] {
  const is = (column: string, value: string): Filter => ({ column, operator: "is", value });
  const run = runs.length > 1 ? [is("run", runs[cell.run]?.name ?? "")] : [];
  return [...run, is("task", cell.task), is("strategy", cell.label), is("provider", cell.provider), is("model", cell.slug)];
}

/** The cells of the run, or of the new side of a comparison. */
export function presentCells(overview: Overview): Cell[] {
  return overview.cells.filter((cell) => cell.run === overview.runs.length - 1);
}

/** Whether only a part of the task's samples was selected, for example by `--limit`. */
export function isPartial({ n_selected, n_total }: Cell): boolean {
  return n_total != null && n_selected < n_total;
}

/** Answers without a score. */
export function unscored(cell: Cell): number {
  return Math.max(0, cell.n_selected - cell.n);
}
