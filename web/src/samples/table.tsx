/** The virtual table of rows: Tabulator draws it; order, filters and texts are ours. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import {
  FormatModule,
  FrozenColumnsModule,
  InteractionModule,
  ResizeColumnsModule,
  Tabulator,
  type RowComponent,
} from "tabulator-tables";
import type { Column, Index } from "../data";
import { whenQuiet } from "../quiet";
import type { View } from "../view";
import { definitions, showSort, type Look } from "./definitions";

Tabulator.registerModule([FormatModule, FrozenColumnsModule, InteractionModule, ResizeColumnsModule]);

const ROW_HEIGHT = 34;
const CARD_HEIGHT = 104;
const ROW_BUFFER = 240; // pixels of rows that are drawn above and below the visible ones
const HEADER_HEIGHT = 72; // with a scroll bar
const NARROW = 560; // pixels: cards instead of columns below
const WIDE = 820; // pixels: the first columns stay in place from here on

export interface TableProps {
  index: Index;
  rows: readonly number[];
  columns: readonly Column[];
  sort: View["sort"];
  terms: RegExp | null;
  current: number; // row of the open record; -1: none
  selected: ReadonlySet<number>;
  onSort: (column: string, add: boolean) => void;
  onSelect: (rows: readonly number[], on: boolean) => void;
  onOpen: (row: number) => void;
}

export function SampleTable(props: TableProps) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const table = useRef<Tabulator | null>(null);
  const cursor = useRef(-1); // the row that the keyboard is on
  const refocus = useRef(false); // the focused row is drawn again
  const [look, setLook] = useState<Look | null>(null);
  const names = props.columns.map(({ name }) => name).join("\n");

  useLook(place, setLook);
  useHeight(place, look, props.rows.length);

  useLayoutEffect(() => {
    if (!look || !place.current) return;
    const made = build(place.current, look, latest, cursor);
    let live = true;
    made.on("tableBuilt", () => {
      if (!live) return;
      table.current = made;
      showSort(place.current, latest.current.sort);
      void fill(made, latest.current, false).then(() => {
        if (!live) return;
        showCurrent(made, latest.current.current);
        if (refocus.current) focusAgain(made, cursor.current);
        refocus.current = false;
      });
    });
    const unobserve = redrawWhenResized(made, place.current);
    return () => {
      live = false;
      unobserve();
      refocus.current = hasFocusedRow(place.current);
      table.current = null;
      made.destroy();
    };
  }, [look, names]);

  useEffect(() => {
    if (table.current) showSort(place.current, props.sort);
  }, [props.sort]);

  const drawn = useRef({ rows: props.rows, index: props.index, terms: props.terms });
  useEffect(() => {
    const before = drawn.current;
    drawn.current = { rows: props.rows, index: props.index, terms: props.terms };
    if (!table.current || (before.rows === props.rows && before.terms === props.terms)) return;
    const made = table.current;
    const focused = hasFocusedRow(place.current);
    void fill(made, props, before.index !== props.index).then(() => {
      if (focused && table.current === made) focusAgain(made, cursor.current);
    });
  }, [props.rows, props.index, props.terms]);

  useEffect(() => {
    if (!table.current) return;
    if (props.current >= 0) cursor.current = props.current;
    else focusAgain(table.current, cursor.current); // the pane was closed
    return whenQuiet(() => table.current && showCurrent(table.current, latest.current.current));
  }, [props.current]);

  useEffect(() => {
    for (const row of table.current?.getRows("visible") ?? []) mark(row, latest.current, cursor);
    markAll(place.current, props);
  }, [props.current, props.selected, props.rows]);

  return (
    <div
      class={`table-place ${look ?? ""}`}
      ref={place}
      onKeyDown={(event) => onKey(event, table.current, latest.current, cursor)}
    />
  );
}

/** Cards, columns, or columns with the first ones frozen, as the width allows. */
function useLook(place: { current: HTMLDivElement | null }, setLook: (look: Look) => void): void {
  useLayoutEffect(() => {
    const element = place.current?.parentElement;
    if (!element) return;
    const choose = () => {
      const width = element.clientWidth;
      if (width) setLook(width < NARROW ? "cards" : width < WIDE ? "columns" : "frozen");
    };
    choose();
    return observeSize(element, choose);
  }, []);
}

/** Call `act` after each change of an element's size, once what the reader waits for is drawn. */
function observeSize(element: Element, act: () => void): () => void {
  let cancel: () => void = () => undefined;
  const observer = new ResizeObserver(() => {
    cancel();
    cancel = whenQuiet(act);
  });
  observer.observe(element);
  return () => {
    cancel();
    observer.disconnect();
  };
}

/** Tabulator's own module draws the rows again at once, and an opened sample would wait for them. */
function redrawWhenResized(table: Tabulator, place: HTMLElement): () => void {
  const sizeNow = () => `${place.clientWidth} ${place.clientHeight}`;
  let drawn = sizeNow();
  return observeSize(place, () => {
    const size = sizeNow();
    if (drawn !== size && place.clientWidth) table.redraw();
    drawn = size;
  });
}

const LEAST_HEIGHT = 300;
const MOST_BELOW = 60; // pixels below the table; a pane beside it may be higher than the table

/** As high as the window leaves room for, and no higher than the rows. */
function useHeight(place: { current: HTMLDivElement | null }, look: Look | null, rows: number): void {
  useLayoutEffect(() => {
    const element = place.current;
    if (!element || !look) return;
    const fit = () => {
      const { top, bottom } = element.getBoundingClientRect();
      const below = Math.max(0, (element.closest("main")?.getBoundingClientRect().bottom ?? bottom) - bottom);
      const room = Math.floor(innerHeight - (top + scrollY) - Math.min(below, MOST_BELOW)) - 1;
      const content = rows * ((look === "cards" ? CARD_HEIGHT : ROW_HEIGHT) + 1) + HEADER_HEIGHT;
      element.style.height = `${Math.round(Math.min(content, Math.max(look === "cards" ? 0.7 * innerHeight : LEAST_HEIGHT, room)))}px`;
    };
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(document.body);
    addEventListener("resize", fit);
    return () => {
      observer.disconnect();
      removeEventListener("resize", fit);
    };
  }, [look, rows]);
}

function build(place: HTMLElement, look: Look, latest: { current: TableProps }, cursor: { current: number }): Tabulator {
  const holder = document.createElement("div");
  place.replaceChildren(holder);
  holder.setAttribute("aria-label", "Samples");
  holder.setAttribute("aria-multiselectable", "true");
  const made = new Tabulator(holder, {
    height: "100%",
    layout: "fitColumns",
    rowHeight: look === "cards" ? CARD_HEIGHT : ROW_HEIGHT,
    headerVisible: look !== "cards",
    columns: definitions(latest, look),
    placeholder: false,
    renderVerticalBuffer: ROW_BUFFER,
    rowFormatter: (row: RowComponent) => mark(row, latest.current, cursor),
  });
  made.on("rowClick", (event, row) => {
    const target = event.target as Element;
    if (target.closest("input, .cell-select") || event.ctrlKey || event.metaKey) return;
    if (getSelection()?.toString()) return; // the reader selects text
    event.preventDefault();
    cursor.current = row.getData().id;
    latest.current.onOpen(row.getData().id);
  });
  return made;
}

function fill(table: Tabulator, { rows }: TableProps, keepPlace: boolean): Promise<void> {
  table.element.setAttribute("aria-rowcount", String(rows.length + 1)); // with the header
  const data = rows.map((id) => ({ id }));
  return keepPlace ? replace(table, data) : table.setData(data);
}

/** Show other rows in the same place, as a run that goes on adds them. */
async function replace(table: Tabulator, data: { id: number }[]): Promise<void> {
  const holder = table.element.querySelector(".tabulator-tableholder");
  const top = holder?.scrollTop ?? 0;
  await table.replaceData(data);
  if (holder) holder.scrollTop = top; // rows are drawn again around an estimated place
}

/** Give a drawn row its number, its place in the order of focus, and say whether it is open or selected. */
function mark(component: RowComponent, props: TableProps, cursor: { current: number }): void {
  const { selected, current, rows } = props;
  const element = component.getElement();
  const row = component.getData().id;
  element.dataset["row"] = String(row);
  element.setAttribute("aria-rowindex", String(Number(component.getPosition()) + 1)); // the header is the first
  element.classList.toggle("current", row === current);
  element.setAttribute("aria-current", String(row === current));
  element.setAttribute("aria-selected", String(selected.has(row)));
  const first = rows.includes(cursor.current) ? cursor.current : rows[0];
  element.tabIndex = row === first ? 0 : -1;
  const box = element.querySelector<HTMLInputElement>(".cell-select input");
  if (box) box.checked = selected.has(row);
}

function markAll(place: HTMLElement | null, { rows, selected }: TableProps): void {
  const box = place?.querySelector<HTMLInputElement>(".select-all");
  if (!box) return;
  const chosen = selected.size ? rows.filter((row) => selected.has(row)).length : 0;
  box.checked = chosen > 0 && chosen === rows.length;
  box.indeterminate = chosen > 0 && chosen < rows.length;
}

function showCurrent(table: Tabulator, row: number): void {
  if (row >= 0 && table.getRow(row)) void table.scrollToRow(row, "nearest", false).catch(() => undefined);
}

const STEPS: { [key: string]: number } = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

function onKey(event: KeyboardEvent, table: Tabulator | null, props: TableProps, cursor: { current: number }): void {
  const element = (event.target as Element).closest<HTMLElement>(".tabulator-row");
  if (!element || !table || event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = Number(element.dataset["row"]);
  const step = STEPS[event.key];
  if (event.key === "Enter") props.onOpen(row);
  else if (event.key === " ") props.onSelect([row], !props.selected.has(row));
  else if (step !== undefined) moveTo(table, props, cursor, props.rows.indexOf(row) + step);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function moveTo(table: Tabulator, props: TableProps, cursor: { current: number }, position: number): void {
  const row = props.rows[Math.max(0, Math.min(props.rows.length - 1, position))];
  if (row === undefined) return;
  cursor.current = row;
  void table.scrollToRow(row, "nearest", false).then(() => focusRow(table, row));
  if (props.current >= 0) props.onOpen(row);
}

function hasFocusedRow(place: HTMLElement | null): boolean {
  return !!place?.contains(document.activeElement) && !!document.activeElement?.matches(".tabulator-row");
}

/** Focus a row if the focused element was removed, unless the reader has focused another one since. */
function focusAgain(table: Tabulator, row: number): void {
  if (document.activeElement === document.body) focusRow(table, row);
}

function focusRow(table: Tabulator, row: number): void {
  const element = row >= 0 && table.getRow(row);
  if (!element) return;
  element.getElement().tabIndex = 0;
  element.getElement().focus({ preventScroll: true });
}
