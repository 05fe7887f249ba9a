/** All compared cells, one row each. */

import { useState } from "preact/hooks";
import type { ChangedCell, Flip } from "../data";
import { counted, score, signed } from "../numbers";
import { leftOutText, needsReview, sidesOf, Verdict } from "./cell";
import { probability } from "./format";
import { IntervalBar } from "./interval";
import { estimateOf, intervalOf, KINDS, numberOf, verdictOf } from "./model";
import { visible } from "../sample/text/visible_text";

export interface Row {
  cell: ChangedCell;
  id: string;
  flips: Flip[];
}

const FEW = 12; // rows that are shown at once
/** All cells, one row each; cells without changes are folded if there are many. */
export function CellTable({ rows, shown, reveal }: { rows: Row[]; shown: Set<string>; reveal: (id: string) => void }) {
  const [all, setAll] = useState(false);
  const inTasks = rows.filter(({ cell }) => !shown.size || shown.has(cell.cell[0]));
  const first = inTasks.filter(({ cell }) => needsReview(cell) || cell.verdict === "improved" || cell.flips.length > 0);
  const quiet = inTasks.length - first.length;
  const folded = !all && inTasks.length > FEW && quiet > 0;
  const limit = Math.min(1, Math.max(0.1, ...rows.flatMap(({ cell }) => extentOf(cell))));
  const listed = folded ? first : inTasks;
  return (
    <section>
      <div class="table-scroll" hidden={listed.length === 0}>
        <table class="cells">
          <caption>
            Cells, those to review first. The bar shows the difference and its 95 % interval from {signed(-limit)} to {signed(limit)};
            differences in the grey band do not matter.
          </caption>
          <thead>
            <tr>
              <th scope="col">verdict</th>
              <th scope="col">task</th>
              <th scope="col">strategy and model</th>
              <th scope="col" class="number">old → new</th>
              <th scope="col" class="number">difference</th>
              <th scope="col">95 % interval</th>
              <th scope="col" class="number" title="one-sided, after Holm's correction over all cells; of the direction of the difference">p (Holm)</th>
              <th scope="col" class="number">pairs</th>
              <th scope="col">changed samples</th>
            </tr>
          </thead>
          <tbody>
            {listed.map((row) => (
              <CellRow {...row} limit={limit} reveal={reveal} />
            ))}
          </tbody>
        </table>
      </div>
      {quiet > 0 && inTasks.length > FEW && (
        <button type="button" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Hide" : "Show"} {counted(quiet, "cell")} without a changed sample
        </button>
      )}
    </section>
  );
}

/** How far a cell's difference and its interval reach from 0. */
function extentOf({ comparison }: ChangedCell): number[] {
  return [...(intervalOf(comparison) ?? []), numberOf(comparison, "difference") ?? 0].map(Math.abs);
}

function CellRow({ cell, id, limit, reveal }: Row & { limit: number; reveal: (id: string) => void }) {
  const { comparison } = cell;
  const value = numberOf(comparison, "difference");
  const p = numberOf(comparison, (value ?? 0) > 0 ? "p_better_holm" : "p_worse_holm");
  const left = leftOutText(cell);
  const ci95 = intervalOf(comparison);
  const counts = KINDS.map(({ kind, title }) => ({ title, n: cell.flips.filter((flip) => flip.kind === kind).length })).filter(({ n }) => n);
  return (
    <tr>
      <td>
        <Verdict verdict={cell.verdict} />
      </td>
      <th scope="row">{visible(cell.cell[0])}</th>
      <td class="player">{visible(sidesOf(cell))}</td>
      <td class="number" data-label="old → new">
        {score(numberOf(estimateOf(comparison, "old"), "score"))} → {score(numberOf(estimateOf(comparison, "new"), "score"))}
      </td>
      <td class="number" data-label="difference">{signed(value)}</td>
      <td class="bar">
        {comparison && (
          <IntervalBar
            value={value}
            ci95={ci95}
            margin={numberOf(comparison, "margin") ?? 0}
            minEffect={numberOf(comparison, "min_effect") ?? 0}
            limit={limit}
            tone={verdictOf(cell.verdict).tone}
          />
        )}
        {ci95 && (
          <span class="ends">
            {signed(ci95[0])} to {signed(ci95[1])}
          </span>
        )}
      </td>
      <td class="number" data-label="p (Holm)">{probability(p)}</td>
      <td class="number" data-label="pairs">
        {numberOf(comparison, "n") ?? 0}
        {left && <span class="muted left-out">{left}</span>}
      </td>
      <td class="counts">
        <button type="button" class="link" onClick={() => reveal(id)}>
          {counts.map(({ title, n }) => `${n.toLocaleString("en")} ${title}`).join(", ") || (cell.fault ? "not compared" : "none")}
        </button>
      </td>
    </tr>
  );
}
