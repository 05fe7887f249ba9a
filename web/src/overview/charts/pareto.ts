/** Points of score against cost, and the front of those that no other one dominates. */

import type { Cell } from "../../data";
import { modelOf } from "../cells";

export const AXES = ["cost_usd", "tokens", "calls", "latency_s"] as const;
export type Axis = (typeof AXES)[number];
export const AXIS_TITLES: { [axis in Axis]: string } = {
  cost_usd: "Cost per answer, US dollars",
  tokens: "Tokens per answer",
  calls: "Calls per answer",
  latency_s: "Latency of an answer, median, seconds",
};
export const AXIS_CHOICES: { [axis in Axis]: string } = { cost_usd: "cost", tokens: "tokens", calls: "calls", latency_s: "latency" };

/** One configuration: strategy and model. */
export interface Point {
  name: string;
  strategy: string;
  model: string;
  x: number;
  score: number;
  low: number | null; // of the 95 % interval
  high: number | null;
  dominatedBy: string | null;
}

/** What a configuration costs; null: unknown. */
export function costOf(cell: Cell, axis: Axis): number | null {
  return axis === "latency_s" ? (cell.latency_s?.p50 ?? null) : (cell.spent?.[axis] ?? null);
}

/** The first axis whose values are known for all cells and not all 0; else calls. */
export function defaultAxis(cells: readonly Cell[]): Axis {
  const scored = cells.filter((cell) => cell.score !== null);
  const fits = (axis: Axis) => scored.every((cell) => costOf(cell, axis) !== null) && scored.some((cell) => costOf(cell, axis));
  return (["cost_usd", "tokens"] as const).find(fits) ?? "calls";
}

/**
 * The points of configurations, cheapest first. A configuration with cells of several tasks is at
 * the means over these tasks. `leftOut`: names of those without a score or with an unknown cost.
 */
export function points(configs: ReadonlyMap<string, readonly Cell[]>, axis: Axis): { points: Point[]; leftOut: string[] } {
  const found: Point[] = [];
  const leftOut: string[] = [];
  for (const [name, cells] of configs) {
    const point = pointOf(name, cells, axis);
    if (point) found.push(point);
    else leftOut.push(name);
  }
  found.sort((a, b) => a.x - b.x || b.score - a.score || (a.name < b.name ? -1 : 1));
  for (const point of found) point.dominatedBy = dominating(point, found)?.name ?? null;
  return { points: found, leftOut };
}

/** The best point that dominates another: no dearer, no worse, and not equal in both. */
function dominating(point: Point, all: readonly Point[]): Point | undefined {
  const better = all.filter((other) => other.x <= point.x && other.score >= point.score && (other.x !== point.x || other.score !== point.score));
  return better.reduce<Point | undefined>((best, other) => (best && best.score >= other.score ? best : other), undefined);
}

function pointOf(name: string, cells: readonly Cell[], axis: Axis): Point | null {
  const scores: number[] = [];
  const costs: number[] = [];
  let [below, above, known] = [0, 0, true];
  for (const cell of cells) {
    const x = costOf(cell, axis);
    if (cell.score === null || x === null) return null;
    scores.push(cell.score);
    costs.push(x);
    known &&= cell.ci95 !== null;
    below += (cell.score - (cell.ci95?.[0] ?? 0)) ** 2;
    above += ((cell.ci95?.[1] ?? 0) - cell.score) ** 2;
  }
  if (!cells.length) return null;
  const score = mean(scores);
  return {
    name,
    strategy: cells[0]?.label ?? "",
    model: cells[0] ? modelOf(cells[0]) : "",
    x: mean(costs),
    score,
    // The interval of a mean of independent estimates from their own intervals: Zou and Donner 2008 (MOVER).
    low: known ? Math.max(0, score - Math.sqrt(below) / cells.length) : null,
    high: known ? Math.min(1, score + Math.sqrt(above) / cells.length) : null,
    dominatedBy: null,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
