/** Filters of the changed samples, and how texts are compared. */

import type { ChangedCell } from "../data";
import { showView, type View } from "../view";
import { cleared, isNarrowed, kindOf, KINDS, toggled, without, type Shown } from "./model";
import type { DiffView } from "./text_diff";

interface ControlsProps {
  view: View;
  cells: ChangedCell[];
  tasks: string[];
  diffView: DiffView;
  setDiffView: (view: DiffView) => void;
  shown: Shown;
  n: number; // changed samples that are shown
}

/** Filters of the changed samples, kept in the address, and how texts are compared. */
export function Controls({ view, cells, tasks, diffView, setDiffView, shown, n }: ControlsProps) {
  const flips = cells.flatMap((cell) => cell.flips);
  const ofTasks = cells.filter(({ cell: [task] }) => !shown.tasks.size || shown.tasks.has(task)).flatMap((cell) => cell.flips);
  const kinds = KINDS.map((known) => ({ ...known, n: ofTasks.filter(({ kind }) => kind === known.kind).length }));
  const setTask = (task: string) => {
    const others = without(view.filters, "task");
    showView({ filters: task ? [...others, { column: "task", operator: "is", value: task }] : others });
  };
  const chosen = [...shown.tasks];
  return (
    <section class="change-controls" aria-label="Filters of the changed samples">
      <h2>Changed samples</h2>
      <div role="group" aria-label="Kinds of changes" class="kinds">
        {kinds.map(
          ({ kind, title, sign, tone, n }) =>
            (n > 0 || shown.kinds.has(title)) && (
              <button
                type="button"
                class={`change-badge ${tone}`}
                aria-pressed={shown.kinds.has(title)}
                onClick={() => showView({ filters: toggled(view.filters, "change", kindOf(kind).title) })}
              >
                <span aria-hidden="true">{sign}</span> {title} {n.toLocaleString("en")}
              </button>
            ),
        )}
      </div>
      {tasks.length > 1 && (
        <label>
          task{" "}
          <select value={chosen.length === 1 ? chosen[0] : ""} onChange={(event) => setTask(event.currentTarget.value)}>
            <option value="">{chosen.length > 1 ? `${chosen.length} tasks` : "all"}</option>
            {tasks.map((task) => (
              <option value={task}>{task}</option>
            ))}
          </select>
        </label>
      )}
      <label>
        text{" "}
        <input
          type="search"
          value={view.search}
          placeholder="sample or answer"
          onInput={(event) => showView({ search: event.currentTarget.value }, { replace: true })}
        />
      </label>
      <div role="group" aria-label="Difference of texts" class="segments">
        {(["one text", "side by side"] as const).map((name) => (
          <button type="button" aria-pressed={diffView === name} onClick={() => setDiffView(name)}>
            {name}
          </button>
        ))}
      </div>
      {isNarrowed(shown) && (
        <>
          <span role="status">
            {n.toLocaleString("en")} of {flips.length.toLocaleString("en")} shown
          </span>
          <button type="button" class="link" onClick={() => showView({ search: "", filters: cleared(view.filters) })}>
            Clear filters
          </button>
        </>
      )}
    </section>
  );
}
