/** One changed sample: what changed in a line; both answers, the text difference and what is known of noise below. */

import { useEffect, useState } from "preact/hooks";
import type { ChangedCell, Flip, FlipSide } from "../data";
import type { Source } from "../source";
import { hrefOf } from "../view";
import { plainScore, probability, shortened } from "./format";
import { kindOf, type Records } from "./model";
import { TextDiff, type DiffView } from "./text_diff";
import { visible } from "../sample/text/visible_text";

interface FlipProps {
  cell: ChangedCell;
  flip: Flip;
  records: Records;
  source: Source;
  view: DiffView;
  openKey: string | null; // of the record in the pane
  startOpen: boolean;
}

export function FlipItem(props: FlipProps) {
  const { cell, flip, records, openKey } = props;
  const [open, setOpen] = useState(props.startOpen);
  const { title, sign, tone } = kindOf(flip.kind);
  const rows = [...records.of(cell, flip, "old"), ...records.of(cell, flip, "new")];
  const telling = (side: "old" | "new") => records.text(records.telling(records.of(cell, flip, side), flip, side), "answer");
  const inPane = openKey !== null && rows.some((row) => records.key(row) === openKey);
  return (
    <li class={`flip ${tone}${inPane ? " in-pane" : ""}`}>
      <button type="button" class="flip-head" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class={`change-badge ${tone}`}>
          <span aria-hidden="true">{sign}</span> {title}
        </span>
        <span class="sample-id" title={flip.sample.length > LONG_ID ? flip.sample : undefined}>
          {visible(shortened(flip.sample, LONG_ID))}
        </span>
        <span class="answers">
          <Answer side={flip.old} answer={telling("old")} /> <span class="arrow">→</span>{" "}
          <Answer side={flip.new} answer={telling("new")} />
        </span>
        <span class="flip-scores">
          {plainScore(flip.old.score)} <span class="arrow">→</span> {plainScore(flip.new.score)}
        </span>
        <span class="chance" title="Fisher's exact test of the epochs that are right">
          {flip.p_epochs !== null && `p ${probability(flip.p_epochs)}`}
        </span>
      </button>
      {open && <FlipBody {...props} />}
    </li>
  );
}

const LONG_ID = 80;
const SHORT = 60;

/** The answer of the record that is shown first, else the one that the comparison holds. */
function Answer({ side, answer }: { side: FlipSide; answer: string | null }) {
  const whole = answer ?? side.answer;
  if (whole === null) return <span class="answer muted">{side.outcome && side.score === null ? side.outcome : "no answer"}</span>;
  const text = whole.slice(0, 1000).replace(/\s+/g, " ").trim();
  return <span class="answer">{visible(shortened(text, SHORT)) || "(empty)"}</span>;
}

function FlipBody({ cell, flip, records, source, view }: FlipProps) {
  const oldRows = records.of(cell, flip, "old");
  const newRows = records.of(cell, flip, "new");
  const [oldRow, setOldRow] = useState(() => records.telling(oldRows, flip, "old"));
  const [newRow, setNewRow] = useState(() => records.telling(newRows, flip, "new"));
  const known = newRow ?? oldRow;
  const input = records.text(known, "input");
  const target = records.text(known, "target");
  return (
    <div class="flip-body">
      {flip.noise && <p class="noise">{flip.noise}</p>}
      <dl class="change-facts">
        {flip.sample.length > LONG_ID && <Fact name="sample" text={flip.sample} />}
        {input !== null && <Fact name="input" text={input} />}
        {target !== null && <Fact name="target" text={target} />}
        {scorersOf(flip).map((name) => (
          <Fact name={name} text={`${plainScore(flip.old.scores[name])} → ${plainScore(flip.new.scores[name])}`} />
        ))}
      </dl>
      <div class="sides">
        <SideFacts title="Old" cell={cell} side="old" flip={flip.old} rows={oldRows} row={oldRow} choose={setOldRow} records={records} />
        <SideFacts title="New" cell={cell} side="new" flip={flip.new} rows={newRows} row={newRow} choose={setNewRow} records={records} />
      </div>
      <Texts cell={cell} flip={flip} oldRow={oldRow} newRow={newRow} source={source} view={view} />
      <p class="links">
        {oldRow !== undefined && <a href={hrefOf({ sample: records.key(oldRow) })}>Open the old record</a>}
        {newRow !== undefined && <a href={hrefOf({ sample: records.key(newRow) })}>Open the new record</a>}
        {known !== undefined && (
          <a href={hrefOf({ tab: "samples", sample: null, search: "", filters: sampleFilters(cell, flip) })}>
            This sample in the samples table
          </a>
        )}
        <a href={hrefOf({ tab: "changes", sample: null, search: "", filters: sampleFilters(cell, flip) })}>Link to this change</a>
      </p>
    </div>
  );
}

const sampleFilters = (cell: ChangedCell, flip: Flip) => [
  { column: "task", operator: "is" as const, value: cell.cell[0] },
  { column: "sample", operator: "is" as const, value: flip.sample },
];

/** Scorers that either side has, but the first: its score is in the line above. */
function scorersOf(flip: Flip): string[] {
  const names = new Set([...Object.keys(flip.old.scores), ...Object.keys(flip.new.scores)]);
  return names.size > 1 ? [...names] : [];
}

function Fact({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{visible(text)}</dd>
    </div>
  );
}

interface SideProps {
  title: string;
  cell: ChangedCell;
  side: "old" | "new";
  flip: FlipSide;
  rows: number[];
  row: number | undefined;
  choose: (row: number) => void;
  records: Records;
}

function SideFacts({ title, cell, side, flip, rows, row, choose, records }: SideProps) {
  const answer = row === undefined ? flip.answer : records.text(row, "answer");
  return (
    <section aria-label={`${title} answer`}>
      <h5>
        {title} <span class="muted">{cell[side].name}</span>
      </h5>
      <p>
        <span class="muted">answer</span> <code class="answer">{visible(answer ?? flip.answer ?? "none")}</code>
        <span class="muted"> score</span> {plainScore(flip.score)}
        {flip.outcome !== null && <span class="muted"> {flip.outcome}</span>}
        {flip.confidence !== null && <span class="muted"> confidence {flip.confidence.toFixed(2)}</span>}
      </p>
      {rows.length > 1 ? (
        <p class="epochs" role="group" aria-label={`Epochs of the ${side} side`}>
          {rows.map((other) => (
            <button type="button" aria-pressed={other === row} onClick={() => choose(other)}>
              epoch {records.number(other, "epoch") ?? "?"}: {plainScore(records.number(other, "score"))}
            </button>
          ))}
        </p>
      ) : (
        flip.epoch_scores !== null &&
        flip.epoch_scores.length > 1 && <p class="muted">scores of the epochs: {flip.epoch_scores.map(plainScore).join(", ")}</p>
      )}
    </section>
  );
}

interface TextsProps {
  cell: ChangedCell;
  flip: Flip;
  oldRow: number | undefined;
  newRow: number | undefined;
  source: Source;
  view: DiffView;
}

/** The difference of both outputs, or of the answers if a side has no output. */
function Texts({ cell, flip, oldRow, newRow, source, view }: TextsProps) {
  const [texts, setTexts] = useState<[string | null, string | null] | string | null>(null);
  useEffect(() => {
    let shown = true;
    const sides = [
      [oldRow, flip.old.output],
      [newRow, flip.new.output],
    ] as const;
    Promise.all(sides.map(([row, output]) => (row === undefined ? output : source.record(row).then((record) => record.output))))
      .then(([old, now]) => shown && setTexts([old ?? null, now ?? null]))
      .catch((error: unknown) => shown && setTexts(String(error)));
    return () => {
      shown = false;
    };
  }, [flip, oldRow, newRow, source]);
  if (texts === null) return <p class="muted">Reading the outputs …</p>;
  if (typeof texts === "string") return <p class="muted">The outputs cannot be read: {texts}</p>;
  const [old, now] = texts;
  if (old !== null && now !== null) return <TextDiff old={old} now={now} what="output" view={view} />;
  const snapshots = [old === null && cell.old.answers_only, now === null && cell.new.answers_only];
  const missing = old === null && now === null ? "either side" : old === null ? "the old side" : "the new side";
  return (
    <>
      <p class="muted">
        No output on {missing}
        {snapshots.some(Boolean) ? ": a snapshot holds answers only" : ""}.
      </p>
      {old === null && now === null && flip.old.answer !== null && flip.new.answer !== null ? (
        <TextDiff old={flip.old.answer} now={flip.new.answer} what="answer" view={view} />
      ) : (
        <Only title={old === null ? "Output now" : "Output before"} text={old ?? now} />
      )}
    </>
  );
}

function Only({ title, text }: { title: string; text: string | null }) {
  if (text === null) return null;
  return (
    <section>
      <h5>{title}</h5>
      <pre class="text">{visible(text)}</pre>
    </section>
  );
}
