/**
 * The data of a page, as `pytest_hiddenlayer/report/page` writes it.
 *
 * `Overview` and `Changes` are read at start, `Index` with them; records and search texts are
 * inflated when they are needed. `null` means unknown, never 0. All times are seconds, all costs US
 * dollars. Every text may be hostile: it is shown as text, never as markup.
 */

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A mean with its uncertainty, as in `summary.json`. */
export interface Estimate {
  score: number | null;
  stderr: number | null;
  ci95: [number, number] | null;
  n: number; // answers or samples, as the field says that holds the estimate
  n_groups?: number | null;
  method?: string;
}

/** One run of the page: the run itself, or the old and the new side of a comparison. */
export interface Run {
  name: string; // run id, or the reference as typed
  manifest: { [key: string]: Json }; // `run.json`; empty for a snapshot
}

/** A sentence on what is wrong with the run's files or the page. */
export interface Notice {
  level: "error" | "warning" | "info";
  text: string;
}

/** (task, strategy label, provider, model slug). */
export type CellKey = [string, string, string, string];

export interface Overview {
  format: number;
  kind: "run" | "comparison";
  title: string;
  runs: Run[]; // one; of a comparison: old, new
  live: boolean; // the page is served while the run goes on
  complete: boolean; // false: the run is going on or was interrupted
  notices: Notice[];
  cells: Cell[];
  notes: string[]; // sentences on scorers, calls and judges
}

/** How far a run is whose page is served while it goes on (`--hl-live`). */
export interface Progress {
  done: number; // answers so far; an answer that was repeated counts once
  planned: number | null; // null: not known yet
  errors: number; // answers that ended in an error
  cost_usd: number; // sum of the known costs so far
  unknown_costs: number; // records whose cost is not in the sum
  elapsed_s: number; // since the page is served
  rate_per_s: number | null; // answers
  left_s: number | null;
  ended: boolean;
  complete: boolean; // false: the run goes on or was stopped early
  folder: string; // of the run's files
  report: string | null; // path of the report; null: there is none yet
}

/** One cell of one run: an object of `summary.json`, of which the page uses these fields, with what only the page shows. */
export interface Cell extends Estimate {
  run: number; // position in `Overview.runs`
  task: string;
  strategy: string;
  label: string;
  provider: string;
  model: string;
  slug: string;
  scorer: string;
  n_selected: number;
  epochs: number;
  pass_score: number;
  scorers: { [name: string]: Estimate };
  outcomes: { [outcome: string]: number };
  usage: { [part: string]: number | null };
  cost_usd: number | null;
  gate: string | null; // passed, failed, skipped, or the verdict of the comparison
  comparison: { [key: string]: Json } | null;
  calibration: { [key: string]: Json } | null;
  confidence_measures?: { [measure: string]: { [key: string]: Json } }; // of each measure of confidence
  passes: { [name: string]: { mean: number | null; ci95: [number, number] | null; n: number } };
  calls: { [key: string]: Json };
  roles: Role[];
  latency_s: Quantiles | null; // of an answer, without queueing
  cached: number; // records answered from the cache or a cassette
  gate_message: string | null;
  spent: Spent; // means over the scored answers, without the calls of scorers
  rounds: Rounds | null; // null: no debate, or no scores by round
  n_total?: number; // answers of the whole task
  n_samples?: number;
  reducer?: string;
  min_scored?: number;
  wall_s?: number;
  flaky?: string[]; // samples whose epochs disagree
  judging?: { [part: string]: Json };
}

/** Means per answer; null: unknown for at least one answer. */
export type Spent = { [part in "calls" | "tokens" | "cost_usd"]: number | null };

/** How the answers of a cell's debates moved. */
export interface Rounds {
  shares: (Estimate & { who: Who; round: number | null })[]; // of right answers; round null: the strategy's answer
  transitions: Transition[];
}

export type Who = "agents" | "majority" | "verdict";

export interface Transition {
  who: Who;
  before: number;
  after: number | null; // null: the strategy's answer
  wrong_right: number;
  right_wrong: number;
  stayed_right: number;
  stayed_wrong: number;
  left_out: number; // without a score before or after
}

/** Tokens and cost of one role, such as `judge`, over a cell's answers. Calls of scorers: `scorer: ROLE`. */
export interface Role {
  role: string; // agents are counted together as `agent`
  calls: number;
  input_tokens: number | null;
  output_tokens: number | null;
  cost_usd: number | null;
}

export interface Quantiles {
  n: number;
  p50: number;
  p90: number;
  max: number;
}

/** The samples table, column by column. Row i is record i; chunks hold the records in the same order. */
export interface Index {
  n: number;
  chunks: number[]; // the first row of each chunk of records and search texts
  columns: Column[];
}

/**
 * One column. Names that code relies on: run, task, strategy, provider, model (slug), sample, epoch, outcome,
 * input, target, answer, score, calls, input_tokens, output_tokens, cost_usd, latency_s (without queueing),
 * cached, error, change. `score:NAME` is a further scorer, `metadata:KEY` a sample's metadata, `tag` the task's tags
 * joined by a space, `confidence` the answer's. `key` (hidden) names the record in addresses:
 * run, task, strategy, provider, model, sample and epoch joined by tabs. Columns that a page may lack: change, tag,
 * confidence, reasoning_tokens, finish (finish reason of the strategy's last call), group, must_pass (`yes`),
 * replaced (`yes`: a later row answers the same sample and epoch, and metrics count that one), error.
 * A metadata column has numbers if all its values are numbers.
 */
export type Column = CategoryColumn | NumberColumn | TextColumn;

interface ColumnBase {
  name: string;
  title: string; // plain text
  hidden: boolean; // by default
}
export interface CategoryColumn extends ColumnBase {
  kind: "category";
  values: string[]; // distinct
  codes: number[]; // position in `values`, -1: none
}
export interface NumberColumn extends ColumnBase {
  kind: "number";
  numbers: (number | null)[];
}
export interface TextColumn extends ColumnBase {
  kind: "text";
  texts: (string | null)[]; // at most 200 characters; a longer text ends in `…`
}

/** Samples that changed between two runs, or between a baseline and the run. */
export interface Changes {
  old: string; // names of both sides
  new: string;
  cells: ChangedCell[];
  only_old: CellKey[]; // cells without a partner
  only_new: CellKey[];
  faults: string[];
  notes: string[]; // sentences on the whole comparison, such as why nothing was compared
}

export interface ChangedCell {
  cell: CellKey; // of the new side
  old: ChangedSide;
  new: ChangedSide;
  verdict: string; // as `hiddenlayer compare` prints it: regressed, failed, not compared, improved, same, underpowered
  fault: string | null; // why it could not be compared
  comparison: { [key: string]: Json } | null; // as in `summary.json`: verdict, difference, ci95, p values, n
  other_scorers: { [name: string]: { [key: string]: Json } }; // not judged: n, old, new, difference, ci95, p values
  notes: string[]; // sentences on the comparison
  noise: string | null; // sentences on what all changes of the cell say about noise
  flips: Flip[];
  flips_left_out: number; // beyond the limit of the page
}

export interface ChangedSide {
  name: string; // of the run or snapshot
  strategy: string;
  provider: string;
  model: string;
  slug: string;
  epochs: number;
  answers_only: boolean; // a snapshot: it holds answers and scores, no outputs
}

/** A sample whose score changed, with what is known of noise. */
export interface Flip {
  sample: string;
  kind: "newly_wrong" | "newly_right" | "lower" | "higher" | "lost" | "gained";
  old: FlipSide;
  new: FlipSide;
  noise: string | null; // one sentence, for example on epochs that disagree; null: nothing is known
  p_epochs: number | null; // Fisher's p of the right epochs; null: unknown, or one epoch on both sides
  prompt_changed: boolean; // prompt or target differ, as samples paired by id may
}

export interface FlipSide {
  score: number | null;
  answer: string | null;
  output: string | null; // null: not recorded, as in a snapshot
  epoch_scores: number[] | null;
  confidence: number | null;
  outcome: string | null;
  scores: { [scorer: string]: number }; // of every scorer that has one
  row: number | null; // of the index, if the record is in the page; null: looked up in the index
}

/** One call of a transcript; `messages` is "prompt" if they equal the record's prompt. */
export interface Call {
  role: string;
  round: number;
  messages: Message[] | "prompt";
  completion: string;
  finish_reason: string;
  usage: { [part: string]: number | null };
  latency_s: number;
  model: string;
  seed: number;
  cost_usd?: number | null;
  mean_logprob?: number | null;
  time_to_first_token_s?: number | null;
  cached?: boolean;
  attempts?: number;
  warnings?: string[];
  batched?: boolean;
  reasoning?: string | null;
  token_logprobs?: [string, number | null][]; // (text, natural log) per output token, if they were kept
}

export interface Message {
  role: string;
  content: string;
}

/** What `hiddenlayer probe` read inside the model for the answer of a record. A = its tokens, T = all tokens. */
export interface Probe {
  call: number; // position in the transcript
  tokens: string[]; // T: prompt, then answer
  start: number; // position of the answer's first token
  logprobs: (number | null)[]; // A: natural log, of the answer's tokens
  lens: Lens | null;
  attention: Attention | null;
  notes: string[]; // sentences on what is missing or differs
}

/** After the embeddings (0) and after each layer. */
export interface Lens {
  top: [string, number][][][]; // [depth][A][k]: the likeliest tokens with their probability, best first
  came: number[][]; // [depth][A]: probability of the token that came
}

export interface Attention {
  layers: number[]; // the layer of each entry
  heads: number;
  averaged: boolean; // over the heads: one entry stands for all
  data: string; // base64 of bytes [layers, heads, A, T]: a byte is 255 times the square root of a weight
}

/** One record, as in `records.jsonl`, schema 3. */
export interface SampleRecord {
  run_id: string;
  key: string;
  task: string;
  sample_id: string;
  epoch: number;
  strategy: string;
  strategy_params: { [name: string]: Json };
  label: string;
  provider: string;
  model: string;
  slug: string;
  input: string | Message[];
  prompt: Message[] | null;
  choices: string[];
  target: Json;
  metadata: { [key: string]: Json };
  output: string | null;
  reasoning: string | null;
  answer: string | null;
  scores: { [name: string]: { value: number | null; answer: string | null; explanation: string; details?: Json } };
  outcome: string;
  usage: { [part: string]: number | null };
  cost_usd: number | null;
  latency_s: number;
  transcript: Call[];
  answer_metadata: { [key: string]: Json };
  error: string | null;
  traceback: string | null;
  seed: number;
  started_at: string;
  cached: boolean;
  must_pass: boolean;
  group: string | null;
  sample_hash: string;
  schema: number;
  probe?: Probe; // only in pages of runs that were probed
}
