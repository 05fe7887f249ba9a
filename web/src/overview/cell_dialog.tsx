/** Everything about one cell: figures, comparison, and the message of its gate. */

import { useEffect, useRef } from "preact/hooks";
import type { Overview } from "../data";
import { cost, count, counted, interval, score, seconds, signed } from "../numbers";
import { hrefOf, showView, useView } from "../view";
import { filtersOf, isPartial, modelOf, type Entry } from "./cells";
import { amount, pValue, signedInterval } from "./format";
import { OutcomeBar } from "./outcome_bar";
import { VerdictMark } from "./verdict";

/** The dialog of the cell that the address names. */
export function CellDialog({ overview, entries }: { overview: Overview; entries: readonly Entry[] }) {
  const view = useView();
  const entry = entries.find(({ id }) => id === view.settings["cell"]);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (entry && !dialog.current?.open) dialog.current?.showModal();
    if (!entry && dialog.current?.open) dialog.current.close();
  }, [entry]);
  const close = () => showView({ settings: { ...view.settings, cell: "" } });
  return (
    <dialog
      ref={dialog}
      class="cell-dialog"
      aria-labelledby="cell-title"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => event.target === dialog.current && close()}
    >
      {entry && <CellDetails overview={overview} entry={entry} close={close} />}
    </dialog>
  );
}

function CellDetails({ overview, entry, close }: { overview: Overview; entry: Entry; close: () => void }) {
  const { cell, verdict } = entry;
  return (
    <div class="cell-details">
      <header>
        <h2 id="cell-title">
          {cell.task} · {cell.label} · {modelOf(cell)}
        </h2>
        <button type="button" aria-label="Close" title="Close (Esc)" onClick={close}>
          ✕
        </button>
      </header>
      <p>
        <VerdictMark verdict={verdict} />{" "}
        <a href={hrefOf({ tab: "samples", filters: filtersOf(cell, overview.runs), settings: {} })}>
          Show its {cell.n_selected} answers
        </a>
      </p>
      <dl class="facts">{facts(entry).map(([name, value]) => value !== "" && <Fact name={name} value={value} />)}</dl>
      <OutcomeBar overview={overview} cells={[cell]} />
      <OtherScorers entry={entry} />
      {cell.gate_message && (
        <>
          <h3>Gate</h3>
          <pre class="message">{cell.gate_message}</pre>
        </>
      )}
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function facts({ cell, before, comparison }: Entry): [string, string][] {
  const samples = cell.n_samples ?? cell.n;
  return [
    ["Score", score(cell.score)],
    ["95 % interval", `${interval(cell.ci95)}${cell.method ? ` (${cell.method})` : ""}`],
    ["Scored", `${count(cell.n)} of ${count(cell.n_selected)} answers${cell.min_scored != null ? `; the gate needs a share of ${cell.min_scored}` : ""}`],
    ["Selected", isPartial(cell) ? `${count(cell.n_selected)} of the task's ${counted(cell.n_total ?? 0, "answer")}` : ""],
    ["Samples", cell.epochs > 1 ? `${count(samples)}, ${cell.epochs} epochs, reducer ${cell.reducer ?? "mean"}` : count(samples)],
    ["Scorer", cell.scorer],
    ["Before", before && !comparison ? `${score(before.score)}, ${interval(before.ci95)}` : ""],
    ["Before → now", comparison ? `${score(comparison.old.score)} → ${score(comparison.new.score)} over ${counted(comparison.n, "sample")} that both sides scored` : ""],
    ["Change", comparison ? `${signed(comparison.difference)}, 95 % interval ${signedInterval(comparison.ci95)}` : ""],
    ["Paired test", comparison ? paired(comparison) : ""],
    ["Not tested", comparison?.untested ?? ""],
    ["Per answer", spending(cell.spent)],
    ["Cost", cell.cost_usd === null ? "?" : cost(cell.cost_usd)],
    ["Latency", latency(cell.latency_s)],
    ["From cache or cassette", cell.cached ? `${count(cell.cached)} answers` : ""],
    ["Flaky", cell.flaky?.length ? `${cell.flaky.length}: ${cell.flaky.slice(0, 8).join(", ")}${cell.flaky.length > 8 ? ", …" : ""}` : ""],
  ];
}

function paired(comparison: NonNullable<Entry["comparison"]>): string {
  const holm = comparison.family > 1 ? ` after Holm over ${comparison.family} cells` : "";
  const worse = comparison.family > 1 ? comparison.p_worse_holm : comparison.p_worse;
  const better = comparison.family > 1 ? comparison.p_better_holm : comparison.p_better;
  return `${comparison.method}: ${pValue(worse)} for worse, ${pValue(better)} for better${holm}; ${count(comparison.n)} pairs`;
}

function spending(spent: Entry["cell"]["spent"] | undefined): string {
  if (!spent) return "";
  return `${cost(spent.cost_usd)}, ${amount(spent.tokens)} tokens, ${amount(spent.calls)} calls`;
}

function latency(quantiles: Entry["cell"]["latency_s"]): string {
  if (!quantiles) return "? (not measured, as in a replay)";
  return `median ${seconds(quantiles.p50)}, 90 % within ${seconds(quantiles.p90)}, longest ${seconds(quantiles.max)}; ${count(quantiles.n)} answers`;
}

/** The scorers after the first, which are not judged. */
function OtherScorers({ entry: { cell } }: { entry: Entry }) {
  const others = Object.entries(cell.scorers).slice(1);
  if (!others.length) return null;
  return (
    <table class="small">
      <caption>Other scorers, not judged by the gate</caption>
      <thead>
        <tr>
          <th scope="col">Scorer</th>
          <th scope="col" class="number">
            Score
          </th>
          <th scope="col" class="number">
            95 % interval
          </th>
          <th scope="col" class="number">
            Scored
          </th>
        </tr>
      </thead>
      <tbody>
        {others.map(([name, estimate]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="number">{score(estimate.score)}</td>
            <td class="number">{interval(estimate.ci95)}</td>
            <td class="number">
              {count(estimate.n)} of {count(cell.n_selected)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
