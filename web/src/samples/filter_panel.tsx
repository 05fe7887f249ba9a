/** The panel that filters by one column: values with counts, a range, or a text to contain. */

import { useState } from "preact/hooks";
import type { Column } from "../data";
import { showView, type Filter } from "../view";
import { facetOf, rangeOf, type Facet } from "./facets";
import { unknownWord, type FilterProps } from "./filters";

const MANY = 10; // values: with more, there is a box to look for one
const MOST = 200; // values in the list

type PanelProps = FilterProps & { column: Column };

export function FilterPanel(props: PanelProps) {
  const { index, column, filters, found } = props;
  const facet = facetOf(index, column, filters, found);
  return (
    <>
      {column.kind === "category" && <Values {...props} facet={facet} />}
      {column.kind === "number" && <Range {...props} />}
      {column.kind === "text" && <Contains {...props} />}
      {column.kind !== "category" && <Unknown {...props} count={facet.unknown} />}
      <div class="panel-foot">
        <button
          type="button"
          disabled={!filters.some((filter) => filter.column === column.name)}
          onClick={() => showView({ filters: filters.filter((filter) => filter.column !== column.name) })}
        >
          Clear
        </button>
      </div>
    </>
  );
}

/** Show the filters with one condition added or removed. */
function toggle(filters: Filter[], filter: Filter, on: boolean): void {
  const others = filters.filter(
    ({ column, operator, value }) =>
      column !== filter.column || operator !== filter.operator || (value !== filter.value && operator !== "unknown"),
  );
  showView({ filters: on ? [...others, filter] : others });
}

function Values({ column, filters, facet, ...rest }: PanelProps & { facet: Facet }) {
  const [text, setText] = useState("");
  const shown = facet.values.filter(({ value }) => value.toLowerCase().includes(text.toLowerCase()));
  return (
    <>
      {facet.values.length > MANY && (
        <input
          type="search"
          placeholder="Find a value"
          aria-label="Find a value"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      )}
      <ul class="values">
        {shown.slice(0, MOST).map(({ value, count }) => {
          const filter: Filter = { column: column.name, operator: "is", value };
          const on = filters.some((other) => other.column === column.name && other.operator === "is" && other.value === value);
          return (
            <li>
              <label class={count ? "" : "empty"}>
                <input type="checkbox" checked={on} onChange={(event) => toggle(filters, filter, event.currentTarget.checked)} />
                <span class="value">{value || "(empty)"}</span>
                <span class="count">{count.toLocaleString("en")}</span>
              </label>
            </li>
          );
        })}
        {(facet.unknown > 0 || filters.some((other) => other.column === column.name && other.operator === "unknown")) && (
          <li>
            <Unknown {...rest} column={column} filters={filters} count={facet.unknown} />
          </li>
        )}
      </ul>
      {shown.length > MOST && <p class="hint">{`${(shown.length - MOST).toLocaleString("en")} more values: type to find one.`}</p>}
    </>
  );
}

function Unknown({ column, filters, count }: PanelProps & { count: number }) {
  const on = filters.some((other) => other.column === column.name && other.operator === "unknown");
  const filter: Filter = { column: column.name, operator: "unknown", value: "" };
  return (
    <label class={count ? "unknown" : "unknown empty"}>
      <input type="checkbox" checked={on} onChange={(event) => toggle(filters, filter, event.currentTarget.checked)} />
      <span class="value">{unknownWord(column)}</span>
      <span class="count">{count.toLocaleString("en")}</span>
    </label>
  );
}

/** Show the filters with the only condition of this operator on the column; an empty value removes it. */
function replace({ column, filters }: PanelProps, operator: Filter["operator"], value: string): void {
  const others = filters.filter((filter) => filter.column !== column.name || filter.operator !== operator);
  showView({ filters: value.trim() ? [...others, { column: column.name, operator, value: value.trim() }] : others });
}

function valueOf({ column, filters }: PanelProps, operator: Filter["operator"]): string {
  return filters.find((filter) => filter.column === column.name && filter.operator === operator)?.value ?? "";
}

function Range(props: PanelProps) {
  const range = rangeOf(props.column);
  const bound = (operator: ">=" | "<=", title: string, known: number | undefined) => (
    <label>
      {title}
      <input
        type="number"
        step="any"
        placeholder={known === undefined ? "" : String(known)}
        value={valueOf(props, operator)}
        onChange={(event) => replace(props, operator, event.currentTarget.value)}
      />
    </label>
  );
  return (
    <>
      <div class="range">
        {bound(">=", "At least", range?.[0])}
        {bound("<=", "At most", range?.[1])}
      </div>
      <p class="hint">{range ? `The values are from ${range[0]} to ${range[1]}.` : "No value is known."}</p>
    </>
  );
}

function Contains(props: PanelProps) {
  return (
    <label class="contains">
      Contains
      <input
        type="search"
        value={valueOf(props, "contains")}
        onChange={(event) => replace(props, "contains", event.currentTarget.value)}
      />
      <span class="hint">Looks at the first 200 characters. The search above looks at whole texts.</span>
    </label>
  );
}
