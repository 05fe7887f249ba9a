/** Rows as CSV, Markdown and JSON lines, to save and to copy. */

import { useState } from "preact/hooks";
import { valueAt, type Cell } from "../columns";
import type { Column, Index } from "../data";
import { visible } from "../sample/text/visible_text";
import { titleOf } from "./layout";
import { Menu } from "./menu";

interface ExportProps {
  index: Index;
  columns: readonly Column[];
  rows: readonly number[]; // what is exported
  title: string; // of the page; names the file
}

/** CSV as RFC 4180 has it. What a spreadsheet would take for a formula gets a leading apostrophe. */
export function csvOf({ index, columns, rows }: Omit<ExportProps, "title">): string {
  const lines = [columns.map((column) => csvCell(titleOf(index, column)))];
  for (const row of rows) lines.push(columns.map((column) => csvCell(valueAt(column, row))));
  return lines.map((cells) => `${cells.join(",")}\r\n`).join("");
}

function csvCell(value: Cell): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = NUMBER.test(value) ? value : value.replace(FORMULA, "'$&").replace(INNER_FORMULA, "'");
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// As in export/tables.py: the second is where a program would find one that splits lines at semicolons or tabs.
const NUMBER = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const FORMULA = /^(?:'*[\s\u200b]*[=+\-@＝＋－＠]|'*[\t\r\n])/;
const INNER_FORMULA = /(?<=[;\t\r\n])(?='*[ "]{0,4}(?:[=@＝＠]|[+\-＋－][^;\t\r\n]*[(!|]))/g;

export function markdownOf({ index, columns, rows }: Omit<ExportProps, "title">): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const lines = rows.map((row) => line(columns.map((column) => markdownCell(valueAt(column, row)))));
  const aligned = columns.map(({ kind }) => (kind === "number" ? "---:" : "---"));
  return [line(columns.map((column) => markdownCell(titleOf(index, column)))), line(aligned), ...lines].join("\n") + "\n";
}

/** Numbers and plain words as they are; others in a code element, in which sites link no mention, issue or address. */
function markdownCell(value: Cell): string {
  if (value === null) return "?";
  const text = visible(String(value).replace(/\s+/g, " "));
  if (PLAIN.test(text) && !MEANT.test(text)) return text;
  const entities = text.replace(/[!-/:-@[-`{-~]/g, (sign) => `${sign === "@" ? "<wbr>" : ""}&#${sign.charCodeAt(0)};`);
  return text.trim() === "" ? "" : `<code>${entities}</code>`;
}

// As in report/markdown/text.py: what sites take for an issue or a commit, and the beginnings of lists.
const PLAIN = /^(?:[A-Za-z0-9 ,()+/%?·→-]|:(?= )|\$(?=[0-9])|(?<=[0-9])\.(?=[0-9]))*$/;
const MEANT = /\bGH-[0-9]|\b[0-9a-f]{7,64}\b|^\s*(?:[-+](?:\s|$)|[0-9]+\))/i;

export function jsonLinesOf({ columns, rows }: Omit<ExportProps, "title">): string {
  const fields = (row: number) => Object.fromEntries(columns.map((column) => [column.name, valueAt(column, row)]));
  return rows.map((row) => `${JSON.stringify(fields(row))}\n`).join("");
}

function save(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000); // the browser reads it after the click
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea"); // a frame or an old browser without a clipboard
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

export function ExportMenu(props: ExportProps) {
  const [said, setSaid] = useState("");
  const n = `${props.rows.length.toLocaleString("en")} ${props.rows.length === 1 ? "row" : "rows"}`;
  const copied = (text: string, format: string) => copy(text).then(() => setSaid(`Copied ${n} as ${format}.`));
  const name = `${props.title.replace(/[^\w.-]+/g, "-").slice(0, 80)}.csv`;
  return (
    <Menu title="Export" onClose={() => setSaid("")}>
      {() => (
        <div class="export">
          <p class="hint">{`${n} with the shown columns. Long texts are cut to 200 characters.`}</p>
          <button type="button" onClick={() => (save(csvOf(props), name), setSaid(`Saved ${n}.`))}>
            Download CSV
          </button>
          <button type="button" onClick={() => void copied(markdownOf(props), "Markdown")}>
            Copy as Markdown
          </button>
          <button type="button" onClick={() => void copied(jsonLinesOf(props), "JSON lines")}>
            Copy as JSON lines
          </button>
          <p role="status">{said}</p>
        </div>
      )}
    </Menu>
  );
}
