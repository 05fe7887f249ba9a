/** Search over prompts, outputs, answers, targets and errors. */

import type { Index } from "../data";
import type { Source } from "../source";

/** What a text must contain, and what it must not contain; all in lower case. */
export interface Query {
  wanted: string[];
  excluded: string[];
}

/** `two words "a phrase" -without` as a query. */
export function parseQuery(text: string): Query {
  const query: Query = { wanted: [], excluded: [] };
  for (const [, minus, phrase, word] of text.toLowerCase().matchAll(/(-?)"([^"]*)"?|(\S+)/g)) {
    if (phrase !== undefined) {
      if (phrase.trim()) (minus ? query.excluded : query.wanted).push(phrase);
    } else if (word && word !== "-") {
      if (word.startsWith("-")) query.excluded.push(word.slice(1));
      else query.wanted.push(word);
    }
  }
  return query;
}

export function isEmpty({ wanted, excluded }: Query): boolean {
  return !wanted.length && !excluded.length;
}

const KEPT_BYTES = 100e6; // texts beyond are inflated again for each search, so that memory stays bounded
const SLICE_MS = 40; // then the page gets a turn

/** The search texts of a page. What was inflated once is kept. */
export class SearchTexts {
  private kept: (string[] | undefined)[] = [];
  private bytes = 0;
  private isFull = false; // all texts are kept, or as many as may be
  private damaged = new Set<number>(); // chunks that cannot be read

  constructor(
    private source: Source,
    private index: Index,
  ) {}

  /** The page has more records now. */
  update(index: Index): void {
    if (index !== this.index) this.isFull = false;
    this.index = index;
  }

  /** How much of the loading is done, from 0 to 1. */
  get loaded(): number {
    if (this.isFull) return 1;
    const all = this.index.chunks.length;
    return all ? this.index.chunks.filter((_, chunk) => this.kept[chunk]).length / all : 1;
  }

  /** How many records a search cannot look at, because their part of the page is damaged. */
  get unreadable(): number {
    return [...this.damaged].reduce((sum, chunk) => sum + this.size(chunk), 0);
  }

  /** Inflate all texts that are kept, chunk by chunk while the page is idle. */
  async load(signal: AbortSignal, onProgress: () => void): Promise<void> {
    for (let chunk = 0; chunk < this.index.chunks.length && this.bytes < KEPT_BYTES; chunk++) {
      if (this.isKept(chunk) || this.damaged.has(chunk)) continue;
      await idle();
      if (signal.aborted) return;
      await this.texts(chunk);
      if (chunk % 20 === 19) onProgress();
    }
    this.isFull = true;
    onProgress();
  }

  /** 1 for each row that the query finds; null if `signal` ended the search. */
  async find(query: Query, signal: AbortSignal, onProgress: (part: number) => void): Promise<Uint8Array | null> {
    const { chunks, n } = this.index;
    const found = new Uint8Array(n);
    let turn = performance.now();
    for (let chunk = 0; chunk < chunks.length; chunk++) {
      const texts = this.isKept(chunk) ? this.kept[chunk] : await this.texts(chunk);
      scan(texts ?? [], query, found, chunks[chunk] ?? 0);
      if (performance.now() - turn < SLICE_MS) continue;
      onProgress((chunk + 1) / chunks.length);
      await nextTask();
      if (signal.aborted) return null;
      turn = performance.now();
    }
    return signal.aborted ? null : found;
  }

  private isKept(chunk: number): boolean {
    return this.kept[chunk]?.length === this.size(chunk);
  }

  private size(chunk: number): number {
    return (this.index.chunks[chunk + 1] ?? this.index.n) - (this.index.chunks[chunk] ?? 0);
  }

  private async texts(chunk: number): Promise<string[]> {
    const texts = await this.source.searchTexts(chunk).catch(() => null);
    if (texts) this.damaged.delete(chunk);
    else this.damaged.add(chunk);
    if (!texts) return [];
    if (this.bytes < KEPT_BYTES) {
      this.bytes += bytesOf(texts) - bytesOf(this.kept[chunk] ?? []);
      this.kept[chunk] = texts;
    }
    return texts;
  }
}

/** A character takes one byte, or two if its text has one that is not Latin-1. */
function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length * (/[^\0-\xff]/.test(text) ? 2 : 1), 0);
}

function scan(texts: readonly string[], query: Query, found: Uint8Array, start: number): void {
  for (let i = 0; i < texts.length; i++) {
    if (matches(texts[i] ?? "", query)) found[start + i] = 1;
  }
}

/** Loops instead of `every` and `some`: two closures per text of 100 000 are much garbage. */
function matches(text: string, { wanted, excluded }: Query): boolean {
  for (const part of wanted) if (!text.includes(part)) return false;
  for (const part of excluded) if (text.includes(part)) return false;
  return true;
}

function idle(): Promise<void> {
  return new Promise((resolve) => {
    if ("requestIdleCallback" in globalThis) requestIdleCallback(() => resolve(), { timeout: 200 });
    else setTimeout(resolve, 1);
  });
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve();
    port2.postMessage(null);
  });
}

const searches = new WeakMap<Source, SearchTexts>();

/** The search texts of a source; the same ones each time. */
export function searchTextsOf(source: Source, index: Index): SearchTexts {
  let texts = searches.get(source);
  if (!texts) {
    texts = new SearchTexts(source, index);
    searches.set(source, texts);
  }
  texts.update(index);
  return texts;
}
