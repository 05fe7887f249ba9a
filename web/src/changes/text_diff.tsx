/** The difference of two texts, word by word, in bounded time. */

import { diffLines, diffWordsWithSpace, type ChangeObject } from "diff";
import { useMemo, useState } from "preact/hooks";
import { visible } from "../sample/text/visible_text";

const TIMEOUT_MS = 400;
const CONTEXT = 160; // characters around a change that stay visible
const WHOLE = 2000; // characters of equal texts that are shown
const LONG = 3 * CONTEXT; // unchanged text that is folded

type Part = ChangeObject<string>;
export type DiffView = "one text" | "side by side";

/** The parts of both texts; by lines if words take too long; null if lines do too. */
function partsOf(old: string, now: string): { parts: Part[]; unit: "words" | "lines" } | null {
  const words = diffWordsWithSpace(old, now, { timeout: TIMEOUT_MS });
  if (words) return { parts: words, unit: "words" };
  const lines = diffLines(old, now, { timeout: TIMEOUT_MS });
  return lines ? { parts: lines, unit: "lines" } : null;
}

export function TextDiff({ old, now, what, view }: { old: string; now: string; what: string; view: DiffView }) {
  const found = useMemo(() => (old === now ? null : partsOf(old, now)), [old, now]);
  if (old === now) {
    return (
      <>
        <p class="muted">The {what}s are equal.</p>
        <pre class="text">
          <Unchanged text={now} first last />
        </pre>
      </>
    );
  }
  if (found === null || view === "side by side") {
    return (
      <>
        {found === null && <p class="muted">The texts are too long to be compared word by word.</p>}
        <div class="two-texts">
          <Side title="Old" text={old} parts={found?.parts} hidden="added" />
          <Side title="New" text={now} parts={found?.parts} hidden="removed" />
        </div>
      </>
    );
  }
  return (
    <>
      {found.unit === "lines" && <p class="muted">Compared line by line: the texts are too long for words.</p>}
      <pre class="text">
        {found.parts.map((part, i) => (
          <PartText part={part} first={i === 0} last={i === found.parts.length - 1} />
        ))}
      </pre>
    </>
  );
}

function Side({ title, text, parts, hidden }: { title: string; text: string; parts: Part[] | undefined; hidden: "added" | "removed" }) {
  const shown = parts?.filter((part) => !part[hidden]);
  return (
    <section>
      <h5>{title}</h5>
      <pre class="text">
        {shown ? shown.map((part, i) => <PartText part={part} first={i === 0} last={i === shown.length - 1} />) : visible(text)}
      </pre>
    </section>
  );
}

function PartText({ part, first, last }: { part: Part; first: boolean; last: boolean }) {
  if (part.added) return <ins>{visible(part.value)}</ins>;
  if (part.removed) return <del>{visible(part.value)}</del>;
  return <Unchanged text={part.value} first={first} last={last} />;
}

/** Unchanged text; its middle is folded if it is long. */
function Unchanged({ text, first, last }: { text: string; first: boolean; last: boolean }) {
  const [open, setOpen] = useState(false);
  const head = first ? 0 : CONTEXT;
  const tail = last ? 0 : CONTEXT;
  const folded = text.length - head - tail;
  if (open || text.length <= (first && last ? WHOLE : LONG)) return <>{visible(text)}</>;
  return (
    <>
      {visible(text.slice(0, head))}
      <button type="button" class="fold" onClick={() => setOpen(true)}>
        … {folded.toLocaleString("en")} unchanged characters …
      </button>
      {tail ? visible(text.slice(-tail)) : ""}
    </>
  );
}
