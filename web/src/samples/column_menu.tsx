/** The menu that chooses the columns and their order. */

import { useState } from "preact/hooks";
import type { Column, Index } from "../data";
import { showView } from "../view";
import { titleOf } from "./layout";
import { Menu } from "./menu";

interface Props {
  index: Index;
  shown: readonly Column[];
  chosen: boolean; // the reader chose the columns
}

export function ColumnMenu(props: Props) {
  return (
    <Menu title="Columns" active={props.chosen}>
      {() => <ColumnList {...props} />}
    </Menu>
  );
}

function show(columns: readonly Column[]): void {
  showView({ columns: columns.map(({ name }) => name) }, { replace: true });
}

function ColumnList({ index, shown, chosen }: Props) {
  const [text, setText] = useState("");
  const others = index.columns.filter((column) => !shown.includes(column) && column.name !== "key");
  const matches = (column: Column) => titleOf(index, column).toLowerCase().includes(text.toLowerCase());
  return (
    <>
      {index.columns.length > 15 && (
        <input
          type="search"
          placeholder="Find a column"
          aria-label="Find a column"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      )}
      <ul class="values columns">
        {[...shown, ...others].filter(matches).map((column) => (
          <ColumnItem key={column.name} index={index} column={column} shown={shown} />
        ))}
      </ul>
      <div class="panel-foot">
        <button type="button" disabled={!chosen} onClick={() => showView({ columns: null }, { replace: true })}>
          Default columns
        </button>
      </div>
    </>
  );
}

function ColumnItem({ index, column, shown }: { index: Index; column: Column; shown: readonly Column[] }) {
  const position = shown.indexOf(column);
  const title = titleOf(index, column);
  const move = (step: number) => {
    const moved = [...shown];
    moved.splice(position, 1);
    moved.splice(position + step, 0, column);
    show(moved);
  };
  const only = position >= 0 && shown.length === 1; // a table without columns shows nothing
  return (
    <li>
      <label>
        <input
          type="checkbox"
          checked={position >= 0}
          disabled={only}
          onChange={() => show(position < 0 ? [...shown, column] : shown.filter((other) => other !== column))}
        />
        <span class="value">{title}</span>
        {column.name.startsWith("metadata:") && <span class="count">metadata</span>}
        {column.name.startsWith("score:") && <span class="count">scorer</span>}
      </label>
      {position >= 0 && (
        <span class="moves">
          <button type="button" aria-label={`Move ${title} to the left`} disabled={position === 0} onClick={() => move(-1)}>
            ↑
          </button>
          <button
            type="button"
            aria-label={`Move ${title} to the right`}
            disabled={position === shown.length - 1}
            onClick={() => move(1)}
          >
            ↓
          </button>
        </span>
      )}
    </li>
  );
}
