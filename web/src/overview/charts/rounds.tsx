/** How the answers of debates moved from round to round. */

import { axisX, axisY, dot, gridY, line, pointer, ruleX, text, tip, type PlotOptions } from "@observablehq/plot";
import type { Cell, Overview, Rounds, Transition, Who } from "../../data";
import { count, interval, score, signed } from "../../numbers";
import { hrefOf, showView, useView } from "../../view";
import { configOf, filtersOf, haveSeveralModels, idOf, presentCells } from "../cells";
import { Chart, Choice } from "./plot";
import { colorAt, Shape, symbolAt } from "./series";
import { NumberHeadings } from "../../number_headings";

const WHO: { [who in Who]: string } = { agents: "each agent", majority: "majority of the agents", verdict: "verdict: the strategy's answer" };
const ORDER = Object.keys(WHO) as Who[];

export function RoundsSection({ overview }: { overview: Overview }) {
  const view = useView();
  const cells = presentCells(overview).filter((cell) => cell.rounds?.shares.length);
  if (!cells.length) return null;
  const severalModels = haveSeveralModels(cells);
  const name = (cell: Cell) => `${cell.task} · ${configOf(cell, severalModels)}`;
  const chosen = cells.find((cell) => idOf(cell) === view.settings["debate"]) ?? mostMoved(cells);
  const rounds = chosen.rounds as Rounds;
  const choose = (id: string) => showView({ settings: { ...view.settings, debate: id } }, { replace: true });
  return (
    <section class="card" aria-labelledby="debates-title">
      <header class="card-header">
        <h2 id="debates-title" tabIndex={-1}>
          Debates, round by round
        </h2>
        <p class="note">Share of right answers in each round, and who changed to right or to wrong.</p>
        <Choice label="Cell" value={idOf(chosen)} options={cells.map((cell) => ({ value: idOf(cell), title: name(cell) }))} onChoose={choose} />
      </header>
      <div class="charts">
        <Chart
          title={`Share right by round, ${name(chosen)}`}
          label={`Share of right answers by round of ${name(chosen)}; the table below has the figures`}
          depends={JSON.stringify(rounds.shares)}
          options={(width) => options(rounds, width)}
          table={<ShareTable rounds={rounds} />}
        >
          <Legend rounds={rounds} />
        </Chart>
        <TransitionTable cells={cells} chosen={chosen} name={name} overview={overview} />
      </div>
    </section>
  );
}

/** The cell in which most answers changed. */
function mostMoved(cells: readonly Cell[]): Cell {
  const moved = (cell: Cell) => (cell.rounds?.transitions ?? []).reduce((sum, t) => sum + t.wrong_right + t.right_wrong, 0);
  return cells.reduce((best, cell) => (moved(cell) > moved(best) ? cell : best));
}

function Legend({ rounds }: { rounds: Rounds }) {
  const present = ORDER.filter((who) => rounds.shares.some((share) => share.who === who));
  return (
    <ul class="legend">
      {present.map((who) => (
        <li key={who}>
          <Shape symbol={symbolAt(ORDER.indexOf(who))} color={colorAt(ORDER.indexOf(who))} />{" "}
          {WHO[who]}
        </li>
      ))}
    </ul>
  );
}

/** `round 0`, `round 1`, …, `answer`. */
function roundName(round: number | null): string {
  return round === null ? "answer" : `round ${round}`;
}

function options(rounds: Rounds, width: number): PlotOptions {
  const names = [...new Set(rounds.shares.map(({ round }) => round))].sort((a, b) => (a ?? Infinity) - (b ?? Infinity));
  const data = rounds.shares.map((share) => ({
    ...share,
    x: names.indexOf(share.round) + (ORDER.indexOf(share.who) - 1) * 0.06, // apart, so that equal shares are all seen
    low: share.ci95?.[0],
    high: share.ci95?.[1],
    color: colorAt(ORDER.indexOf(share.who)),
    symbol: symbolAt(ORDER.indexOf(share.who)),
  }));
  const title = (share: (typeof data)[number]) =>
    `${WHO[share.who]}, ${roundName(share.round)}\nright ${score(share.score)}, ${interval(share.ci95)}\n${count(share.n)} answers`;
  return {
    width,
    height: 280,
    marginLeft: 48,
    marginBottom: 36,
    marginRight: 24,
    x: { domain: [-0.3, names.length - 0.7] },
    y: { domain: [0, 1] },
    color: { type: "identity" },
    marks: [
      gridY({ stroke: "var(--border)", strokeOpacity: 0.6, ticks: 5 }),
      axisX(names.map((_, i) => i), { label: null, tickFormat: (i: number) => roundName(names[i] ?? null), tickSize: 0 }),
      axisY({ label: "Share right", labelArrow: "none", ticks: 5 }),
      ruleX(data.filter(({ low }) => low !== undefined), { x: "x", y1: "low", y2: "high", stroke: "color", strokeWidth: 1.5, strokeOpacity: 0.7 }),
      line(data, { x: "x", y: "score", z: "who", stroke: "color", strokeWidth: 2 }),
      dot(data, { x: "x", y: "score", fill: "color", symbol: "symbol", r: 5, stroke: "var(--background)" }),
      text(data.filter(({ who }) => who === "agents"), { x: "x", y: "score", text: (share) => score(share.score), dy: 16, fill: "var(--muted)", stroke: "var(--background)", strokeWidth: 4 }),
      tip(data, pointer({ x: "x", y: "score", title, fill: "var(--surface)", stroke: "var(--border)", lineHeight: 1.35 })),
    ],
  };
}

function ShareTable({ rounds }: { rounds: Rounds }) {
  return (
    <table class="small">
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">Round</th>
          <NumberHeadings titles={["Share right", "95 % interval", "Answers"]} />
        </tr>
      </thead>
      <tbody>
        {rounds.shares.map((share) => (
          <tr key={`${share.who}${share.round}`}>
            <th scope="row">{WHO[share.who]}</th>
            <td>{roundName(share.round)}</td>
            <td class="number">{score(share.score)}</td>
            <td class="number">{interval(share.ci95)}</td>
            <td class="number">{count(share.n)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface TransitionProps {
  cells: readonly Cell[];
  chosen: Cell;
  name: (cell: Cell) => string;
  overview: Overview;
}

function TransitionTable({ cells, chosen, name, overview }: TransitionProps) {
  const moved = cells.filter((cell) => changed(cell).length);
  const still = cells.filter((cell) => !changed(cell).length);
  return (
    <div>
      <div class="scroll tall" tabIndex={0} role="region" aria-label="Answers that changed">
        <table class="small">
          <caption>Answers that changed from one round to the next, and from the majority of the last round to the strategy's answer</caption>
          <thead>
            <tr>
              <th scope="col">Cell</th>
              <th scope="col">Who</th>
              <th scope="col">Rounds</th>
              <NumberHeadings titles={["Wrong → right", "Right → wrong", "Net", "Of"]} />
            </tr>
          </thead>
          {moved.map((cell) => (
            <tbody key={idOf(cell)} class={cell === chosen ? "chosen" : ""}>
              {changed(cell).map((transition, i, all) => (
                <tr key={i}>
                  {i === 0 && (
                    <th scope="rowgroup" rowSpan={all.length}>
                      <a href={hrefOf({ tab: "samples", filters: filtersOf(cell, overview.runs), settings: {} })}>{name(cell)}</a>
                    </th>
                  )}
                  <TransitionCells transition={transition} />
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
      {still.length > 0 && (
        <p class="note">
          No answer turned right or wrong in {still.map(name).join(", ")}.
        </p>
      )}
    </div>
  );
}

/** The transitions in which an answer turned right or wrong. */
function changed(cell: Cell): Transition[] {
  return (cell.rounds?.transitions ?? []).filter((transition) => transition.wrong_right + transition.right_wrong > 0);
}

function TransitionCells({ transition: t }: { transition: Transition }) {
  const n = t.wrong_right + t.right_wrong + t.stayed_right + t.stayed_wrong;
  return (
    <>
      <td>{t.who}</td>
      <td class="nowrap">
        {t.before} → {t.after ?? "answer"}
      </td>
      <td class={t.wrong_right ? "number good" : "number"}>{t.wrong_right ? `▲ ${count(t.wrong_right)}` : "0"}</td>
      <td class={t.right_wrong ? "number bad" : "number"}>{t.right_wrong ? `▼ ${count(t.right_wrong)}` : "0"}</td>
      <td class="number">{n ? signed((t.wrong_right - t.right_wrong) / n) : "?"}</td>
      <td class="number" title={t.left_out ? `${count(t.left_out)} more have no score before or after` : undefined}>
        {count(n)}
      </td>
    </>
  );
}
