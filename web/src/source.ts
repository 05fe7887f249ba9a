/** Where the page's data comes from: sections of the page itself, or a server while the run goes on. */

import type { Changes, Index, Overview, SampleRecord } from "./data";

export interface Source {
  overview(): Promise<Overview>;
  index(): Promise<Index>;
  changes(): Promise<Changes | null>;
  record(row: number): Promise<SampleRecord>;
  /** Lower-case texts of the records of one chunk: sample, prompt, output, answer, target, error. */
  searchTexts(chunk: number): Promise<string[]>;
  /** Names, versions and licence texts of the libraries in the page; empty if it has none. */
  licenses(): Promise<string>;
}

/** The text of a deflated, base64-encoded section. */
export async function inflate(encoded: string): Promise<string> {
  const stream = new Blob([decodeBase64(encoded)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}

function decodeBase64(encoded: string): Uint8Array<ArrayBuffer> {
  const decoder = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
  if (decoder.fromBase64) return decoder.fromBase64(encoded);
  const binary = atob(encoded);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

const KEPT_CHUNKS = 8; // of inflated records

/** Sections `<script type="text/plain" id="hl-NAME">` of the page. */
export class EmbeddedSource implements Source {
  private chunks = new Map<number, Promise<SampleRecord[]>>();
  private starts: Promise<number[]> | undefined;

  constructor(private page: Document) {}

  overview(): Promise<Overview> {
    return this.section("overview");
  }

  index(): Promise<Index> {
    const index = this.section<Index>("index");
    this.starts = index.then(({ chunks }) => chunks);
    return index;
  }

  async changes(): Promise<Changes | null> {
    return this.page.getElementById("hl-changes") ? this.section("changes") : null;
  }

  async record(row: number): Promise<SampleRecord> {
    const starts = await (this.starts ?? this.index().then(({ chunks }) => chunks));
    const chunk = chunkOf(row, starts);
    const records = await this.records(chunk);
    const record = records[row - (starts[chunk] ?? 0)];
    if (!record) throw new Error(`the page holds no record ${row}`);
    return record;
  }

  searchTexts(chunk: number): Promise<string[]> {
    return this.section(`search-${chunk}`);
  }

  async licenses(): Promise<string> {
    return this.page.getElementById("hl-licenses") ? this.section("licenses") : "";
  }

  private records(chunk: number): Promise<SampleRecord[]> {
    let records = this.chunks.get(chunk);
    if (!records) {
      records = this.section<SampleRecord[]>(`records-${chunk}`);
      this.chunks.set(chunk, records);
      for (const oldest of this.chunks.keys()) {
        if (this.chunks.size <= KEPT_CHUNKS) break;
        this.chunks.delete(oldest);
      }
    }
    return records;
  }

  private async section<T>(name: string): Promise<T> {
    const id = `hl-${name}`;
    while (!isRead(this.page, id)) await soon();
    const element = this.page.getElementById(id);
    if (!element) throw new Error(`the page has no section ${name}: the file may be cut short`);
    return JSON.parse(await inflate(element.textContent ?? "")) as T;
  }
}

/** Whether the browser has read all of an element. It gives a script the elements of a large file part by part. */
function isRead(page: Document, id: string): boolean {
  return page.readyState !== "loading" || !!page.getElementById(id)?.nextSibling;
}

function soon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

/** Position of the chunk that holds a row; `starts` are the first rows of the chunks. */
export function chunkOf(row: number, starts: number[]): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}
