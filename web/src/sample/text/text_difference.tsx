/** The difference of two texts, drawn as one text. */

import { useMemo, useState } from "preact/hooks";
import { differenceOf } from "./difference";
import { LongText } from "./long_text";
import { VisibleText } from "./visible_text";

/** Two texts as one, with what was removed and added. */
export function TextDifference({ old, now }: { old: string; now: string }) {
  const difference = useMemo(() => differenceOf(old, now), [old, now]);
  if (old === now) return <p>Both texts are the same{old.trim() ? "." : ": there is no text."}</p>;
  if (!difference) {
    return (
      <>
        <p class="muted">The texts are too long or too different for a comparison by words. Below is the second one.</p>
        <LongText text={now} />
      </>
    );
  }
  return (
    <>
      {difference.by === "lines" && <p class="muted">Compared by lines: a comparison by words would take too long.</p>}
      <div class="text difference-text">
        {difference.parts.map(({ value, added, removed }) =>
          added ? (
            <ins>
              <VisibleText text={value} />
            </ins>
          ) : removed ? (
            <del>
              <VisibleText text={value} />
            </del>
          ) : (
            <Unchanged text={value} />
          ),
        )}
      </div>
    </>
  );
}

const MAX_UNCHANGED = 600;

/** A part that both texts have, folded in its middle. */
function Unchanged({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false);
  if (isWhole || text.length <= MAX_UNCHANGED) return <VisibleText text={text} />;
  const side = MAX_UNCHANGED / 3;
  return (
    <>
      <VisibleText text={text.slice(0, side)} />
      <button type="button" class="chip" onClick={() => setWhole(true)}>
        … {text.length - 2 * side} unchanged characters …
      </button>
      <VisibleText text={text.slice(-side)} />
    </>
  );
}
