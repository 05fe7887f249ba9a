/** A plain table of the shown rows, made while the page is printed: the virtual one holds only what is on the screen. */

import { render, type ComponentChild } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { valueAt } from "../columns";
import type { Column, Index } from "../data";
import { cellText } from "./cells";
import { titleOf } from "./layout";

const MOST = 500; // rows

interface Props {
  index: Index;
  columns: readonly Column[];
  rows: readonly number[];
}

export function PrintedTable(props: Props) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    // Drawn within the event: the browser prints the page as it is after it.
    const draw = (content: ComponentChild) => place.current && render(content, place.current);
    const start = () => draw(<PlainTable {...latest.current} />);
    const end = () => draw(null);
    addEventListener("beforeprint", start);
    addEventListener("afterprint", end);
    return () => {
      removeEventListener("beforeprint", start);
      removeEventListener("afterprint", end);
    };
  }, []);
  return <div ref={place} />;
}

function PlainTable({ index, columns, rows }: Props) {
  const shown = rows.slice(0, MOST);
  return (
    <table class="printed">
      <caption>
        {`${rows.length.toLocaleString("en")} of ${index.n.toLocaleString("en")} samples`}
        {rows.length > MOST && `; the first ${MOST} are printed`}
      </caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th scope="col">{titleOf(index, column)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.map((row) => (
          <tr>
            {columns.map((column) => {
              const value = valueAt(column, row);
              return <td class={`cell-${column.kind}`}>{value === null ? "?" : cellText(column, value)}</td>;
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
