/** The columns of the samples table as Tabulator wants them. */

import type { ColumnDefinition } from "tabulator-tables";
import type { Column } from "../data";
import { visible } from "../sample/text/visible_text";
import { cardNode, cellNode, element } from "./cells";
import { titleOf, widthOf } from "./layout";
import type { View } from "../view";
import type { TableProps } from "./table";

/** How the rows are laid out: the last with the first columns frozen. */
export type Look = "cards" | "columns" | "frozen";

const FROZEN = ["outcome", "sample"];

/** Column definitions. Titles are nodes: Tabulator would read a text as HTML. */
export function definitions(latest: { current: TableProps }, look: Look): ColumnDefinition[] {
  const { columns } = latest.current;
  if (look === "cards") return [selectColumn(latest, false), cardColumn(latest)];
  let frozen = look === "frozen";
  const shown = columns.map((column) => {
    frozen &&= FROZEN.includes(column.name);
    return dataColumn(latest, column, frozen);
  });
  return [selectColumn(latest, look === "frozen"), ...shown];
}

function dataColumn(latest: { current: TableProps }, column: Column, frozen: boolean): ColumnDefinition {
  const align = column.kind === "number" ? "right" : "left";
  return {
    title: "",
    field: `column${latest.current.columns.indexOf(column)}`, // a name may hold dots, which Tabulator reads as a path
    frozen,
    hozAlign: align,
    headerHozAlign: align,
    cssClass: `cell-${column.kind}`,
    ...widthOf(column),
    formatter: (cell) => {
      const { index, columns, terms } = latest.current; // the index of a page that is still growing is replaced
      return cellNode(index, columns.find(({ name }) => name === column.name) ?? column, cell.getData().id, terms);
    },
    titleFormatter: () => heading(latest, column),
  };
}

function heading(latest: { current: TableProps }, column: Column): Node {
  const title = element("span", "sort-title", visible(titleOf(latest.current.index, column)));
  const button = element("button", "sort", title, element("span", "sort-arrow")) as HTMLButtonElement;
  button.type = "button";
  button.dataset["column"] = column.name;
  button.title = visible(column.name === column.title ? column.name : `${column.title} (${column.name})`);
  button.addEventListener("click", (event) => latest.current.onSort(column.name, event.shiftKey));
  return button;
}

/** Show the order in the headings: an arrow for the eye, `aria-sort` for screen readers. */
export function showSort(place: HTMLElement | null, sort: View["sort"]): void {
  for (const button of place?.querySelectorAll<HTMLElement>("button.sort") ?? []) {
    const position = sort.findIndex(({ column }) => column === button.dataset["column"]);
    const direction = position < 0 ? "none" : sort[position]?.descending ? "descending" : "ascending";
    button.closest("[role=columnheader]")?.setAttribute("aria-sort", direction);
    const arrow = { none: "", ascending: "▲", descending: "▼" }[direction];
    const rank = sort.length > 1 && arrow ? String(position + 1) : "";
    button.querySelector(".sort-arrow")?.replaceChildren(arrow + rank);
  }
}

function selectColumn(latest: { current: TableProps }, frozen: boolean): ColumnDefinition {
  return {
    title: "",
    field: "select",
    width: 38,
    minWidth: 38,
    frozen,
    resizable: false,
    cssClass: "cell-select",
    formatter: (cell) => rowBox(latest, cell.getData().id),
    titleFormatter: () => {
      const box = checkbox("Select all shown samples");
      box.className = "select-all";
      box.addEventListener("change", () => latest.current.onSelect(latest.current.rows, box.checked));
      return box;
    },
  };
}

let anchor = -1; // the row whose box was clicked last

/** A click with Shift selects the rows from the box that was clicked before. */
function rowBox(latest: { current: TableProps }, row: number): Node {
  const box = checkbox("Select this sample");
  box.tabIndex = -1; // the space bar selects the focused row
  box.checked = latest.current.selected.has(row);
  box.addEventListener("click", (event) => {
    const { rows, onSelect } = latest.current;
    const [first = -1, last = -1] = [rows.indexOf(anchor), rows.indexOf(row)].sort((a, b) => a - b);
    onSelect(event.shiftKey && first >= 0 ? rows.slice(first, last + 1) : [row], box.checked);
    anchor = row;
  });
  return box;
}

function checkbox(label: string): HTMLInputElement {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.setAttribute("aria-label", label);
  return box;
}

function cardColumn(latest: { current: TableProps }): ColumnDefinition {
  return {
    title: "",
    field: "card",
    minWidth: 200,
    widthGrow: 1,
    resizable: false,
    cssClass: "cell-card",
    formatter: (cell) => {
      const { index, columns, terms } = latest.current;
      return cardNode(index, columns, cell.getData().id, terms);
    },
    titleFormatter: () => document.createTextNode(""),
  };
}
