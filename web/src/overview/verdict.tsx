/** The verdicts of the cells: the word with its sign, and the sentence on all of them. */

import type { Overview } from "../data";
import { count } from "../numbers";
import { hrefOf, hrefWith } from "../view";
import { rank, unscored, VERDICTS, presentCells, type Entry, type Verdict } from "./cells";
import { counted } from "./format";

/** A verdict as a word with a sign. `short`: the sign only, with the word for screen readers. */
export function VerdictMark({ verdict }: { verdict: Verdict }) {
  const { sign, word, tone } = VERDICTS[verdict];
  return (
    <span class={`verdict ${tone}`}>
      {sign && (
        <span class="sign" aria-hidden="true">
          {sign}
        </span>
      )}
      {word}
    </span>
  );
}

/** Verdict → its entries, what needs attention first. */
export function byVerdict(entries: readonly Entry[]): [Verdict, Entry[]][] {
  const groups = new Map<Verdict, Entry[]>();
  for (const entry of entries) groups.set(entry.verdict, [...(groups.get(entry.verdict) ?? []), entry]);
  return [...groups].sort(([a], [b]) => rank(a) - rank(b));
}

/** The verdict on the whole page, in a few words. */
export function overall(entries: readonly Entry[]): { tone: string; sign: string; text: string } {
  const n = (verdict: Verdict) => entries.filter((entry) => entry.verdict === verdict).length;
  const bad = [phrase(n("failed"), "failed"), phrase(n("regressed"), "regressed")].filter(Boolean);
  if (bad.length) return { tone: "bad", sign: "✕", text: bad.join(", ") };
  if (!entries.length) return { tone: "unsure", sign: "–", text: "nothing measured" };
  if (n("improved")) return { tone: "good", sign: "▲", text: phrase(n("improved"), "improved") };
  if (n("underpowered")) return { tone: "unsure", sign: "?", text: "no change shown" };
  if (entries.every(({ verdict }) => verdict === "none" || verdict === "skipped")) return { tone: "plain", sign: "–", text: "not gated" };
  return { tone: "good", sign: "✓", text: "passed" };
}

function phrase(n: number, word: string): string {
  return n ? `${count(n)} ${word}` : "";
}

const SENTENCES: { [verdict in Verdict]: (n: number) => string } = {
  failed: (n) => `${counted(n, "gate")} failed`,
  regressed: (n) => `${counted(n, "cell")} regressed`,
  improved: (n) => `${counted(n, "cell")} improved`,
  underpowered: (n) => `${counted(n, "cell")} ${n === 1 ? "has" : "have"} too few samples to tell`,
  same: (n) => `${counted(n, "cell")} stayed the same`,
  passed: (n) => `${counted(n, "cell")} passed without a baseline`,
  skipped: (n) => `${counted(n, "gate")} ${n === 1 ? "was" : "were"} skipped`,
  none: (n) => `${counted(n, "cell")} ${n === 1 ? "has" : "have"} no gate`,
  gone: (n) => `${counted(n, "cell")} ${n === 1 ? "is" : "are"} only in the old run`,
};

const NOT_SCORED = ["error", "truncated", "empty", "refused", "unscored", "skipped"];

/** What a reviewer needs first: how many cells changed, and whether answers are missing. */
export function Headline({ overview, entries }: { overview: Overview; entries: readonly Entry[] }) {
  const cells = presentCells(overview);
  const answers = cells.reduce((sum, cell) => sum + cell.n_selected, 0);
  const missing = cells.reduce((sum, cell) => sum + unscored(cell), 0);
  const samples = hrefOf({
    tab: "samples",
    filters: NOT_SCORED.map((value) => ({ column: "outcome", operator: "is", value })),
  });
  if (!entries.length) return <p class="headline">The run has no cells: nothing was measured.</p>;
  return (
    <p class="headline">
      {overview.live && "The run goes on, and gates are judged at its end"}
      {(overview.live ? [] : byVerdict(entries)).map(([verdict, group], i) => (
        <>
          {i > 0 && ", "}
          <a href={hrefWith({ verdict, cell: "" })} class={VERDICTS[verdict].tone}>
            {SENTENCES[verdict](group.length)}
          </a>
        </>
      ))}
      {"; "}
      {missing ? (
        <>
          <a href={samples} class="bad">
            {count(missing)} of {counted(answers, "answer")}
          </a>{" "}
          {missing === 1 ? "was" : "were"} not scored.
        </>
      ) : (
        `all ${counted(answers, "answer")} were scored.`
      )}
    </p>
  );
}

/** The gates that failed and the cells that regressed, each with its message. */
export function RedGates({ entries }: { entries: readonly Entry[] }) {
  const red = entries.filter(({ verdict }) => VERDICTS[verdict].tone === "bad");
  if (!red.length) return null;
  return (
    <ul class="red-gates" aria-label="Gates that failed">
      {[...red]
        .sort((a, b) => rank(a.verdict) - rank(b.verdict))
        .map((entry) => (
          <li key={entry.id}>
            <VerdictMark verdict={entry.verdict} />{" "}
            <a href={hrefWith({ cell: entry.id })}>
              {entry.cell.task} · {entry.cell.label} · {entry.cell.provider}:{entry.cell.slug}
            </a>
            <p>{reason(entry)}</p>
          </li>
        ))}
    </ul>
  );
}

/** Why a gate failed: the first line of its message without the cell's name. */
function reason({ cell, comparison }: Entry): string {
  const line = (cell.gate_message ?? "").split("\n")[0] ?? "";
  const start = line.indexOf("]: ");
  if (line) return start < 0 ? line : line.slice(start + 3);
  return comparison ? `${comparison.old.score?.toFixed(3) ?? "?"} before, ${comparison.new.score?.toFixed(3) ?? "?"} now` : "";
}
