/** Whether the confidence in answers matches accuracy: reliability diagram and risk–coverage curve of a cell. */

import { own } from "../../lookup";
import { axisX, axisY, dot, gridX, gridY, line, link, pointer, ruleX, ruleY, text, tip, type PlotOptions } from "@observablehq/plot";
import type { Cell, Estimate, Overview } from "../../data";
import { count, interval, score } from "../../numbers";
import { showView, useView } from "../../view";
import { configOf, haveSeveralModels, idOf, presentCells } from "../cells";
import { Chart, Choice } from "./plot";
import { NumberHeadings } from "../../number_headings";

/** An `Estimate` of `summary.json` whose mean is named so. */
interface Mean extends Omit<Estimate, "score"> {
  mean: number | null;
}
interface Bin {
  low: number;
  high: number;
  n: number;
  confidence: number;
  accuracy: Mean;
}
interface RiskPoint {
  confidence: number;
  coverage: number;
  n: number;
  risk: number;
}
interface Calibration {
  confidence: string;
  n: number;
  n_bins: number;
  ece: Mean | null;
  brier: Mean | null;
  auroc: Mean | null;
  aurc: Mean;
  wqd?: Mean | null;
  bins: Bin[];
  risk_coverage: RiskPoint[];
}

export function CalibrationSection({ overview }: { overview: Overview }) {
  const view = useView();
  const cells = presentCells(overview).filter((cell) => measuresOf(cell).length);
  if (!cells.length) return null;
  const severalModels = haveSeveralModels(cells);
  const name = (cell: Cell) => `${cell.task} · ${configOf(cell, severalModels)}`;
  const chosen = cells.find((cell) => idOf(cell) === view.settings["calibration"]) ?? mostTelling(cells);
  const measures = measuresOf(chosen);
  const shown = measures.find(({ confidence }) => confidence === view.settings["measure"]) ?? measures[0]!;
  const { bins, risk_coverage: risks, confidence, n } = shown;
  const chooseMeasure = (measure: string) => showView({ settings: { ...view.settings, measure } }, { replace: true });
  const choose = (id: string) => showView({ settings: { ...view.settings, calibration: id } }, { replace: true });
  return (
    <section class="card" aria-labelledby="calibration-title">
      <header class="card-header">
        <h2 id="calibration-title" tabIndex={-1}>
          Calibration
        </h2>
        <p class="note">Whether answers are right as often as their confidence says. {own(KINDS, confidence) ?? ""}</p>
        <Choice label="Cell" value={idOf(chosen)} options={cells.map((cell) => ({ value: idOf(cell), title: name(cell) }))} onChoose={choose} />
        {measures.length > 1 && (
          <Choice
            label="Measure"
            value={confidence}
            options={measures.map((measure) => ({ value: measure.confidence, title: measure.confidence }))}
            onChoose={chooseMeasure}
          />
        )}
      </header>
      <div class="charts">
        {!shown.ece && <p class="note">{confidence} is not a probability, so only the order of its values counts, and there is no reliability diagram.</p>}
        {shown.ece && <Chart
          title={`Reliability of ${name(chosen)}`}
          label={`Share of right answers by confidence of ${name(chosen)}, ${bins.length} bins; the table below has the figures`}
          depends={JSON.stringify(bins)}
          options={(width) => reliability(bins, width)}
          table={<BinTable bins={bins} />}
        >
          <p class="note">
            {count(n)} answers with a confidence ({confidence}), in {shown.n_bins} bins of equal width. The number of answers is at
            each mark; on the diagonal, confidence equals accuracy.
          </p>
        </Chart>}
        <Chart
          title={`Risk and coverage of ${name(chosen)}`}
          label={`Share of wrong answers if only the most confident ones are given, ${name(chosen)}; the table below has the figures`}
          depends={JSON.stringify(risks)}
          options={(width) => riskCoverage(risks, width)}
          table={<RiskTable points={risks} />}
        >
          <p class="note">The share of wrong answers if only the most confident answers are given. Lower is better.</p>
        </Chart>
      </div>
      <Metrics cells={cells} chosen={chosen} name={name} choose={choose} />
    </section>
  );
}

const KINDS: { [kind: string]: string } = {
  "token probability": "Token probability is the mean probability of an answer's tokens.",
  "vote share": "Vote share is the share of votes for the answer given.",
  stated: "The strategy states the confidence.",
};

/** The calibrations of a cell: that of its main confidence, then those of its measures. */
function measuresOf(cell: Cell): Calibration[] {
  const main = cell.calibration ? [cell.calibration as unknown as Calibration] : [];
  const others = Object.entries(cell.confidence_measures ?? {});
  return [...main, ...others.map(([confidence, values]) => ({ ...(values as unknown as Calibration), confidence }))];
}

/** The cell whose diagram says most: with the most answers of the rarer kind, right or wrong. */
function mostTelling(cells: readonly Cell[]): Cell {
  const rarer = (cell: Cell) => {
    const right = cell.outcomes["correct"] ?? 0;
    return Math.min(right, cell.n - right);
  };
  return cells.reduce((best, cell) => (rarer(cell) > rarer(best) ? cell : best));
}

const SQUARE = { height: 280, marginLeft: 48, marginBottom: 44, marginTop: 24, marginRight: 20 } as const;

function axes(x: string, y: string) {
  return [
    gridX({ stroke: "var(--border)", strokeOpacity: 0.6, ticks: 5 }),
    gridY({ stroke: "var(--border)", strokeOpacity: 0.6, ticks: 5 }),
    axisX({ label: x, labelAnchor: "center", labelArrow: "none", ticks: 5 }),
    axisY({ label: y, labelArrow: "none", ticks: 5 }),
  ];
}

function reliability(bins: readonly Bin[], width: number): PlotOptions {
  const data = bins.map((bin) => ({ ...bin, right: bin.accuracy.mean ?? 0, low: bin.accuracy.ci95?.[0], high: bin.accuracy.ci95?.[1] }));
  const title = (bin: (typeof data)[number]) =>
    `confidence ${score(bin.confidence)}\nright ${score(bin.right)}, ${interval(bin.accuracy.ci95)}\n${count(bin.n)} answers`;
  return {
    ...SQUARE,
    width,
    x: { domain: [0, 1] },
    y: { domain: [0, 1] },
    marks: [
      ...axes("Confidence, mean of the bin", "Share right"),
      link([0], { x1: 0, y1: 0, x2: 1, y2: 1, stroke: "var(--muted)", strokeDasharray: "4 3" }),
      ruleX(data.filter(({ low }) => low !== undefined), { x: "confidence", y1: "low", y2: "high", stroke: "var(--series-1)", strokeWidth: 1.5 }),
      dot(data, { x: "confidence", y: "right", r: 5, fill: "var(--series-1)", stroke: "var(--background)" }),
      text(data, { x: "confidence", y: "right", text: (bin) => count(bin.n), dx: -9, textAnchor: "end", fill: "var(--text)", stroke: "var(--background)", strokeWidth: 4 }),
      tip(data, pointer({ x: "confidence", y: "right", title, fill: "var(--surface)", stroke: "var(--border)", lineHeight: 1.35 })),
    ],
  };
}

function riskCoverage(risks: readonly RiskPoint[], width: number): PlotOptions {
  const last = risks.at(-1);
  const title = (point: RiskPoint) =>
    `${Math.round(100 * point.coverage)} % of the answers given (${count(point.n)})\nconfidence ${score(point.confidence)} or more\nwrong ${score(point.risk)}`;
  return {
    ...SQUARE,
    width,
    x: { domain: [0, 1] },
    y: { domain: [0, Math.min(1, Math.max(0.1, 1.15 * Math.max(...risks.map(({ risk }) => risk))))] },
    marks: [
      ...axes("Coverage, share of answers given", "Risk, share wrong"),
      ruleY(last ? [last.risk] : [], { stroke: "var(--muted)", strokeDasharray: "4 3" }),
      line(risks, { x: "coverage", y: "risk", stroke: "var(--series-2)", strokeWidth: 2 }),
      dot(risks, { x: "coverage", y: "risk", r: 3, fill: "var(--series-2)", symbol: "square" }),
      tip(risks, pointer({ x: "coverage", y: "risk", title, fill: "var(--surface)", stroke: "var(--border)", lineHeight: 1.35 })),
    ],
  };
}

function BinTable({ bins }: { bins: readonly Bin[] }) {
  return (
    <table class="small">
      <thead>
        <tr>
          <NumberHeadings titles={["Confidence", "Answers", "Mean confidence", "Share right", "95 % interval"]} />
        </tr>
      </thead>
      <tbody>
        {bins.map((bin) => (
          <tr key={bin.low}>
            <th scope="row" class="number">
              {bin.low.toFixed(1)} to {bin.high.toFixed(1)}
            </th>
            <td class="number">{count(bin.n)}</td>
            <td class="number">{score(bin.confidence)}</td>
            <td class="number">{score(bin.accuracy.mean)}</td>
            <td class="number">{interval(bin.accuracy.ci95)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RiskTable({ points }: { points: readonly RiskPoint[] }) {
  return (
    <table class="small">
      <thead>
        <tr>
          <NumberHeadings titles={["Coverage", "Answers given", "Lowest confidence", "Share wrong"]} />
        </tr>
      </thead>
      <tbody>
        {points.map((point) => (
          <tr key={point.n}>
            <td class="number">{Math.round(100 * point.coverage)} %</td>
            <td class="number">{count(point.n)}</td>
            <td class="number">{score(point.confidence)}</td>
            <td class="number">{score(point.risk)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface MetricsProps {
  cells: readonly Cell[];
  chosen: Cell;
  name: (cell: Cell) => string;
  choose: (id: string) => void;
}

function Metrics({ cells, chosen, name, choose }: MetricsProps) {
  const bins = [...new Set(cells.flatMap((cell) => measuresOf(cell).map(({ n_bins }) => n_bins)))].join(" or ");
  return (
    <details open={cells.length <= 6}>
      <summary>ECE, Brier score, AUROC, AURC and WQD of {cells.length === 1 ? "the cell" : `${cells.length} cells`}</summary>
      <p class="note">
        ECE: expected calibration error over {bins} bins of equal width, biased upwards for few answers, therefore without an interval. Brier: mean
        squared distance of confidence and result, 0 is best. AUROC: how often a right answer is more confident than a wrong one. AURC: mean risk over
        all coverages, 0 is best. WQD: AUROC among the answers to one sample.
      </p>
      <div class="scroll">
        <table class="small">
          <thead>
            <tr>
              <th scope="col">Cell</th>
              <th scope="col">Confidence</th>
              <NumberHeadings titles={["Answers", "ECE", "Brier", "AUROC", "AURC", "WQD"]} />
            </tr>
          </thead>
          <tbody>
            {cells.flatMap((cell) =>
              measuresOf(cell).map(({ confidence, n, ece, brier, auroc, aurc, wqd }) => (
                <tr key={`${idOf(cell)} ${confidence}`} class={cell === chosen ? "chosen" : ""}>
                  <th scope="row">
                    <button type="button" class="link" aria-pressed={cell === chosen} onClick={() => choose(idOf(cell))}>
                      {name(cell)}
                    </button>
                  </th>
                  <td>{confidence}</td>
                  <td class="number">
                    {count(n)} of {count(cell.n)}
                  </td>
                  {[ece, brier, auroc, aurc, wqd].map((estimate, i) => (
                    <td class="number" key={i}>
                      {score(estimate?.mean)}
                      {estimate?.ci95 && <span class="note"> {interval(estimate.ci95)}</span>}
                    </td>
                  ))}
                </tr>
              )),
            )}
          </tbody>
        </table>
      </div>
    </details>
  );
}
