/** The filters of the samples table: one menu per column, presets, and a chip per condition. */

import { useMemo, useRef, useState } from "preact/hooks";
import { columnOf } from "../columns";
import type { Column, Index } from "../data";
import { hrefOf, showView, type Filter } from "../view";
import { FilterPanel } from "./filter_panel";
import { isActive, isVaried, presets, quickColumns, withPreset } from "./facets";
import { titleOf } from "./layout";
import { Menu } from "./menu";
import { countRows } from "./rows";

export interface FilterProps {
  index: Index;
  filters: Filter[];
  found: Uint8Array | null;
}

/** Links to the views that a reviewer starts with, with their counts. */
export function Presets({ index, filters, found }: FilterProps) {
  const key = JSON.stringify(filters);
  const counted = useMemo(
    () =>
      presets(index).map((preset) => {
        const wanted = withPreset(filters, preset);
        return { preset, wanted, count: countRows(index, wanted, found) };
      }),
    [index, key, found],
  );
  return (
    <nav class="presets" aria-label="Samples to show">
      {counted.map(({ preset, wanted, count }) => (
        <a href={hrefOf({ filters: wanted })} aria-current={isActive(filters, preset) ? "true" : undefined}>
          {preset.title} <span class="count">{count.toLocaleString("en")}</span>
        </a>
      ))}
    </nav>
  );
}

/** A menu per usual column, per column that has a filter, and one to add another column. */
export function FilterMenus(props: FilterProps) {
  const { index, filters } = props;
  const group = useRef<HTMLDivElement>(null);
  const [added, setAdded] = useState<string | null>(null);
  const quick = quickColumns(index);
  const others = index.columns.filter((column) => !quick.includes(column) && column.name !== "key");
  const shown = others.filter(({ name }) => name === added || filters.some(({ column }) => column === name));
  return (
    <div class="filter-menus" role="group" aria-label="Filters" ref={group}>
      {[...quick, ...shown].map((column) => {
        const n = filters.filter((filter) => filter.column === column.name).length;
        const title = titleOf(index, column);
        return (
          <Menu
            key={column.name}
            title={n ? `${title} (${n})` : title}
            label={`Filter by ${title}`}
            active={n > 0}
            open={column.name === added}
            onClose={(byKeyboard) => {
              if (column.name !== added) return;
              setAdded(null);
              if (byKeyboard && !n) group.current?.querySelector<HTMLElement>(":scope > .menu:last-child > button")?.focus();
            }}
          >
            {() => <FilterPanel {...props} column={column} />}
          </Menu>
        );
      })}
      <Menu title="More filters" label="Filter by another column">
        {(close) => (
          <OtherColumns
            columns={others.filter((column) => !shown.includes(column) && isVaried(column))}
            title={(column) => titleOf(index, column)}
            choose={(column) => {
              close();
              setAdded(column.name);
            }}
          />
        )}
      </Menu>
    </div>
  );
}

interface OtherProps {
  columns: readonly Column[];
  title: (column: Column) => string;
  choose: (column: Column) => void;
}

function OtherColumns({ columns, title, choose }: OtherProps) {
  const [text, setText] = useState("");
  return (
    <>
      <input
        type="search"
        placeholder="Find a column"
        aria-label="Find a column"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <ul class="values other-columns">
        {columns
          .filter((column) => title(column).toLowerCase().includes(text.toLowerCase()))
          .map((column) => (
            <li>
              <button type="button" onClick={() => choose(column)}>
                <span class="value">{title(column)}</span>
                {column.name.startsWith("metadata:") && <span class="count">metadata</span>}
                {column.name.startsWith("score:") && <span class="count">scorer</span>}
              </button>
            </li>
          ))}
      </ul>
    </>
  );
}

/** The conditions in force; each can be removed. */
export function Chips({ index, filters }: { index: Index; filters: Filter[] }) {
  if (!filters.length) return null;
  return (
    <ul class="chips" aria-label="Filters in force">
      {filters.map((filter) => {
        const text = describe(filter, index);
        return (
          <li>
            <span>{text}</span>
            <button
              type="button"
              aria-label={`Remove the filter ${text}`}
              onClick={() => showView({ filters: filters.filter((other) => other !== filter) })}
            >
              ×
            </button>
          </li>
        );
      })}
    </ul>
  );
}

const WORDS = { is: ": ", not: " is not ", contains: " contains ", "<=": " ≤ ", ">=": " ≥ ", unknown: "", known: "" };

/** A condition in words. */
export function describe({ column, operator, value }: Filter, index: Index): string {
  const found: Column | undefined = columnOf(index, column);
  const title = found ? titleOf(index, found) : `${column} (no such column)`;
  if (operator === "unknown") return `${title}: ${unknownWord(found)}`;
  if (operator === "known") return `${title}: any`;
  return title + WORDS[operator] + (operator === "contains" ? `“${value}”` : value || "(empty)");
}

export function unknownWord(column: Column | undefined): string {
  return column?.kind === "number" ? "unknown" : "none";
}
