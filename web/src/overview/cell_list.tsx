/** The cells as a list: one row each, sorted by any column. */

import type { Overview } from "../data";
import { cost, interval, score, seconds, signed } from "../numbers";
import { hrefOf, hrefWith, showView, useView } from "../view";
import { filtersOf, haveSeveralModels, modelOf, rank, VERDICTS, type Entry } from "./cells";
import { amount, signedInterval } from "./format";
import { IntervalBar } from "./interval_bar";
import { after, ScoreText } from "./matrix";
import { VerdictMark } from "./verdict";

type Value = string | number | null;
interface Column {
  name: string;
  title: string;
  numeric: boolean;
  value: (entry: Entry) => Value;
}

const COLUMNS: Column[] = [
  { name: "task", title: "Task", numeric: false, value: ({ cell }) => cell.task },
  { name: "strategy", title: "Strategy", numeric: false, value: ({ cell }) => cell.label },
  { name: "model", title: "Model", numeric: false, value: ({ cell }) => modelOf(cell) },
  { name: "score", title: "Score", numeric: true, value: (entry) => after(entry)?.score ?? null },
  { name: "scored", title: "Scored", numeric: true, value: ({ cell }) => cell.n / (cell.n_selected || 1) },
  { name: "change", title: "Change", numeric: true, value: ({ comparison }) => comparison?.difference ?? null },
  { name: "gate", title: "Gate", numeric: false, value: ({ verdict }) => rank(verdict) },
  { name: "cost", title: "Cost per answer", numeric: true, value: ({ cell }) => cell.spent?.cost_usd ?? null },
  { name: "tokens", title: "Tokens per answer", numeric: true, value: ({ cell }) => cell.spent?.tokens ?? null },
  { name: "latency", title: "Latency, median", numeric: true, value: ({ cell }) => cell.latency_s?.p50 ?? null },
];

export function CellList({ overview, entries }: { overview: Overview; entries: readonly Entry[] }) {
  const { settings } = useView();
  const sort = settings["sort"] ?? "";
  const name = sort.replace(/^-/, "");
  const descending = sort.startsWith("-");
  const severalModels = haveSeveralModels(entries.map(({ cell }) => cell));
  const columns = COLUMNS.filter((column) => (severalModels || column.name !== "model") && isKnown(column, entries));
  const rows = sorted(entries, columns.find((column) => column.name === name), descending);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="List of cells">
      <table class="list">
        <caption class="visually-hidden">Every cell with score, change, gate and spending</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.name}
                scope="col"
                class={column.numeric ? "number" : column.name === "strategy" || column.name === "model" ? "name" : ""}
                aria-sort={column.name !== name ? "none" : descending ? "descending" : "ascending"}
              >
                <button type="button" onClick={() => sortBy(settings, column, name, descending)}>
                  {column.title}
                  <span aria-hidden="true">{column.name !== name ? "" : descending ? " ↓" : " ↑"}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((entry) => (
            <tr key={entry.id} class={VERDICTS[entry.verdict].tone}>
              {columns.map((column) => (
                <ListCell key={column.name} column={column.name} overview={overview} entry={entry} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Whether a column about spending has any value. */
function isKnown({ name, value }: Column, entries: readonly Entry[]): boolean {
  if (!["cost", "tokens", "latency"].includes(name)) return true;
  return entries.some((entry) => value(entry) !== null);
}

function sortBy(settings: { [name: string]: string }, column: Column, name: string, descending: boolean): void {
  const first = column.numeric && column.name !== name;
  const next = column.name === name ? !descending : first;
  showView({ settings: { ...settings, sort: (next ? "-" : "") + column.name } }, { replace: true });
}

/** The entries by one column; unknown values come last in both directions. */
function sorted(entries: readonly Entry[], column: Column | undefined, descending: boolean): readonly Entry[] {
  if (!column) return entries;
  return [...entries].sort((a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
    return descending ? -order : order;
  });
}

function ListCell({ column, overview, entry }: { column: string; overview: Overview; entry: Entry }) {
  const { cell, comparison } = entry;
  switch (column) {
    case "task":
      return (
        <th scope="row">
          <a href={hrefWith({ cell: entry.id })}>{cell.task}</a>
          <span class="below note">
            {cell.label} · {modelOf(cell)}
            <br />
            <VerdictMark verdict={entry.verdict} />
          </span>
        </th>
      );
    case "strategy":
      return <td class="name">{cell.label}</td>;
    case "model":
      return <td class="name">{modelOf(cell)}</td>;
    case "score":
      return (
        <td class="number score-cell">
          <span class="score">
            <ScoreText entry={entry} />
          </span>
          <IntervalBar now={after(entry)} before={entry.before} />
          <span class="note">{after(entry)?.score == null ? "" : interval(after(entry)?.ci95)}</span>
        </td>
      );
    case "scored":
      return (
        <td class="number">
          <a href={hrefOf({ tab: "samples", filters: filtersOf(cell, overview.runs) })} title="Show these samples">
            {overview.live && !cell.n_selected ? "no answer yet" : `${cell.n} of ${cell.n_selected}`}
          </a>
        </td>
      );
    case "change":
      return (
        <td class="number" title={comparison ? `from ${score(comparison.old.score)} over ${comparison.n} samples` : undefined}>
          {comparison ? signed(comparison.difference) : "–"}
          {comparison && <span class="note"> {signedInterval(comparison.ci95)}</span>}
        </td>
      );
    case "gate":
      return (
        <td>
          <a class="plain" href={hrefWith({ cell: entry.id })}>
            <VerdictMark verdict={entry.verdict} />
          </a>
        </td>
      );
    case "cost":
      return <td class="number">{cost(cell.spent?.cost_usd)}</td>;
    case "tokens":
      return <td class="number">{amount(cell.spent?.tokens)}</td>;
    default:
      return <td class="number">{seconds(cell.latency_s?.p50)}</td>;
  }
}
