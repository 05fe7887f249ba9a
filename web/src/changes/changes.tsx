/** What changed against the baseline or the other run: cells by verdict, and the samples that changed. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { PageProps } from "../app";
import type { ChangedCell, Changes, Flip } from "../data";
import { useView } from "../view";
import { CellSection, needsReview, NoiseWords, Verdict } from "./cell";
import { CellTable } from "./cell_table";
import { Controls } from "./controls";
import { counted } from "../numbers";
import { isNarrowed, Records, shownBy, shownFlips, sortedCells, verdictOf, VERDICTS } from "./model";
import { noiseOf } from "./noise";
import type { DiffView } from "./text_diff";

export function ChangesTab(page: PageProps) {
  const { changes } = page;
  const compared = changes !== null && changes.cells.length + changes.faults.length + changes.only_new.length > 0;
  return (
    <div class="changes-frame">
      {compared ? <Comparison {...page} changes={changes} /> : <Nothing notes={changes?.notes ?? []} />}
    </div>
  );
}

function Comparison({ changes, overview, index, source }: PageProps & { changes: Changes }) {
  const view = useView();
  const [diffView, setDiffView] = useState<DiffView>("one text");
  const records = useMemo(() => new Records(index, overview, changes), [index, overview, changes]);
  const cells = useMemo(() => sortedCells(changes.cells), [changes]);
  const noise = useMemo(() => noiseOf(changes.cells.filter((cell) => cell.flips.length > 0)), [changes]);
  const shown = useMemo(() => shownBy(view.filters, view.search), [view.filters, view.search]);
  const inputOf = (cell: ChangedCell) => (flip: Flip) =>
    ["input", "target"].map((name) => records.text(records.of(cell, flip, "new")[0], name) ?? "").join("\n");
  const listed = cells.map((cell, i) => ({ cell, id: `cell-${i}`, flips: shownFlips(cell, shown, inputOf(cell)) }));
  const filtered = isNarrowed(shown);
  const n = listed.reduce((sum, { flips }) => sum + flips.length, 0);
  const [revealed, setRevealed] = useState<ReadonlySet<string>>(new Set());
  const [wanted, setWanted] = useState<string | null>(null);
  const sections = listed.filter(({ cell, id, flips }) => flips.length > 0 || revealed.has(id) || (!filtered && needsReview(cell)));
  useEffect(() => {
    const section = wanted === null ? null : document.getElementById(wanted);
    section?.scrollIntoView({ block: "start" });
    section?.focus({ preventScroll: true });
    setWanted(null);
  }, [wanted]);
  const reveal = (id: string) => {
    setRevealed(new Set([...revealed, id]));
    setWanted(id);
  };
  const tasks = [...new Set(cells.map(({ cell }) => cell[0]))];
  const total = cells.reduce((sum, { flips }) => sum + flips.length, 0);
  return (
    <div class="changes">
      <Headline changes={changes} comparison={overview.kind === "comparison"} />
      <Remarks changes={changes} />
      {total === 0 && changes.cells.length > 0 && <p>No sample changed its score in {counted(changes.cells.length, "cell")}.</p>}
      {changes.cells.length > 0 && <CellTable rows={listed} shown={shown.tasks} reveal={reveal} />}
      {total > 0 && <Controls {...{ view, cells, tasks, diffView, setDiffView }} shown={shown} n={n} />}
      {sections.length > 0 && <NoiseWords sentences={noise.common} />}
      {filtered && sections.length === 0 && <p class="muted">No changed sample fits the filters.</p>}
      {sections.map(({ cell, id, flips }) => (
        <CellSection key={id} {...{ cell, id, flips, records, source }} noise={noise.of(cell)} view={diffView} openKey={view.sample} startOpen={n === 1} />
      ))}
      {changes.only_new.length > 0 && overview.kind === "run" && <MakeBaseline />}
    </div>
  );
}

function Headline({ changes, comparison }: { changes: Changes; comparison: boolean }) {
  const verdicts = VERDICTS.map(({ verdict }) => ({ verdict, n: changes.cells.filter((cell) => cell.verdict === verdict).length }));
  return (
    <section class="changes-head">
      <h2>
        {comparison ? changes.new : "This run"} <span class="muted">against</span> {changes.old}
        {changes.cells.length === 0 && <span class="muted">: nothing was compared</span>}
      </h2>
      {changes.cells.length > 0 && (
        <ul class="change-verdicts" aria-label="Cells by verdict">
          {verdicts.map(
            ({ verdict, n }) =>
              n > 0 && (
                <li>
                  <Verdict verdict={verdict} /> <strong>{n}</strong> <span class="muted">{verdictOf(verdict).meaning}</span>
                </li>
              ),
          )}
        </ul>
      )}
    </section>
  );
}

const keyText = (key: readonly string[]) => `${key[0]} ${key[1]} ${key[2]}:${key[3]}`;
const MAX_KEYS = 20;

/** What a reader must know before the cells: faults, cells of one side only, why something was left out. */
function Remarks({ changes }: { changes: Changes }) {
  return (
    <>
      {changes.faults.map((fault) => (
        <p class="notice error">Cannot be compared: {fault}</p>
      ))}
      {changes.notes.map((note) => (
        <p class="notice">{note}</p>
      ))}
      <OneSide title={`only in ${changes.old}`} keys={changes.only_old} />
      <OneSide title={`without a partner in ${changes.old}`} keys={changes.only_new} />
    </>
  );
}

function OneSide({ title, keys }: { title: string; keys: readonly (readonly string[])[] }) {
  if (!keys.length) return null;
  return (
    <details class="notice">
      <summary>
        {counted(keys.length, "cell")} {title}
      </summary>
      <ul>
        {keys.slice(0, MAX_KEYS).map((key) => (
          <li>{keyText(key)}</li>
        ))}
        {keys.length > MAX_KEYS && <li>and {keys.length - MAX_KEYS} more</li>}
      </ul>
    </details>
  );
}

function Nothing({ notes }: { notes: string[] }) {
  return (
    <div class="changes">
      <h2>Nothing was compared</h2>
      {notes.length === 0 && <p>This run has no baseline.</p>}
      {notes.map((note) => (
        <p class="notice">{note}</p>
      ))}
      <MakeBaseline />
    </div>
  );
}

const COMMANDS: readonly [string, string][] = [
  ["pytest evals --snapshot-update", "writes snapshots, which later runs are compared with; a snapshot holds answers, no outputs"],
  ["pytest evals --baseline RUN", "compares with an earlier run, outputs included; `last` is the latest one"],
  ["hiddenlayer compare OLD NEW --html changes.html", "writes a page like this one for any two runs, snapshots or git refs"],
];

function MakeBaseline() {
  return (
    <section class="make-baseline">
      <h3>How to compare</h3>
      <dl>
        {COMMANDS.map(([command, meaning]) => (
          <div>
            <dt>
              <code>{command}</code>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
