/** Outcomes as a bar of parts and as counts with links. */

import { own } from "../lookup";
import type { Cell, Overview } from "../data";
import { count } from "../numbers";
import { hrefOf, type Filter } from "../view";
import { filtersOf } from "./cells";
import { percent } from "./format";

export const OUTCOMES = ["correct", "partial", "incorrect", "error", "truncated", "empty", "refused", "unscored", "skipped"];
const SIGNS: { [outcome: string]: string } = { correct: "✓", partial: "◐", incorrect: "✕", error: "⚠", truncated: "…", empty: "∅", refused: "⊘", unscored: "?", skipped: "–" };

/** Outcome → answers over some cells, in the order of OUTCOMES; `not answered`: without a record. */
export function totals(cells: readonly Cell[]): [string, number][] {
  const sums = new Map<string, number>(OUTCOMES.map((name) => [name, 0]));
  for (const cell of cells) {
    for (const [name, n] of Object.entries(cell.outcomes)) sums.set(name, (sums.get(name) ?? 0) + n);
  }
  const answered = [...sums.values()].reduce((a, b) => a + b, 0);
  const selected = cells.reduce((sum, cell) => sum + cell.n_selected, 0);
  if (selected > answered) sums.set("not answered", selected - answered);
  return [...sums].filter(([, n]) => n > 0);
}

export function OutcomeBar({ overview, cells }: { overview: Overview; cells: readonly Cell[] }) {
  const parts = totals(cells);
  const all = parts.reduce((sum, [, n]) => sum + n, 0);
  const first = cells[0];
  const about: Filter[] = cells.length === 1 && first ? filtersOf(first, overview.runs) : runFilter(overview);
  return (
    <div class="outcomes">
      <div class="outcome-bar" aria-hidden="true">
        {parts.map(([name, n]) => (
          <span key={name} class={`part outcome-${OUTCOMES.includes(name) ? name : "other"}`} style={{ flexGrow: n }} title={`${name}: ${n}`} />
        ))}
      </div>
      <ul class="outcome-counts" aria-label="Answers by outcome">
        {parts.map(([name, n]) => (
          <li key={name}>
            <span class={`key outcome-${OUTCOMES.includes(name) ? name : "other"}`} aria-hidden="true">
              {own(SIGNS, name) ?? ""}
            </span>{" "}
            {name === "not answered" ? (
              <span>{name}</span>
            ) : (
              <a href={hrefOf({ tab: "samples", filters: [...about, { column: "outcome", operator: "is", value: name }], settings: {} })}>{name}</a>
            )}{" "}
            <b>{count(n)}</b> <span class="note">{percent(n, all)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function runFilter(overview: Overview): Filter[] {
  const run = overview.runs.at(-1);
  return overview.runs.length > 1 && run ? [{ column: "run", operator: "is", value: run.name }] : [];
}
