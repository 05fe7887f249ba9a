/** The data of a run that goes on, fetched from the server that the page came from. */

import type { Changes, Column, Index, Overview, Progress, SampleRecord } from "../data";
import type { Source } from "../source";

/** What a page lacks; see `pytest_hiddenlayer/report/live/live_index.py`. */
export interface Increment {
  from: number; // first row; 0 although the page has rows: all of them are replaced
  n: number; // rows of the page after this increment
  remaining: number; // rows that follow in the next one
  columns: (Column & { from: number; values_from?: number })[];
}

interface State {
  version: number;
  progress: Progress;
  index: Increment;
  overview: Overview | null; // null: the page has this version
}

/** How the page follows its run. */
export interface LiveStatus {
  progress: Progress;
  failures: number; // requests that failed since the last one that did not
}

const CHUNK = 100; // rows
const KEPT = 64e6; // characters of records, and of search texts
const PAUSE_MS = 300; // between two states
const LONGEST_PAUSE_MS = 30_000;
const TIMEOUT_MS = 60_000;
const PREFETCHES = 5; // requests for records between two states

/** Asks for what is new, one request after the other, and keeps what has arrived when the run ends. */
export class LiveSource implements Source {
  status: LiveStatus | null = null;
  private table: Index = { n: 0, chunks: [], columns: [] };
  private first: Overview | null = null;
  private version = 0;
  private found: Changes | null | undefined;
  private licenceTexts: Promise<string> | undefined;
  private records = new RowTexts((from, to) => this.recordLines(from, to));
  private texts = new RowTexts((from, to) => this.get<string[]>(`search?from=${from}&to=${to}`));
  private wake: () => void = () => {};

  /** `address` of the page, which ends in `/`. */
  constructor(private address: string) {}

  async overview(): Promise<Overview> {
    if (!this.first) await this.update();
    if (!this.first) throw new Error("the run sent no overview");
    return this.first;
  }

  async index(): Promise<Index> {
    if (!this.first) await this.update();
    return this.table;
  }

  /** They are computed when the run has ended. */
  async changes(): Promise<Changes | null> {
    if (this.found === undefined && this.status?.progress.ended) {
      this.found = await this.get<Changes | null>("changes").catch(() => undefined);
    }
    return this.found ?? null;
  }

  licenses(): Promise<string> {
    this.licenceTexts ??= this.get<string>("licenses");
    return this.licenceTexts;
  }

  async record(row: number): Promise<SampleRecord> {
    const [line] = await this.loaded(() => this.records.get(row, row + 1, row + 1), "this record");
    return JSON.parse(line ?? "") as SampleRecord;
  }

  searchTexts(chunk: number): Promise<string[]> {
    const { chunks, n } = this.table;
    const from = chunks[chunk] ?? n;
    return this.loaded(() => this.texts.get(from, chunks[chunk + 1] ?? n, n), "the texts to search");
  }

  /** Call `changed` whenever the status changed, and whether the table or the overview did, until the run has ended. */
  async follow(changed: (content: boolean) => void): Promise<void> {
    while (!this.hasEnded()) {
      try {
        const content = await this.update();
        if (this.hasEnded()) await this.finish(); // before drawing: the server ends soon
        changed(content);
        await this.prefetch(this.hasEnded() ? 0 : PREFETCHES);
        if (this.table.n > 0 && !this.behind) await this.pause(PAUSE_MS);
      } catch {
        const failures = (this.status?.failures ?? 0) + 1;
        if (this.status && !this.status.progress.ended) {
          this.status = { ...this.status, failures };
          changed(false);
        }
        await this.pause(Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** failures));
      }
    }
  }

  /** Ask again at once instead of after the pause. */
  retry(): void {
    this.wake();
  }

  private behind = false;

  private hasEnded(): boolean {
    return this.status?.progress.ended === true && !this.behind;
  }

  /** Ask for what is new; returns whether the table or the overview changed. */
  private async update(): Promise<boolean> {
    const state = await this.get<State>(`state?rows=${this.table.n}&version=${this.version}`);
    const table = extended(this.table, state.index);
    const content = table !== this.table || state.overview !== null;
    this.table = table;
    this.behind = state.index.remaining > 0;
    this.first = state.overview ?? this.first;
    this.version = state.version;
    this.status = { progress: state.progress, failures: 0 };
    return content;
  }

  /** Load what is missing, and tell the server that it may end. */
  private async finish(): Promise<void> {
    try {
      await this.changes();
      await this.prefetch(Infinity);
      await this.get("done");
    } catch {
      // it has ended already: the page keeps what it has
    }
  }

  /** Load records and search texts ahead, so that they are still here when the run has ended. */
  private async prefetch(requests: number): Promise<void> {
    for (const rows of [this.records, this.texts]) {
      for (let i = 0; i < requests && rows.size < KEPT; i++) {
        if (!(await rows.load(this.table.n))) break;
      }
    }
  }

  private async recordLines(from: number, to: number): Promise<string[]> {
    const text = await this.text(`records?from=${from}&to=${to}`);
    return text.length > 2 ? text.slice(1, -1).split(",\n") : []; // a line of JSON has no line feed
  }

  private async loaded<T>(load: () => Promise<T>, what: string): Promise<T> {
    try {
      return await load();
    } catch (error) {
      const place = this.status?.progress.report ?? this.status?.progress.folder;
      throw new Error(`the run does not answer, and ${what} had not been loaded before: see ${place} (${String(error)})`);
    }
  }

  private async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.text(path)) as T;
  }

  private async text(path: string): Promise<string> {
    const response = await fetch(this.address + path, { signal: AbortSignal.timeout(TIMEOUT_MS), cache: "no-store" });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return response.text();
  }

  private pause(duration_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, duration_ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Texts by row, fetched in blocks, one request at a time. */
class RowTexts {
  size = 0; // characters
  private texts = new Map<number, string>();
  private next = 0; // the first row that `load` has not seen
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private fetchRows: (from: number, to: number) => Promise<string[]>) {}

  /** The texts of these rows. Up to row `ahead`, more may be fetched with the same request. */
  get(from: number, to: number, ahead: number): Promise<string[]> {
    const result = this.queue.then(async () => {
      for (let row = from; row < to; row++) {
        if (!this.texts.has(row)) await this.fetch(row, Math.max(to, Math.min(ahead, row + 2 * CHUNK)));
      }
      return Array.from({ length: to - from }, (_, i) => this.texts.get(from + i) ?? "");
    });
    this.queue = result.catch(() => {});
    return result;
  }

  /** Fetch the first rows that are missing; false if there are none before row `n`. */
  async load(n: number): Promise<boolean> {
    while (this.next < n && this.texts.has(this.next)) this.next++;
    if (this.next >= n) return false;
    const from = this.next;
    await this.get(from, from + 1, n);
    return true;
  }

  private async fetch(from: number, to: number): Promise<void> {
    const texts = await this.fetchRows(from, to);
    if (texts.length === 0) throw new Error(`no row ${from}`);
    texts.forEach((text, i) => {
      if (!this.texts.has(from + i)) this.size += text.length;
      this.texts.set(from + i, text);
    });
    for (const [row, text] of this.texts) {
      if (this.size <= KEPT + text.length || (row >= from && row < from + texts.length)) break;
      this.texts.delete(row); // the oldest ones
      this.size -= text.length;
    }
  }
}

/** The table with the rows of an increment; the same object if it has none. Chunks never change once they are there. */
export function extended(table: Index, increment: Increment): Index {
  if (increment.from === increment.n && increment.n === table.n) return table;
  const chunks = table.chunks.filter((start) => start < increment.n);
  for (let row = Math.min(table.n, increment.n); row < increment.n; row += CHUNK) chunks.push(row);
  const columns = increment.columns.map((part) => {
    const { from, values_from, ...column } = part;
    return joined(table.columns.find(({ name, kind }) => name === column.name && kind === column.kind), column, from, values_from ?? 0);
  });
  return { n: increment.n, chunks, columns };
}

function joined(old: Column | undefined, part: Column, from: number, values_from: number): Column {
  if (!old || from === 0) return part;
  if (part.kind === "number" && old.kind === "number") {
    return { ...part, numbers: old.numbers.slice(0, from).concat(part.numbers) };
  }
  if (part.kind === "text" && old.kind === "text") return { ...part, texts: old.texts.slice(0, from).concat(part.texts) };
  if (part.kind === "category" && old.kind === "category") {
    const values = old.values.slice(0, values_from).concat(part.values);
    return { ...part, values, codes: old.codes.slice(0, from).concat(part.codes) };
  }
  return part;
}
