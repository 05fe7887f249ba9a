/** Reads a record of the page. A log that another version wrote may lack fields; they are empty, or unknown. */

import type { Call, SampleRecord } from "../data";
import type { Source } from "../source";

const EMPTY: Partial<SampleRecord> = {
  label: "",
  slug: "",
  strategy_params: {},
  prompt: null,
  choices: [],
  target: null,
  metadata: {},
  output: null,
  reasoning: null,
  answer: null,
  scores: {},
  usage: {},
  cost_usd: null,
  transcript: [],
  answer_metadata: {},
  error: null,
  traceback: null,
  cached: false,
  must_pass: false,
  group: null,
};
const EMPTY_CALL: Partial<Call> = { role: "?", round: 0, messages: [], completion: "", finish_reason: "?", usage: {} };

/** The record of a row, with every field. */
export async function readRecord(source: Source, row: number): Promise<SampleRecord> {
  const record = withDefaults(await source.record(row), EMPTY);
  return { ...record, label: record.label || record.strategy, transcript: record.transcript.map((call) => withDefaults(call, EMPTY_CALL)) };
}

/** The values, with defaults in place of those that are absent or null. */
function withDefaults<T extends object>(values: T, defaults: Partial<T>): T {
  const known = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  return { ...values, ...defaults, ...Object.fromEntries(known) };
}
