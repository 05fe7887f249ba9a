/** A text of any length: long ones are folded in the middle, and unfold in steps. */

import { useState } from "preact/hooks";
import { count } from "../../numbers";
import { VisibleText } from "./visible_text";

const HEAD = 3000; // characters shown of a folded text: its start,
const TAIL = 1200; // and its end, where answers are
const STEP = 400_000; // characters that one click unfolds
const BLOCK = 8000; // characters that the browser lays out at once; it skips blocks out of sight

/** A part of a text that is marked, such as the answer in an output. */
export interface Mark {
  start: number;
  end: number;
  title: string;
}

interface Props {
  text: string;
  mark?: Mark | null | undefined;
  label?: string; // of the block, for screen readers
}

/** The text with line breaks and spaces as written. */
export function LongText({ text, mark, label }: Props) {
  const [shown, setShown] = useState(HEAD);
  const tail = text.length > shown + TAIL ? boundary(text, text.length - TAIL) : null;
  const head = tail === null ? text.length : boundary(text, shown);
  return (
    <div class={head > BLOCK ? "long-text blocks" : "long-text"} role={label ? "group" : undefined} aria-label={label}>
      <Blocks text={text} start={0} end={head} mark={mark} />
      {tail !== null && (
        <>
          <Gap start={head} end={tail} onMore={() => setShown(shown + STEP)} mark={mark} text={text} />
          <Blocks text={text} start={tail} end={text.length} mark={mark} />
        </>
      )}
    </div>
  );
}

/** What is folded, with the mark's surroundings if the mark is there. */
function Gap({ text, start, end, mark, onMore }: { text: string; start: number; end: number; mark: Mark | null | undefined; onMore(): void }) {
  const inside = mark && mark.start >= start && mark.end <= end && mark.end - mark.start <= 2000;
  const size = end - start;
  return (
    <>
      <p class="fold">
        … {count(size)} characters folded
        <button type="button" onClick={onMore}>
          {size > STEP ? `Show ${count(STEP)} more` : "Show all"}
        </button>
      </p>
      {inside && (
        <>
          <Blocks text={text} start={boundary(text, Math.max(start, mark.start - 300))} end={boundary(text, Math.min(end, mark.end + 300))} mark={mark} />
          <p class="fold">…</p>
        </>
      )}
    </>
  );
}

function Blocks({ text, start, end, mark }: { text: string; start: number; end: number; mark: Mark | null | undefined }) {
  const blocks = [];
  for (let at = start; at < end; ) {
    const next = at + BLOCK >= end ? end : lineEnd(text, at + BLOCK, end);
    blocks.push(
      <pre class="text" dir="auto">
        <Marked text={text} start={at} end={next} mark={mark} />
      </pre>,
    );
    at = next;
  }
  return <>{blocks}</>;
}

/** A slice of the text with the part of the mark that lies in it. */
function Marked({ text, start, end, mark }: { text: string; start: number; end: number; mark: Mark | null | undefined }) {
  if (!mark || mark.end <= start || mark.start >= end) return <VisibleText text={text.slice(start, end)} />;
  const from = Math.max(start, mark.start);
  const to = Math.min(end, mark.end);
  return (
    <>
      <VisibleText text={text.slice(start, from)} />
      <mark title={mark.title}>
        <VisibleText text={text.slice(from, to)} />
      </mark>
      <VisibleText text={text.slice(to, end)} />
    </>
  );
}

/** A position that does not split a character of two code units. */
function boundary(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

/** The end of the line at a position, so that blocks end where lines do; a position in the line if it is long. */
function lineEnd(text: string, at: number, end: number): number {
  const newline = text.indexOf("\n", at);
  return newline < 0 || newline >= Math.min(end, at + BLOCK) ? boundary(text, at) : newline + 1;
}
