/** The menu that sorts without column headings, as cards have none. */

import type { Index } from "../data";
import { showView, type View } from "../view";
import { titleOf } from "./layout";
import { Menu } from "./menu";

export function SortMenu({ index, sort }: { index: Index; sort: View["sort"] }) {
  const first = sort[0];
  const show = (column: string, descending: boolean) =>
    showView({ sort: column ? [{ column, descending }] : [] }, { replace: true });
  return (
    <Menu title="Sort" active={sort.length > 0}>
      {() => (
        <div class="sort-panel">
          <label>
            By
            <select value={first?.column ?? ""} onChange={(event) => show(event.currentTarget.value, first?.descending ?? false)}>
              <option value="">as recorded</option>
              {index.columns.map((column) => (
                <option value={column.name}>{titleOf(index, column)}</option>
              ))}
            </select>
          </label>
          <label>
            <input
              type="checkbox"
              disabled={!first}
              checked={first?.descending ?? false}
              onChange={(event) => first && show(first.column, event.currentTarget.checked)}
            />
            descending
          </label>
          <p class="hint">A click on a column heading sorts by it; with Shift, after the columns sorted by already.</p>
        </div>
      )}
    </Menu>
  );
}
