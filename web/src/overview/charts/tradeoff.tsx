/** Score against cost, tokens, calls or latency, with the Pareto front. */

import { axisX, axisY, dot, gridY, line, ruleX, text, tip, pointer, type PlotOptions } from "@observablehq/plot";
import type { Cell, Overview } from "../../data";
import { score } from "../../numbers";
import { visible } from "../../sample/text/visible_text";
import { showView, useView } from "../../view";
import { configOf, haveSeveralModels, presentCells } from "../cells";
import { amount } from "../format";
import { AXES, AXIS_CHOICES, AXIS_TITLES, costOf, defaultAxis, points, type Axis, type Point } from "./pareto";
import { placeLabels } from "./labels";
import { Chart, Choice } from "./plot";
import { colorAt, Shape, symbolAt } from "./series";

const SHARED = ""; // the choice of all shared tasks
const LOGARITHMIC = 20; // from this ratio of the largest to the smallest value on, the axis is logarithmic

export function Tradeoff({ overview }: { overview: Overview }) {
  const { settings } = useView();
  const cells = presentCells(overview);
  const severalModels = haveSeveralModels(cells);
  const shared = sharedTasks(cells);
  const tasks = comparedTasks(cells);
  if (!tasks.length) return null;
  const task = tasks.includes(settings["task"] ?? "") ? (settings["task"] as string) : shared.length ? SHARED : (tasks[0] as string);
  const chosen = cells.filter((cell) => (task === SHARED ? shared.includes(cell.task) : cell.task === task));
  const axis = AXES.find((name) => name === settings["x"]) ?? defaultAxis(chosen);
  const configs = byConfig(chosen, severalModels);
  const { points: shown, leftOut } = points(configs, axis);
  const choose = (patch: { [name: string]: string }) => showView({ settings: { ...settings, ...patch } }, { replace: true });
  return (
    <Chart
      title={`Score against ${AXIS_CHOICES[axis]}`}
      label={`Score against ${AXIS_CHOICES[axis]} of ${shown.length} configurations; the table below has the figures`}
      depends={`${axis}\n${JSON.stringify(shown)}`}
      options={shown.length ? (width) => options(shown, axis, width) : null}
      table={shown.length > 0 && <PointTable points={shown} axis={axis} />}
    >
      <div class="controls">
        <Choice
          label="Against"
          value={axis}
          options={AXES.filter((name) => name === axis || chosen.some((cell) => costOf(cell, name) !== null)).map((name) => ({ value: name, title: AXIS_CHOICES[name] }))}
          onChoose={(x) => choose({ x })}
        />
        <Choice
          label="Tasks"
          value={task}
          options={[
            ...(shared.length ? [{ value: SHARED, title: `mean over ${shared.length} shared` }] : []),
            ...tasks.map((name) => ({ value: name, title: name })),
          ]}
          onChoose={(name) => choose({ task: name })}
        />
      </div>
      <Legend shown={shown} />
      <p class="note">{explanation(shared, task, configs.size, leftOut, axis)}</p>
    </Chart>
  );
}

/** Tasks that every configuration has, if there are at least two of both. */
function sharedTasks(cells: readonly Cell[]): string[] {
  const configs = byConfig(cells, true);
  if (configs.size < 2) return [];
  const sets = [...configs.values()].map((group) => new Set(group.map((cell) => cell.task)));
  const shared = [...new Set(cells.map((cell) => cell.task))].filter((task) => sets.every((tasks) => tasks.has(task)));
  return shared.length > 1 ? shared : [];
}

/** Tasks with at least two configurations, those with the most first. */
function comparedTasks(cells: readonly Cell[]): string[] {
  const sizes = new Map<string, number>();
  for (const cell of cells) sizes.set(cell.task, (sizes.get(cell.task) ?? 0) + 1);
  return [...sizes]
    .filter(([, n]) => n > 1)
    .sort((a, b) => b[1] - a[1])
    .map(([task]) => task);
}

function byConfig(cells: readonly Cell[], severalModels: boolean): Map<string, Cell[]> {
  const configs = new Map<string, Cell[]>();
  for (const cell of cells) {
    const name = configOf(cell, severalModels);
    configs.set(name, [...(configs.get(name) ?? []), cell]);
  }
  return configs;
}

function explanation(shared: readonly string[], task: string, n: number, leftOut: readonly string[], axis: Axis): string {
  const scope =
    task === SHARED
      ? `Means over the ${shared.length} tasks that all ${n} configurations share: ${shared.join(", ")}. `
      : `Task ${task}. `;
  const unknown = axis === "latency_s" ? "latency" : AXIS_CHOICES[axis];
  const missing = leftOut.length ? ` Left out, because the score or the ${unknown} is unknown: ${leftOut.join(", ")}.` : "";
  return `${scope}The line is the Pareto front: nothing is both no dearer and no worse. Filled marks are on it; bars are 95 % intervals.${missing}`;
}

/** Positions of a point's strategy and model among those of the chart: its shape and its colour. */
function styled(shown: readonly Point[]) {
  const strategies = [...new Set(shown.map(({ strategy }) => strategy))].sort();
  const models = [...new Set(shown.map(({ model }) => model))].sort();
  const color = ({ model, strategy }: Point) => colorAt(models.length > 1 ? models.indexOf(model) : strategies.indexOf(strategy));
  const symbol = ({ strategy }: Point) => symbolAt(strategies.indexOf(strategy));
  return { strategies, models, color, symbol };
}

function options(shown: readonly Point[], axis: Axis, width: number): PlotOptions {
  const { color, symbol } = styled(shown);
  const { left, right, logarithmic } = costRange(shown);
  const [bottom, top] = scoreRange(shown);
  const front = shown.filter(({ dominatedBy }) => dominatedBy === null);
  const height = Math.round(Math.min(360, Math.max(260, width * 0.5)));
  const share = (x: number) => (logarithmic ? Math.log(x / left) / Math.log(right / left) : (x - left) / (right - left));
  const ordered = [...front, ...shown.filter(({ dominatedBy }) => dominatedBy !== null)];
  const several = new Set(shown.map(({ model }) => model)).size > 1; // the legend's colours say the model
  const named = (point: Point) => visible(several ? point.strategy : point.name);
  const places = ordered.map((point) => ({
    x: MARGIN.marginLeft + share(point.x) * (width - MARGIN.marginLeft - MARGIN.marginRight),
    y: MARGIN.marginTop + ((top - point.score) / (top - bottom)) * (height - MARGIN.marginTop - MARGIN.marginBottom),
    text: named(point),
  }));
  const sides = placeLabels(places, width);
  const label = { x: "x", y: "score", text: named, fill: "var(--text)", stroke: "var(--background)", strokeWidth: 4, dy: -9 } as const;
  return {
    ...MARGIN,
    height,
    x: { type: logarithmic ? "log" : "linear", domain: [left, right] },
    y: { domain: [bottom, top] },
    color: { type: "identity" },
    marks: [
      gridY({ stroke: "var(--border)", strokeOpacity: 1, ticks: 5 }),
      axisX({ label: AXIS_TITLES[axis] + (logarithmic ? " (log scale)" : ""), labelAnchor: "center", labelArrow: "none", ticks: Math.max(2, Math.round(width / 110)), tickFormat: tick }),
      axisY({ label: "Score", labelArrow: "none", ticks: 5 }),
      line(front, { x: "x", y: "score", curve: "step-after", stroke: "var(--muted)", strokeDasharray: "4 3" }),
      ruleX(shown.filter(({ low }) => low !== null), { x: "x", y1: "low", y2: "high", stroke: color, strokeWidth: 1.5, strokeOpacity: 0.7 }),
      dot(shown, { x: "x", y: "score", r: 5, stroke: color, strokeWidth: 2, fill: (point: Point) => (point.dominatedBy === null ? color(point) : "var(--background)"), symbol }),
      text(ordered.filter((_, i) => sides[i] === "start"), { ...label, textAnchor: "start", dx: 8 }),
      text(ordered.filter((_, i) => sides[i] === "end"), { ...label, textAnchor: "end", dx: -8 }),
      tip(shown, pointer({ x: "x", y: "score", title: (point: Point) => visible(described(point, axis)), maxRadius: 30, fill: "var(--surface)", stroke: "var(--border)", lineHeight: 1.35 })),
    ],
  };
}

const MARGIN = { marginLeft: 48, marginRight: 20, marginTop: 24, marginBottom: 44 } as const;

/** The ends of the x axis, from 0 unless it is logarithmic. */
function costRange(shown: readonly Point[]): { left: number; right: number; logarithmic: boolean } {
  const [low, high] = [Math.min(...shown.map(({ x }) => x)), Math.max(...shown.map(({ x }) => x))];
  const logarithmic = low > 0 && high / low >= LOGARITHMIC;
  return logarithmic ? { left: low / 1.3, right: high * 1.3, logarithmic } : { left: 0, right: high * 1.08 || 1, logarithmic };
}

/** The part of 0 to 1 that holds all intervals, in tenths. */
function scoreRange(shown: readonly Point[]): [number, number] {
  const low = Math.min(...shown.map((point) => point.low ?? point.score));
  const high = Math.max(...shown.map((point) => point.high ?? point.score));
  return [Math.max(0, Math.floor(low * 10 - 0.2) / 10), Math.min(1, Math.ceil(high * 10 + 0.2) / 10)];
}

/** Which shape is which strategy and, with several models, which colour is which model. */
function Legend({ shown }: { shown: readonly Point[] }) {
  const { strategies, models } = styled(shown);
  const several = models.length > 1;
  return (
    <ul class="legend">
      {strategies.map((strategy, i) => (
        <li key={strategy}>
          <Shape symbol={symbolAt(i)} color={several ? "var(--muted)" : colorAt(i)} /> {strategy}
        </li>
      ))}
      {several &&
        models.map((model, i) => (
          <li key={model}>
            <span class="swatch" style={{ background: colorAt(i) }} aria-hidden="true" /> {model}
          </li>
        ))}
    </ul>
  );
}

function tick(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

function described(point: Point, axis: Axis): string {
  const spread = point.low === null || point.high === null ? "" : `, ${score(point.low)} to ${score(point.high)}`;
  const dominated = point.dominatedBy === null ? "on the Pareto front" : `dominated by ${point.dominatedBy}`;
  return `${point.name}\nscore ${score(point.score)}${spread}\n${AXIS_TITLES[axis]}: ${amount(point.x)}\n${dominated}`;
}

function PointTable({ points, axis }: { points: readonly Point[]; axis: Axis }) {
  return (
    <table class="small">
      <caption class="visually-hidden">Score and {AXIS_CHOICES[axis]} of every configuration</caption>
      <thead>
        <tr>
          <th scope="col">Configuration</th>
          <th scope="col" class="number">
            Score
          </th>
          <th scope="col" class="number">
            95 % interval
          </th>
          <th scope="col" class="number">
            {AXIS_TITLES[axis]}
          </th>
          <th scope="col">Pareto front</th>
        </tr>
      </thead>
      <tbody>
        {points.map((point) => (
          <tr key={point.name}>
            <th scope="row">{point.name}</th>
            <td class="number">{score(point.score)}</td>
            <td class="number">{point.low === null || point.high === null ? "?" : `${score(point.low)} to ${score(point.high)}`}</td>
            <td class="number">{amount(point.x)}</td>
            <td>{point.dominatedBy === null ? "yes" : `no: ${point.dominatedBy} dominates it`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
