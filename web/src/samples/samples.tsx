/** The table of samples: one row per record, with search, filters, columns and export. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { PageProps } from "../app";
import { keyAt, rowOf } from "../columns";
import { showView, useView, type View } from "../view";
import { termsOf } from "./cells";
import { ColumnMenu } from "./column_menu";
import { ExportMenu } from "./export";
import { Chips, FilterMenus, Presets } from "./filters";
import { shownColumns } from "./layout";
import { setOrder } from "./order";
import { PrintedTable } from "./printed";
import { filteredRows, sortedRows } from "./rows";
import { SearchBox, useSearch } from "./search_box";
import { SortMenu } from "./sort_menu";
import { SampleTable } from "./table";

export function SamplesTab({ index, source, overview }: PageProps) {
  const view = useView();
  const search = useSearch(source, index, view.search);
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const filterKey = JSON.stringify(view.filters);
  const sortKey = JSON.stringify(view.sort);
  const columnKey = JSON.stringify(view.columns);
  const filtered = useMemo(() => filteredRows(index, view.filters, search.found), [index, filterKey, search.found]);
  const rows = useMemo(() => sortedRows(index, filtered, view.sort), [filtered, sortKey]);
  const sort = useMemo(() => view.sort, [sortKey]);
  const columns = useMemo(() => shownColumns(index, view.columns), [index, columnKey]);
  const terms = useMemo(() => termsOf(search.words), [search.words]);
  const current = useMemo(() => (view.sample === null ? -1 : rowOf(index, view.sample)), [index, view.sample]);
  const chosen = useMemo(() => rows.filter((row) => selected.has(row)), [rows, selected]);
  useEffect(() => setOrder(rows), [rows]);

  if (index.n === 0) return <p class="no-samples">This run has no samples.</p>;
  const filters = { index, filters: view.filters, found: search.found };
  return (
    <section class="samples" aria-label="Samples">
      <div class="samples-bar">
        <SearchBox text={view.search} search={search} n={index.n} />
        <Presets {...filters} />
      </div>
      <div class="samples-bar">
        <FilterMenus {...filters} />
        <div class="bar-end">
          <SortMenu index={index} sort={sort} />
          <ColumnMenu index={index} shown={columns} chosen={view.columns !== null} />
          <ExportMenu index={index} columns={columns} rows={chosen.length ? chosen : rows} title={overview.title} />
        </div>
      </div>
      <Chips index={index} filters={view.filters} />
      <p class="shown">
        <span role="status">{countText(rows.length, index.n, chosen.length)}</span>
        {selected.size > 0 && (
          <button type="button" class="link-button" onClick={() => setSelected(new Set())}>
            Clear selection
          </button>
        )}
        {isNarrowed(view) && (
          <button type="button" class="link-button" onClick={() => showView({ filters: [], search: "", sort: [] })}>
            Reset
          </button>
        )}
      </p>
      {rows.length === 0 && <p class="no-samples">No sample matches. Remove a filter or change the search.</p>}
      <SampleTable
        index={index}
        rows={rows}
        columns={columns}
        sort={sort}
        terms={terms}
        current={current}
        selected={selected}
        onSort={(column, add) => showView({ sort: nextSort(view.sort, column, add) })}
        onSelect={(changed, on) => setSelected((before) => withRows(before, changed, on))}
        onOpen={(row) => showView({ sample: keyAt(index, row) }, { replace: view.sample !== null })}
      />
      <PrintedTable index={index} columns={columns} rows={rows} />
    </section>
  );
}

function isNarrowed({ filters, search, sort }: View): boolean {
  return filters.length > 0 || search !== "" || sort.length > 0;
}

function countText(shown: number, all: number, selected: number): string {
  const text = `${shown.toLocaleString("en")} of ${all.toLocaleString("en")} samples`;
  return selected ? `${text}, ${selected.toLocaleString("en")} selected` : text;
}

/** Ascending, descending, unsorted in turn. With `add` the other sorted columns stay. */
function nextSort(sort: View["sort"], column: string, add: boolean): View["sort"] {
  const present = sort.find((key) => key.column === column);
  const next = !present ? { column, descending: false } : present.descending ? null : { column, descending: true };
  if (!add) return next ? [next] : [];
  if (!present) return [...sort, { column, descending: false }];
  return sort.flatMap((key) => (key === present ? (next ?? []) : key));
}

function withRows(before: ReadonlySet<number>, rows: readonly number[], on: boolean): ReadonlySet<number> {
  const after = new Set(before);
  for (const row of rows) {
    if (on) after.add(row);
    else after.delete(row);
  }
  return after;
}
