/** One compared cell: verdict, difference and what was left out; its changed samples below. */

import { useState } from "preact/hooks";
import { counted, interval, score, signed } from "../numbers";
import type { ChangedCell, ChangedSide, Flip } from "../data";
import type { Source } from "../source";
import { hrefOf, type Filter } from "../view";
import { probability } from "./format";
import { FlipItem } from "./flip";
import { estimateOf, intervalOf, KINDS, numberOf, textsOf, verdictOf, type Records } from "./model";
import type { DiffView } from "./text_diff";
import { visible } from "../sample/text/visible_text";

interface CellProps {
  cell: ChangedCell;
  flips: Flip[]; // those that the filters show
  id: string;
  noise: string[]; // sentences on the cell alone
  records: Records;
  source: Source;
  view: DiffView;
  openKey: string | null;
  startOpen: boolean; // whether its changed samples are opened at once
}

const STEP = 50; // samples shown at a time

export function CellSection({ cell, flips, id, noise, records, source, view, openKey, startOpen }: CellProps) {
  const [limit, setLimit] = useState(STEP);
  const [task] = cell.cell;
  return (
    <section class="changed-cell" id={id} aria-labelledby={`${id}-title`} tabIndex={-1}>
      <header>
        <h3 id={`${id}-title`}>
          <Verdict verdict={cell.verdict} /> {visible(task)} <span class="muted">{visible(sidesOf(cell))}</span>
        </h3>
        <p class="figures">{figuresOf(cell)}</p>
        {cell.flips.length > 0 && (
          <p class="links">
            <a href={hrefOf({ tab: "samples", sample: null, search: "", filters: cellFilters(cell) })}>
              {counted(cell.flips.length, "changed sample")} in the samples table
            </a>
          </p>
        )}
      </header>
      {cell.fault && <p class="notice error">Not compared: {cell.fault}</p>}
      {cell.notes.map((note) => (
        <p class="change-note">{note}</p>
      ))}
      <NoiseWords sentences={noise} />
      <Details cell={cell} />
      {flips.length > 0 && (
        <ul class="flips" aria-label={`Changed samples of ${task}`} onKeyDown={moveFocus}>
          {flips.slice(0, limit).map((flip) => (
            <FlipItem key={`${flip.kind} ${flip.sample}`} {...{ cell, flip, records, source, view, openKey, startOpen }} />
          ))}
        </ul>
      )}
      {flips.length > limit && (
        <button type="button" onClick={() => setLimit(limit + STEP)}>
          Show {Math.min(STEP, flips.length - limit)} more of {counted(flips.length - limit, "changed sample")}
        </button>
      )}
      {cell.flips_left_out > 0 && <p class="muted">{counted(cell.flips_left_out, "more changed sample")} did not fit into this page.</p>}
    </section>
  );
}

/** What is known of noise. */
export function NoiseWords({ sentences }: { sentences: readonly string[] }) {
  if (!sentences.length) return null;
  return (
    <p class="noise">
      <strong>Noise:</strong> {sentences.join(" ")}
    </p>
  );
}

/** Whether a cell has a section even if no sample changed. */
export const needsReview = ({ verdict }: ChangedCell) => ["regressed", "failed", "not compared"].includes(verdict);

/** Filters of the samples table: the cell on the new side, and the kinds of its changes. */
function cellFilters({ cell: [task, strategy, , model], flips }: ChangedCell): Filter[] {
  const kinds = KINDS.filter(({ kind }) => flips.some((flip) => flip.kind === kind)).map(({ title }) => title);
  const columns = [["task", task], ["strategy", strategy], ["model", model], ...kinds.map((title) => ["change", title])];
  return columns.map(([column = "", value = ""]) => ({ column, operator: "is", value }));
}

export function Verdict({ verdict }: { verdict: string }) {
  const { sign, tone, meaning } = verdictOf(verdict);
  return (
    <span class={`change-badge ${tone}`} title={meaning || undefined}>
      <span aria-hidden="true">{sign}</span> {verdict}
    </span>
  );
}

/** `single · mlx:nano-2`; what differs between the sides with an arrow: `single → debate · mlx:nano-2`. */
export function sidesOf({ old, new: now }: ChangedCell): string {
  const model = (side: ChangedSide) => `${side.provider}:${side.model}`;
  const same = old.provider === now.provider && old.slug === now.slug;
  const arrow = (before: string, after: string) => (before === after ? after : `${before} → ${after}`);
  return `${arrow(old.strategy, now.strategy)} · ${same ? model(now) : arrow(model(old), model(now))}`;
}

function figuresOf({ comparison }: ChangedCell): string {
  if (!comparison) return "";
  const [old, now] = [estimateOf(comparison, "old"), estimateOf(comparison, "new")];
  const ci95 = intervalOf(comparison);
  return (
    `score ${score(numberOf(old, "score"))} → ${score(numberOf(now, "score"))}, ` +
    `difference ${signed(numberOf(comparison, "difference"))} ` +
    `(95 % interval ${ci95 ? `${signed(ci95[0])} to ${signed(ci95[1])}` : "unknown"}) ` +
    `over ${counted(numberOf(comparison, "n") ?? 0, "pair")}`
  );
}

const LEFT_OUT: readonly [string, string][] = [
  ["changed", "scored on both sides, with another prompt or target"],
  ["lost", "scored before, not now"],
  ["gained", "scored now, not before"],
  ["unscored", "scored on neither side"],
  ["added", "not in the baseline"],
  ["absent", "in the baseline, not in this run"],
];
const MAX_NAMES = 100;

/** How many samples were left out of the comparison, and why. */
export function leftOut({ comparison }: ChangedCell): { reason: string; samples: string[] }[] {
  return LEFT_OUT.map(([name, reason]) => ({ reason, samples: textsOf(comparison, name) })).filter(({ samples }) => samples.length);
}

function Details({ cell }: { cell: ChangedCell }) {
  const { comparison } = cell;
  if (!comparison) return null;
  const [old, now] = [estimateOf(comparison, "old"), estimateOf(comparison, "new")];
  const groups = numberOf(comparison, "n_groups");
  const rows: [string, string][] = [
    ["old score", `${score(numberOf(old, "score"))} (95 % interval ${interval(intervalOf(old))})`],
    ["new score", `${score(numberOf(now, "score"))} (95 % interval ${interval(intervalOf(now))})`],
    ["p for worse", `${probability(numberOf(comparison, "p_worse"))}; after Holm ${probability(numberOf(comparison, "p_worse_holm"))}`],
    ["p for better", `${probability(numberOf(comparison, "p_better"))}; after Holm ${probability(numberOf(comparison, "p_better_holm"))}`],
    ["test", `${comparison["method"] ?? "?"}, ${counted(numberOf(comparison, "family") ?? 1, "cell")} compared together`],
    ["pairs", `${numberOf(comparison, "n") ?? "?"}${groups !== null && groups !== numberOf(comparison, "n") ? ` in ${groups} groups` : ""}`],
    ["margins", `a loss up to ${numberOf(comparison, "margin") ?? "?"} is tolerated; differences below ${numberOf(comparison, "min_effect") ?? "?"} do not matter`],
    ["baseline", cell.old.name],
  ];
  return (
    <details class="comparison-details">
      <summary>How it was compared{leftOut(cell).length > 0 && `; ${leftOutText(cell)}`}</summary>
      <dl class="change-facts">
        {rows.map(([name, text]) => (
          <div>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
        {Object.entries(cell.other_scorers).map(([name, other]) => (
          <div>
            <dt>{name}</dt>
            <dd>
              {score(numberOf(estimateOf(other, "old"), "score"))} → {score(numberOf(estimateOf(other, "new"), "score"))}, difference{" "}
              {signed(numberOf(other, "difference"))} over {counted(numberOf(other, "n") ?? 0, "pair")}; not judged, as it is not the first
              scorer
            </dd>
          </div>
        ))}
        {leftOut(cell).map(({ reason, samples }) => (
          <div>
            <dt>left out</dt>
            <dd>
              {counted(samples.length, "sample")} {reason}: {samples.slice(0, MAX_NAMES).join(", ")}
              {samples.length > MAX_NAMES && ` and ${samples.length - MAX_NAMES} more`}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

export function leftOutText(cell: ChangedCell): string {
  const n = leftOut(cell).reduce((sum, { samples }) => sum + samples.length, 0);
  return n ? `${counted(n, "sample")} left out` : "";
}

/** Arrow keys, `j` and `k` move between the changed samples. */
export function moveFocus(event: KeyboardEvent) {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  const head = event.target as HTMLElement;
  if (!step || event.ctrlKey || event.metaKey || event.altKey || !head.classList.contains("flip-head")) return;
  const heads = [...document.querySelectorAll<HTMLElement>(".changes .flip-head")];
  const next = heads[heads.indexOf(head) + step];
  if (next || event.key.length === 1) event.preventDefault(); // the pane steps through all samples with the same letters
  next?.focus();
}
