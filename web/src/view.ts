/** What the reader looks at, kept in the address so that a view can be sent to somebody else. */

import { useLayoutEffect, useState } from "preact/hooks";

export type Tab = "overview" | "samples" | "changes" | "run";
export const TABS: readonly Tab[] = ["overview", "samples", "changes", "run"];
export const OPERATORS = ["is", "not", "contains", "<=", ">=", "unknown", "known"] as const;

/**
 * A condition on one column of the index. Several conditions on one column with `is` are alternatives; `unknown` adds
 * the rows without a value to what the other conditions on the column leave. `known` and `unknown` need no value.
 */
export interface Filter {
  column: string;
  operator: (typeof OPERATORS)[number];
  value: string;
}

export interface View {
  tab: Tab;
  sample: string | null; // value of the column `key` of the open record
  call: number | null; // position in the open record's transcript of the call that is shown
  compared: string | null; // key of the record that the open one is compared with
  search: string; // over prompts and outputs
  filters: Filter[];
  sort: { column: string; descending: boolean }[];
  columns: string[] | null; // shown in the samples table, in order; null: the default ones
  settings: Settings;
}

/** Choices of a tab by name, such as the x axis of a chart. A name's default is left out. */
export type Settings = { [name: string]: string };

export const START: View = {
  tab: "overview",
  sample: null,
  call: null,
  compared: null,
  search: "",
  filters: [],
  sort: [],
  columns: null,
  settings: {},
};

/** The view that an address's hash describes. Parts that cannot be read are left out. */
export function readView(hash: string): View {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const tab = TABS.find((name) => name === parameters.get("tab")) ?? START.tab;
  return {
    tab,
    sample: parameters.get("sample"),
    call: readCount(parameters.get("call")),
    compared: parameters.get("compared"),
    search: parameters.get("q") ?? "",
    filters: parameters.getAll("f").flatMap(readFilter),
    sort: parameters.getAll("sort").map((text) => ({ column: text.replace(/^-/, ""), descending: text.startsWith("-") })),
    columns: parameters.has("columns") ? parameters.getAll("columns") : null,
    settings: Object.fromEntries([...parameters].filter(([name]) => name.startsWith("o.")).map(([name, value]) => [name.slice(2), value])),
  };
}

/** The hash of an address that shows the view. */
export function writeView(view: View): string {
  const parameters = new URLSearchParams();
  if (view.tab !== START.tab) parameters.set("tab", view.tab);
  if (view.sample !== null) {
    parameters.set("sample", view.sample);
    if (view.call !== null) parameters.set("call", String(view.call));
    if (view.compared !== null) parameters.set("compared", view.compared);
  }
  if (view.search) parameters.set("q", view.search);
  for (const { column, operator, value } of view.filters) parameters.append("f", `${operator} ${column}\n${value}`);
  for (const { column, descending } of view.sort) parameters.append("sort", (descending ? "-" : "") + column);
  for (const column of view.columns ?? []) parameters.append("columns", column);
  for (const [name, value] of Object.entries(view.settings)) if (value) parameters.set(`o.${name}`, value);
  const text = parameters.toString();
  return text && `#${text}`;
}

function readCount(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function readFilter(text: string): Filter[] {
  const operator = OPERATORS.find((name) => text.startsWith(`${name} `));
  const end = text.indexOf("\n");
  if (!operator || end < 0) return [];
  return [{ column: text.slice(operator.length + 1, end), operator, value: text.slice(end + 1) }];
}

/** A link's address for the present view with some parts replaced. Another sample opens without a call or a comparison. */
export function hrefOf(patch: Partial<View>): string {
  const closed = "sample" in patch ? { call: null, compared: null } : {};
  return writeView({ ...presentView(), ...closed, ...patch }) || "#";
}

/** The address of the present view with some settings changed; an empty text is a setting's default. */
export function hrefWith(settings: Settings): string {
  return hrefOf({ settings: { ...presentView().settings, ...settings } });
}

/** Show another view. `replace` keeps the present one out of the browser's history, as for typing in a search. */
export function showView(patch: Partial<View>, { replace = false } = {}): void {
  const address = hrefOf(patch);
  if (address === (location.hash || "#")) return;
  if (!replace) {
    location.hash = address;
    return;
  }
  try {
    history.replaceState(null, "", address);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } catch {
    location.replace(address); // a sandboxed frame may refuse replaceState
  }
}

let present: { hash: string; view: View } | undefined;
const drawings = new Set<() => void>(); // of the components that show the view

/** The view of the address; the same object until the address changes. */
export function presentView(): View {
  const { hash } = location;
  if (present?.hash !== hash) present = { hash, view: readView(hash) };
  return present.view;
}

/** The present view; the component is drawn again when it changes. */
export function useView(): View {
  const [, draw] = useState(presentView);
  // A layout effect, so that no change of the address is missed between drawing and listening.
  useLayoutEffect(() => {
    const update = () => draw(presentView());
    if (!drawings.size) addEventListener("hashchange", drawAll);
    drawings.add(update);
    return () => {
      drawings.delete(update);
      if (!drawings.size) removeEventListener("hashchange", drawAll);
    };
  }, []);
  return presentView();
}

/** One listener for all components: with one each, some would be drawn with the new view while others still have the old one. */
function drawAll(): void {
  for (const draw of [...drawings]) draw();
}
