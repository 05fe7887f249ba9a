/** The search box, and the search that it starts. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Index } from "../data";
import type { Source } from "../source";
import { showView } from "../view";
import { isEmpty, parseQuery, searchTextsOf } from "./search";

export interface Search {
  found: Uint8Array | null; // 1 per row found; null: everything
  hits: number | null; // null: no search, or not finished
  searched: number; // part of a running search that is done; 1: finished
  loaded: number; // part of the texts that is in memory
  unreadable: number; // records that no search looks at, because their part of the page is damaged
  words: string[]; // to highlight
}

/** The result of the search for `text`. Until it is finished, the earlier result stays. */
export function useSearch(source: Source, index: Index, text: string): Search {
  const texts = searchTextsOf(source, index);
  const query = useMemo(() => parseQuery(text), [text]);
  const [loaded, setLoaded] = useState(texts.loaded);
  const [searched, setSearched] = useState(1);
  const [found, setFound] = useState<Uint8Array | null>(null);

  useEffect(() => {
    const controller = new AbortController();
    void texts.load(controller.signal, () => setLoaded(texts.loaded));
    return () => controller.abort();
  }, [texts, index]);

  useEffect(() => {
    setSearched(1); // a search that takes long reports its progress
    if (isEmpty(query)) {
      setFound(null);
      return;
    }
    const controller = new AbortController();
    void texts.find(query, controller.signal, setSearched).then((result) => {
      if (!result) return;
      setFound(result);
      setSearched(1);
      setLoaded(texts.loaded);
    });
    return () => controller.abort();
  }, [texts, index, query]);

  const hits = useMemo(() => found && found.reduce((sum, hit) => sum + hit, 0), [found]);
  return { found: isEmpty(query) ? null : found, hits, searched, loaded, unreadable: texts.unreadable, words: query.wanted };
}

const TYPING_MS = 120;

export function SearchBox({ text, search, n }: { text: string; search: Search; n: number }) {
  const [typed, setTyped] = useState(text);
  const timer = useRef(0);
  const sent = useRef(text);
  useEffect(() => {
    if (text !== sent.current) setTyped(text); // the address changed, not the reader's typing
    sent.current = text;
  }, [text]);
  const input = useRef<HTMLInputElement>(null);
  useSlashKey(input);
  const send = (value: string) => {
    clearTimeout(timer.current);
    sent.current = value;
    showView({ search: value.trim() ? value : "" }, { replace: true });
  };
  return (
    <div class="search" role="search">
      <input
        type="search"
        aria-label="Search prompts, outputs, answers, targets and errors"
        placeholder="Search prompts and outputs"
        aria-describedby="search-state search-hint"
        ref={input}
        value={typed}
        onInput={(event) => {
          const { value } = event.currentTarget;
          setTyped(value);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => send(value), TYPING_MS) as unknown as number;
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") send(event.currentTarget.value);
        }}
      />
      <p id="search-hint" class="search-hint">
        Looks at prompts, outputs, answers, targets and errors. All words must occur; <code>"a phrase"</code> in quotes;{" "}
        <code>-word</code> excludes.
      </p>
      <span id="search-state" class="search-state" role="status">
        {stateOf(text, search, n)}
      </span>
    </div>
  );
}

/** The key `/` goes to the search box, unless the reader is typing elsewhere. */
function useSlashKey(input: { current: HTMLInputElement | null }): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if ((event.target as Element).closest("input, textarea, select, [contenteditable]")) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function stateOf(text: string, { hits, searched, loaded, unreadable }: Search, n: number): string {
  if (text.trim()) {
    if (searched < 1) return `Searching, ${Math.floor(100 * searched)} %`;
    const fault = unreadable ? `; the texts of ${unreadable.toLocaleString("en")} cannot be read` : "";
    return hits === null ? "" : `${hits.toLocaleString("en")} of ${n.toLocaleString("en")} found${fault}`;
  }
  return loaded < 1 && n > 1000 ? `Reading texts, ${Math.floor(100 * loaded)} %` : "";
}
