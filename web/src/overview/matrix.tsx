/** The cells as a matrix of tasks and configurations, or as a list that can be sorted. */

import type { Estimate, Overview } from "../data";
import { counted, interval, score, signed } from "../numbers";
import { hrefOf, hrefWith, showView, useView, type View } from "../view";
import { CellList } from "./cell_list";
import { configOf, filtersOf, haveSeveralModels, idOf, VERDICTS, type Entry, type Verdict } from "./cells";
import { IntervalBar } from "./interval_bar";
import { VerdictMark } from "./verdict";

const MAX_COLUMNS = 6; // of a matrix that is shown by default
const MIN_WIDTH = 640; // pixels of a window that shows more than one column
const MIN_FILLED = 0.3; // share of the matrix that has a cell

export function CellTable({ overview, entries }: { overview: Overview; entries: readonly Entry[] }) {
  const view = useView();
  const shown = filtered(entries, view);
  const layout = view.settings["cells"] ?? (fits(entries) ? "matrix" : "list");
  return (
    <section class="card" aria-labelledby="cells-title">
      <header class="card-header">
        <h2 id="cells-title" tabIndex={-1}>
          Cells
        </h2>
        <p class="note">
          {overview.kind === "run"
            ? "Score with its 95 % interval, answers scored, change against the baseline, and gate."
            : "Scores and change over the samples that both sides scored, answers scored of the new side, and verdict."}
        </p>
        <div class="switch" role="group" aria-label="Layout of the cells">
          {["matrix", "list"].map((name) => (
            <button type="button" aria-pressed={layout === name} onClick={() => setLayout(view, name)}>
              {name === "matrix" ? "Matrix" : "List"}
            </button>
          ))}
        </div>
      </header>
      <VerdictFilter shown={shown.length} total={entries.length} view={view} />
      <GoneCells entries={entries} view={view} />
      {layout === "matrix" ? <Matrix overview={overview} entries={shown} /> : <CellList overview={overview} entries={shown} />}
    </section>
  );
}

function setLayout(view: View, name: string): void {
  showView({ settings: { ...view.settings, cells: name } }, { replace: true });
}

/** The entries with the chosen verdict; without one, all but those that the new side lacks. */
function filtered(entries: readonly Entry[], view: View): readonly Entry[] {
  const verdict = view.settings["verdict"];
  if (verdict) return entries.filter((entry) => entry.verdict === verdict);
  const present = entries.filter(({ now }) => now);
  return present.length ? present : entries;
}

/** How many cells the new side lacks, which are not listed at first. */
function GoneCells({ entries, view }: { entries: readonly Entry[]; view: View }) {
  const n = entries.filter(({ now }) => !now).length;
  if (!n || n === entries.length || view.settings["verdict"]) return null;
  return (
    <p class="filter-line note">
      {counted(n, "cell")} {n === 1 ? "is" : "are"} only in the old run. <a href={hrefWith({ verdict: "gone" })}>Show {n === 1 ? "it" : "them"}</a>
    </p>
  );
}

function VerdictFilter({ shown, total, view }: { shown: number; total: number; view: View }) {
  const verdict = view.settings["verdict"];
  if (!verdict) return null;
  return (
    <p class="filter-line">
      {shown} of {total} cells: {verdict in VERDICTS ? <VerdictMark verdict={verdict as Verdict} /> : verdict}{" "}
      <a href={hrefWith({ verdict: "" })}>Show all</a>
    </p>
  );
}

/** Whether a matrix is narrow and full enough to be read. */
function fits(entries: readonly Entry[]): boolean {
  const tasks = new Set(entries.map(({ cell }) => cell.task)).size;
  const columns = new Set(entries.map(({ cell }) => columnOf(cell))).size;
  return innerWidth >= MIN_WIDTH && columns > 1 && columns <= MAX_COLUMNS && entries.length >= MIN_FILLED * tasks * columns;
}

function columnOf(cell: Entry["cell"]): string {
  return [cell.label, cell.provider, cell.slug].join("\t");
}

function Matrix({ overview, entries }: { overview: Overview; entries: readonly Entry[] }) {
  const severalModels = haveSeveralModels(entries.map(({ cell }) => cell));
  const columns = new Map(entries.map(({ cell }) => [columnOf(cell), cell]));
  const rows = new Map<string, Map<string, Entry>>();
  for (const entry of entries) {
    const row = rows.get(entry.cell.task) ?? new Map<string, Entry>();
    rows.set(entry.cell.task, row.set(columnOf(entry.cell), entry));
  }
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Matrix of cells">
      <table class="matrix">
        <caption class="visually-hidden">Score of every task under every strategy and model</caption>
        <thead>
          <tr>
            <th scope="col">Task</th>
            {[...columns].map(([id, cell]) => (
              <th scope="col" key={id}>
                {configOf(cell, severalModels)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...rows].map(([task, row]) => (
            <tr key={task}>
              <th scope="row">
                <a href={hrefOf({ tab: "samples", filters: [{ column: "task", operator: "is", value: task }] })}>{task}</a>
              </th>
              {[...columns.keys()].map((id) => {
                const entry = row.get(id);
                return entry ? <MatrixCell key={id} overview={overview} entry={entry} /> : <td key={id} class="empty" />;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MatrixCell({ overview, entry }: { overview: Overview; entry: Entry }) {
  const { cell, comparison, verdict } = entry;
  return (
    <td class={VERDICTS[verdict].tone}>
      <div class="matrix-cell">
        <a class="score" href={hrefWith({ cell: entry.id })} title={`95 % interval ${interval(after(entry)?.ci95)}`}>
          <ScoreText entry={entry} />
          <span class="visually-hidden">
            {" "}
            95 % interval {interval(after(entry)?.ci95)}; details of {cell.task}, {cell.label}, {idOf(cell).split("\t")[3]}
          </span>
        </a>
        <IntervalBar now={after(entry)} before={entry.before} />
        <a class="n" href={hrefOf({ tab: "samples", filters: filtersOf(cell, overview.runs) })} title="Show these samples">
          {overview.live && !cell.n_selected ? "no answer yet" : `${cell.n} of ${cell.n_selected}`}
          <span class="visually-hidden"> answers scored: show these samples</span>
        </a>
        <span class="change">
          {comparison && verdict !== "same" && Number(comparison.difference.toFixed(3)) !== 0 && `${signed(comparison.difference)} `}
          {verdict !== "none" && <VerdictMark verdict={verdict} />}
        </span>
      </div>
    </td>
  );
}

/** The score that is shown; in the page of a comparison, that of the pairs of samples. */
export function after({ now, old, comparison }: Entry): Estimate | null {
  return old && now && comparison ? comparison.new : now;
}

/** The score; in the page of a comparison, `old → new`. */
export function ScoreText({ entry }: { entry: Entry }) {
  const now = after(entry);
  if (!entry.old) return <>{score(now?.score)}</>;
  return (
    <>
      <span class="old">{score(entry.before?.score)}</span> → {now ? score(now.score) : "not run"}
    </>
  );
}
