/** Right, wrong or unknown, by shape and word. */

import { own } from "../lookup";

export function verdictOf(right: boolean | null): "right" | "wrong" | "unknown" {
  return right === null ? "unknown" : right ? "right" : "wrong";
}

const SHAPES = { right: "✓", wrong: "✗", unknown: "?" };

export function Verdict({ right }: { right: boolean | null }) {
  const word = verdictOf(right);
  return (
    <span class={`verdict ${word}`}>
      <span aria-hidden="true">{SHAPES[word]}</span> {word}
    </span>
  );
}

const OUTCOME_SHAPES: { [outcome: string]: string } = { correct: "✓", incorrect: "✗", partial: "◐", error: "!", truncated: "…", empty: "∅", refused: "⊘" };

/** The outcome of a record, as a word with a shape. */
export function Outcome({ outcome }: { outcome: string }) {
  const kind = outcome === "correct" ? "right" : outcome === "incorrect" ? "wrong" : outcome === "partial" ? "partly" : "unscored";
  return (
    <span class={`outcome ${kind}`}>
      <span aria-hidden="true">{own(OUTCOME_SHAPES, outcome) ?? "?"}</span> {outcome}
    </span>
  );
}
