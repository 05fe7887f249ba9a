/** The top of the pane: which sample it is, how it went, and what can be copied. */

import { useState } from "preact/hooks";
import type { SampleRecord } from "../data";
import { cost, count, counted, score, seconds } from "../numbers";
import { copyText, sampleAsJson, sampleAsYaml } from "./copy";
import { Outcome } from "./verdict";
import { visible } from "./text/visible_text";

interface Props {
  record: SampleRecord;
  confidence: number | null; // of the answer
  change: string | null; // against the baseline or the other run
}

export function SampleHead({ record, confidence, change }: Props) {
  const isScored = ["correct", "incorrect", "partial"].includes(record.outcome);
  const first = isScored ? Object.values(record.scores)[0] : undefined;
  return (
    <>
      <p class="sample-cell">
        {[record.task, record.label, `${record.provider}:${record.slug || record.model}`].map((part) => (
          <span>{visible(part)}</span>
        ))}
        <span>epoch {record.epoch}</span>
      </p>
      <p class="sample-result">
        <Outcome outcome={visible(record.outcome)} />
        <span>
          score <strong>{score(first?.value)}</strong>
        </span>
        {change !== null && <span class="tag">{visible(change.replace(/_/g, " "))}</span>}
        {confidence !== null && (
          <span>
            confidence <strong>{score(confidence)}</strong> <span class="muted">({confidenceKind(record)})</span>
          </span>
        )}
        <span class="muted">
          {counted(record.usage["calls"], "call")}, {count(record.usage["input_tokens"])} tokens in, {count(record.usage["output_tokens"])} out
        </span>
        <span class="muted">{cost(record.cost_usd)}</span>
        <span class="muted" title="Without waiting for other calls">
          {seconds(record.latency_s)}
        </span>
        {record.cached && (
          <span class="tag" title="Answered from the cache or a cassette">
            cached
          </span>
        )}
      </p>
      <CopyButtons record={record} />
    </>
  );
}

/** A text to copy, made when it is asked for. */
const COPIES: [string, string, (record: SampleRecord) => string][] = [
  ["Link", "Copy the address of this view", () => location.href],
  ["Record (JSON)", "Copy the whole record as JSON", (record) => JSON.stringify(record, null, 2)],
  ["Sample (YAML)", "Copy the sample for `samples:` of a YAML task file", sampleAsYaml],
  ["Sample (JSON)", "Copy the sample as a line of a JSONL file", sampleAsJson],
];

function CopyButtons({ record }: { record: SampleRecord }) {
  const [state, setState] = useState("");
  const [refused, setRefused] = useState<string | null>(null);
  const copy = async (name: string, text: string) => {
    const done = await copyText(text);
    setState(done ? `Copied: ${name}` : "The browser does not allow copying. Select the text:");
    setRefused(done ? null : text);
  };
  return (
    <div class="copies" role="group" aria-label="Copy">
      <span class="muted" aria-hidden="true">
        Copy
      </span>
      {COPIES.map(([name, title, textOf]) => (
        <button type="button" class="chip" title={title} aria-label={title} onClick={() => void copy(name, textOf(record))}>
          {name}
        </button>
      ))}
      <span role="status">{state}</span>
      {refused !== null && <textarea readOnly aria-label="Text to copy" value={refused} rows={6} />}
    </div>
  );
}

/** What the confidence of an answer is, as `results/metrics/confidence.py` takes it. */
function confidenceKind({ answer_metadata, strategy }: SampleRecord): string {
  if ("confidence" in (answer_metadata ?? {})) return "stated";
  return strategy === "single" ? "token probability" : "vote share";
}
