/** The same sample under other strategies, models, epochs and runs, and how its output differs there. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { columnOf, keyAt, rowOf, valueAt } from "../columns";
import type { Index, SampleRecord } from "../data";
import { score } from "../numbers";
import type { Source } from "../source";
import { hrefOf, showView } from "../view";
import { LongText } from "./text/long_text";
import { readRecord } from "./record";
import { Outcome } from "./verdict";
import { TextDifference } from "./text/text_difference";
import { visible, VisibleText } from "./text/visible_text";

const MAX_ROWS = 30;

interface Props {
  index: Index;
  source: Source;
  record: SampleRecord;
  row: number;
  compared: string | null; // key of the record that this one is compared with
}

export function ElsewhereView({ index, source, record, row, compared }: Props) {
  const rows = useMemo(() => rowsElsewhere(index, row), [index, row]);
  const [isWhole, setWhole] = useState(false);
  const columns = useMemo(() => varying(index, [row, ...rows]), [index, rows]);
  if (!rows.length) return <p class="muted">This page holds no other record of this sample.</p>;
  const cell = (name: string, at: number) => String(valueAt(columnOf(index, name), at) ?? "?");
  const all = [row, ...rows];
  const correct = all.filter((at) => cell("outcome", at) === "correct").length;
  return (
    <>
      <p class="muted">
        {correct} of {all.length} records of this sample are correct.
      </p>
      <div class="table-scroll">
        <table class="elsewhere">
          <caption class="off-screen">Other records of this sample</caption>
          <thead>
            <tr>
              {columns.map((name) => (
                <th scope="col">{name}</th>
              ))}
              <th scope="col">outcome</th>
              <th scope="col" class="number">
                score
              </th>
              <th scope="col">answer</th>
              <th scope="col">
                <span class="off-screen">comparison</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {[row, ...(isWhole ? rows : rows.slice(0, MAX_ROWS))].map((at) => {
              const key = keyAt(index, at);
              const isOpen = key === compared;
              return (
                <tr class={at === row ? "present" : ""}>
                  {columns.map((name, i) => (
                    <td>{i === 0 ? at === row ? <strong>{visible(cell(name, at))}</strong> : <a href={hrefOf({ sample: key })}>{visible(cell(name, at))}</a> : visible(cell(name, at))}</td>
                  ))}
                  <td>
                    <Outcome outcome={cell("outcome", at)} />
                  </td>
                  <td class="number">{score(valueAt(columnOf(index, "score"), at) as number | null)}</td>
                  <td class="answer">
                    <VisibleText text={String(valueAt(columnOf(index, "answer"), at) ?? "?")} />
                  </td>
                  <td>
                    {at === row ? (
                      <span class="muted">this one</span>
                    ) : (
                      <button
                        type="button"
                        aria-pressed={isOpen}
                        aria-label={`Compare with ${visible(columns.map((name) => cell(name, at)).join(", "))}`}
                        onClick={() => showView({ compared: isOpen ? null : key }, { replace: true })}
                      >
                        Compare
                      </button>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {!isWhole && rows.length > MAX_ROWS && (
        <p class="fold">
          {rows.length - MAX_ROWS} more records
          <button type="button" onClick={() => setWhole(true)}>
            Show all
          </button>
        </p>
      )}
      {compared !== null && <OtherOutput index={index} source={source} record={record} compared={compared} />}
    </>
  );
}

/** The rows of the index with the same task and sample. */
function rowsElsewhere(index: Index, row: number): number[] {
  const task = columnOf(index, "task");
  const sample = columnOf(index, "sample");
  const [wantedTask, wantedSample] = [valueAt(task, row), valueAt(sample, row)];
  const found = [];
  for (let at = 0; at < index.n; at++) {
    if (at !== row && valueAt(sample, at) === wantedSample && valueAt(task, at) === wantedTask) found.push(at);
  }
  return found;
}

/** The columns by which the rows differ; the strategy at least. */
function varying(index: Index, rows: number[]): string[] {
  const differs = (name: string) => new Set(rows.map((row) => valueAt(columnOf(index, name), row))).size > 1;
  const names = ["run", "strategy", "provider", "model", "epoch"].filter(differs);
  return names.length ? names : ["strategy"];
}

/** The other record's output, as a difference from this one's. */
function OtherOutput({ index, source, record, compared }: { index: Index; source: Source; record: SampleRecord; compared: string }) {
  const [isBeside, setBeside] = useState(false);
  const [other, setOther] = useState<SampleRecord | string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    const row = rowOf(index, compared);
    setOther(row < 0 ? "This page does not hold the record to compare with." : null);
    if (row >= 0) {
      readRecord(source, row).then(
        (loaded) => isCurrent && setOther(loaded),
        (error: unknown) => isCurrent && setOther(`The other record cannot be read: ${String(error)}`),
      );
    }
    return () => {
      isCurrent = false;
    };
  }, [compared]);
  if (other === null) return <p class="muted">Reading the other record …</p>;
  if (typeof other === "string") return <p role="alert">{other}</p>;
  const name = visible([other.label, other.provider, other.slug, `epoch ${other.epoch}`].join(" · "));
  return (
    <section class="difference" aria-label={`Difference of the outputs: ${name}`}>
      <h4>Outputs compared</h4>
      <label class="shade">
        <input type="checkbox" checked={isBeside} onChange={(event) => setBeside(event.currentTarget.checked)} /> Side by side
      </label>
      {isBeside ? (
        <div class="beside">
          <Output title="this output" text={record.output} />
          <Output title={name} text={other.output} />
        </div>
      ) : (
        <>
          <p class="legend">
            <del>only in this output</del> <ins>only in the output of {name}</ins>
          </p>
          <TextDifference old={record.output ?? ""} now={other.output ?? ""} />
        </>
      )}
    </section>
  );
}

function Output({ title, text }: { title: string; text: string | null }) {
  return (
    <div class="message">
      <p class="message-role">{title}</p>
      {text?.trim() ? <LongText text={text} /> : <p class="muted">No text.</p>}
    </div>
  );
}
