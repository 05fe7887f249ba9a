/** What became of the answers: outcomes, equal errors with their count, repeats, other scorers, judges, warnings. */

import { useMemo } from "preact/hooks";
import type { Cell, Index, Overview } from "../data";
import { columnOf, valueAt } from "../columns";
import { count, counted, interval, score } from "../numbers";
import { hrefOf } from "../view";
import { configOf, filtersOf, haveSeveralModels, idOf, isPartial, presentCells, unscored } from "./cells";
import { judgingSentences } from "./judging";
import { OutcomeBar } from "./outcome_bar";
import { NumberHeadings } from "../number_headings";

const MAX_ERRORS = 20; // distinct ones that are listed

export function Outcomes({ overview, index }: { overview: Overview; index: Index }) {
  const cells = presentCells(overview);
  const answers = cells.reduce((sum, cell) => sum + Object.values(cell.outcomes).reduce((a, b) => a + b, 0), 0);
  const cached = cells.reduce((sum, cell) => sum + (cell.cached ?? 0), 0);
  const severalModels = haveSeveralModels(cells);
  const name = (cell: Cell) => `${cell.task} · ${configOf(cell, severalModels)}`;
  return (
    <section class="card" aria-labelledby="outcomes-title">
      <header class="card-header">
        <h2 id="outcomes-title" tabIndex={-1}>
          Answers
        </h2>
        <p class="note">Only right, partly right and wrong answers have a score. The others are counted, and are in no mean.</p>
      </header>
      <OutcomeBar overview={overview} cells={cells} />
      {cached > 0 && (
        <p class="replayed">
          <span aria-hidden="true">↻</span> {count(cached)} of {counted(answers, "answer")} {cached === 1 ? "comes" : "come"} from a cassette or the cache: no model was called for
          {cached === 1 ? " it" : " them"} in this run.
        </p>
      )}
      <Unscored overview={overview} cells={cells} name={name} />
      <Errors index={index} />
      <Repeats overview={overview} cells={cells} name={name} />
      <OtherScorers cells={cells} name={name} />
      <Notes overview={overview} cells={cells} name={name} />
    </section>
  );
}

interface CellsProps {
  overview: Overview;
  cells: readonly Cell[];
  name: (cell: Cell) => string;
}

function Unscored({ overview, cells, name }: CellsProps) {
  const missing = cells.filter((cell) => unscored(cell) > 0);
  if (!missing.length) return null;
  return (
    <details open={missing.length <= 8}>
      <summary>Cells with answers that were not scored: {count(missing.length)}</summary>
      <div class="scroll">
        <table class="small">
          <thead>
            <tr>
              <th scope="col">Cell</th>
              <th scope="col" class="number">
                Not scored
              </th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {missing.map((cell) => (
              <tr key={idOf(cell)}>
                <th scope="row">
                  <a href={hrefOf({ tab: "samples", filters: filtersOf(cell, overview.runs), settings: {} })}>{name(cell)}</a>
                </th>
                <td class="number">
                  {count(unscored(cell))} of {count(cell.n_selected)}
                </td>
                <td>{reasons(cell)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function reasons(cell: Cell): string {
  const known = Object.entries(cell.outcomes).filter(([outcome, n]) => n > 0 && !["correct", "incorrect", "partial"].includes(outcome));
  const answered = Object.values(cell.outcomes).reduce((a, b) => a + b, 0);
  const parts = known.map(([outcome, n]) => `${count(n)} ${outcome}`);
  if (cell.n_selected > answered) parts.push(`${count(cell.n_selected - answered)} not answered`);
  return parts.join(", ");
}

/** Equal errors with their count, the most frequent first. */
function Errors({ index }: { index: Index }) {
  const errors = useMemo(() => grouped(index), [index]);
  if (!errors.length) return null;
  return (
    <details open>
      <summary>Error messages: {count(errors.length)}</summary>
      <ul class="errors">
        {errors.slice(0, MAX_ERRORS).map(([error, n]) => (
          <li key={error}>
            <a href={hrefOf({ tab: "samples", filters: [{ column: "error", operator: "is", value: error }], settings: {} })}>{counted(n, "answer")}</a>
            <code>{error}</code>
          </li>
        ))}
      </ul>
      {errors.length > MAX_ERRORS && <p class="note">and {count(errors.length - MAX_ERRORS)} more; the samples table has them in the column "error"</p>}
    </details>
  );
}

function grouped(index: Index): [string, number][] {
  const column = columnOf(index, "error");
  const counts = new Map<string, number>();
  for (let row = 0; row < index.n; row++) {
    const error = valueAt(column, row);
    if (error !== null && error !== "") counts.set(String(error), (counts.get(String(error)) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** pass@k, pass^k and flaky samples of cells with several epochs. */
function Repeats({ overview, cells, name }: CellsProps) {
  const repeated = cells.filter((cell) => Object.keys(cell.passes ?? {}).length);
  if (!repeated.length) return null;
  const ks = [...new Set(repeated.flatMap((cell) => Object.keys(cell.passes)))]
    .filter((key) => key.startsWith("pass@"))
    .map((key) => Number(key.slice(5)))
    .sort((a, b) => a - b);
  const names = ks.flatMap((k) => (k === 1 ? ["pass@1"] : [`pass@${k}`, `pass^${k}`])); // pass^1 equals pass@1
  return (
    <details open={repeated.length <= 12}>
      <summary>Repeated samples: {counted(repeated.length, "cell")} with several epochs</summary>
      <p class="note">pass@k: at least one of k answers is right. pass^k: all k are. Flaky: right in some epochs and wrong in others.</p>
      <div class="scroll">
        <table class="small">
          <thead>
            <tr>
              <th scope="col">Cell</th>
              {names.map((title) => (
                <th scope="col" class="number" key={title}>
                  {title}
                </th>
              ))}
              <th scope="col">Flaky samples</th>
            </tr>
          </thead>
          <tbody>
            {repeated.map((cell) => (
              <tr key={idOf(cell)}>
                <th scope="row">{name(cell)}</th>
                {names.map((key) => (
                  <td class="number" key={key}>
                    {score(cell.passes[key]?.mean)} {cell.passes[key]?.ci95 && <span class="note">{interval(cell.passes[key].ci95)}</span>}
                  </td>
                ))}
                <td>
                  <FlakySamples overview={overview} cell={cell} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

const MAX_FLAKY = 6;

function FlakySamples({ overview, cell }: { overview: Overview; cell: Cell }) {
  const flaky = cell.flaky ?? [];
  if (!flaky.length) return <>none</>;
  return (
    <>
      {count(flaky.length)}:{" "}
      {flaky.slice(0, MAX_FLAKY).map((sample, i) => (
        <>
          {i > 0 && ", "}
          <a
            href={hrefOf({
              tab: "samples",
              filters: [...filtersOf(cell, overview.runs), { column: "sample", operator: "is", value: sample }],
              settings: {},
            })}
          >
            {sample}
          </a>
        </>
      ))}
      {flaky.length > MAX_FLAKY && ", …"}
    </>
  );
}

function OtherScorers({ cells, name }: Omit<CellsProps, "overview">) {
  const rows = cells.flatMap((cell) => Object.entries(cell.scorers ?? {}).slice(1).map(([scorer, estimate]) => ({ cell, scorer, estimate })));
  if (!rows.length) return null;
  return (
    <details open={rows.length <= 8}>
      <summary>Other scorers, which no gate judges: {count(rows.length)}</summary>
      <div class="scroll">
        <table class="small">
          <thead>
            <tr>
              <th scope="col">Cell</th>
              <th scope="col">Scorer</th>
              <NumberHeadings titles={["Score", "95 % interval", "Scored"]} />
            </tr>
          </thead>
          <tbody>
            {rows.map(({ cell, scorer, estimate }) => (
              <tr key={`${idOf(cell)}\t${scorer}`}>
                <th scope="row">{name(cell)}</th>
                <td>{scorer}</td>
                <td class="number">{score(estimate.score)}</td>
                <td class="number">{interval(estimate.ci95)}</td>
                <td class="number">
                  {count(estimate.n)} of {count(cell.n_selected)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** Sentences on judges, on scorers that gave no score, and on unusual calls. */
function Notes({ overview, cells, name }: CellsProps) {
  const notes = [...new Set([...partSentences(cells, name), ...overview.notes, ...cells.flatMap((cell) => sentences(cell, name(cell)))])];
  if (!notes.length) return null;
  return (
    <details open={notes.length <= 12}>
      <summary>Notes on the selection, judges, scorers and calls: {count(notes.length)}</summary>
      <ul class="notes">
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </details>
  );
}

const MAX_PARTIAL = 8;

/** Which cells hold only a part of their task. */
function partSentences(cells: readonly Cell[], name: (cell: Cell) => string): string[] {
  const partial = cells.filter(isPartial);
  if (!partial.length) return [];
  const named = partial.slice(0, MAX_PARTIAL).map((cell) => `${name(cell)} (${count(cell.n_selected)} of ${counted(cell.n_total, "answer")})`);
  const more = partial.length > MAX_PARTIAL ? ` and ${count(partial.length - MAX_PARTIAL)} more` : "";
  return [`Not all samples of the task were selected: ${named.join(", ")}${more}`];
}

function sentences(cell: Cell, name: string): string[] {
  const missing = Object.entries(cell.scorers ?? {}).flatMap(([scorer, estimate]) =>
    Object.entries((estimate as { unscored?: { [reason: string]: number } }).unscored ?? {}).map(
      ([reason, n]) => `${name}: ${scorer} gave no score to ${counted(n, "answer")}: ${reason}`,
    ),
  );
  const calls = cell.calls ?? {};
  const repeated = typeof calls["repeated"] === "number" ? [`${name}: ${count(calls["repeated"])} of ${count(Number(calls["calls"]))} calls took more than one attempt`] : [];
  const warnings = Object.entries((calls["warnings"] ?? {}) as { [warning: string]: number }).map(
    ([warning, n]) => `${name}: ${counted(n, "call")}: ${warning}`,
  );
  return [...judgingSentences(cell, name), ...missing, ...repeated, ...warnings];
}
