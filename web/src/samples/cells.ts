/** Cells of the samples table as nodes. Everything a run wrote becomes a text node. */

import { own } from "../lookup";
import { columnOf, keyAt, valueAt, type Cell } from "../columns";
import type { Column, Index } from "../data";
import { hrefOf } from "../view";
import { visible } from "../sample/text/visible_text";
import { rangeOf } from "./facets";

const SHAPES: { [outcome: string]: string } = {
  correct: "✓",
  incorrect: "✗",
  partial: "◐",
  error: "!",
  skipped: "–",
};

/** An element with a class that holds texts and other nodes. */
export function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/** A row's cell; `terms` matches what a search highlights. */
export function cellNode(index: Index, column: Column, row: number, terms: RegExp | null): Node {
  const value = valueAt(column, row);
  if (value === null) return unknownNode(column);
  if (column.name === "outcome") return outcomeNode(String(value));
  if (column.name === "run") return document.createTextNode(visible(runText(column, String(value))));
  const text = cellText(column, value);
  if (column.kind === "number") return document.createTextNode(text);
  const content = text.trim() ? highlighted(text, terms) : element("span", "no-value", "(empty)");
  if (column.name !== "sample") return content;
  const link = element("a", "sample-link", content) as HTMLAnchorElement;
  link.href = hrefOf({ sample: keyAt(index, row) });
  link.tabIndex = -1; // the row takes the focus; Enter opens it
  return link;
}

/** `old: NAME` or `new: NAME` in the page of a comparison, since long names are cut at their end. */
function runText(column: Column, name: string): string {
  if (column.kind !== "category" || column.values.length !== 2) return name;
  return `${name === column.values[0] ? "old" : "new"}: ${name}`;
}

function unknownNode(column: Column): Node {
  const node = element("span", "no-value", column.kind === "number" ? "?" : "–");
  node.setAttribute("aria-label", column.kind === "number" ? "unknown" : "none");
  return node;
}

/** An outcome as a shape and a word. */
export function outcomeNode(outcome: string): Node {
  const shape = element("span", "sample-shape", own(SHAPES, outcome) ?? "?");
  shape.setAttribute("aria-hidden", "true");
  const known = outcome in SHAPES ? outcome : "other";
  return element("span", `sample-outcome is-${known}`, shape, visible(outcome));
}

/** A value as the table shows it, on one line. The numbers of a column have equally many decimals. */
export function cellText(column: Column, value: Exclude<Cell, null>): string {
  if (typeof value === "string") return visible(value.replace(/\s+/g, " "));
  const digits = digitsOf(column);
  if (value !== 0 && Math.abs(value) < 0.5 * 10 ** -digits) return `${value < 0 ? ">−" : "<"}${(10 ** -digits).toFixed(digits)}`;
  const useGrouping = column.name !== "epoch" && !column.name.startsWith("metadata:"); // a year is no count
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping });
}

const DIGITS: { [name: string]: number } = { cost_usd: 4, latency_s: 2 };
const columnDigits = new WeakMap<Column, number>();

/** How many decimals a column's numbers need, at most 3; of costs 4, below one dollar 6. */
function digitsOf(column: Column): number {
  let digits = columnDigits.get(column);
  if (digits === undefined) {
    const highest = rangeOf(column)?.[1] ?? 0;
    const most = column.name === "cost_usd" && highest < 1 ? 6 : (DIGITS[column.name] ?? 3);
    digits = 0;
    if (column.kind === "number")
      for (const value of column.numbers) while (value !== null && digits < most && needsMore(value, digits)) digits++;
    columnDigits.set(column, digits);
  }
  return digits;
}

function needsMore(value: number, digits: number): boolean {
  const scaled = value * 10 ** digits;
  return Math.abs(scaled - Math.round(scaled)) > 1e-9 * Math.abs(scaled);
}

/** A text with the searched terms marked. */
export function highlighted(text: string, terms: RegExp | null): Node {
  const fragment = document.createDocumentFragment();
  let end = 0;
  for (const match of terms ? text.matchAll(terms) : []) {
    fragment.append(text.slice(end, match.index), element("mark", "", match[0]));
    end = match.index + match[0].length;
  }
  fragment.append(text.slice(end));
  return fragment;
}

/** An expression that matches each of the words, whatever their case; null: none. */
export function termsOf(words: readonly string[]): RegExp | null {
  const texts = words.map((word) => word.replace(/\s+/g, " ").replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"));
  return texts.length ? new RegExp(texts.sort((a, b) => b.length - a.length).join("|"), "gi") : null;
}

/** A record as a card, for narrow screens. */
export function cardNode(index: Index, columns: readonly Column[], row: number, terms: RegExp | null): Node {
  const part = (name: string) => {
    const column = columnOf(index, name);
    return column ? cellNode(index, column, row, terms) : document.createTextNode("");
  };
  const others = columns.filter(({ name, kind }) => !CARD_COLUMNS.includes(name) && kind === "category").slice(0, 3);
  const facts = others.map((column) => element("span", "", `${visible(column.title)}: `, cellNode(index, column, row, terms)));
  return element(
    "div",
    "sample-card",
    element("div", "sample-card-head", part("outcome"), part("sample"), element("span", "sample-card-score", "score ", part("score"))),
    element("div", "sample-card-input", part("input")),
    element("div", "sample-card-answer", "answer ", part("answer"), " · target ", part("target")),
    element("div", "sample-card-facts", ...facts),
  );
}

const CARD_COLUMNS = ["outcome", "sample", "score", "input", "answer", "target"];
