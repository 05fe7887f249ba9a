/** The verdicts of the cells: the word with its sign, and the sentence on all of them. */

import type { Overview } from "../data";
import { count, counted, score, signed } from "../numbers";
import { hrefOf, hrefWith, type Filter } from "../view";
import { rank, unscored, VERDICTS, presentCells, type Comparison, type Entry, type Verdict } from "./cells";
import { signedInterval } from "./format";

/** A verdict as a word with a sign. */
export function VerdictMark({ verdict }: { verdict: Verdict }) {
  const { sign, word, tone, meaning } = VERDICTS[verdict];
  return (
    <span class={`cell-verdict ${tone}`} title={meaning}>
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
  if (entries.every(({ cell }) => cell.n === 0)) return { tone: "bad", sign: "✕", text: "nothing scored" };
  if (n("improved")) return { tone: "good", sign: "▲", text: phrase(n("improved"), "improved") };
  if (n("underpowered") + n("untested")) return { tone: "unsure", sign: "?", text: n("same") ? "no change found" : "too few samples to tell" };
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
  untested: (n) => `${counted(n, "cell")} could not be tested`,
  same: (n) => `${counted(n, "cell")} stayed the same`,
  passed: (n) => `${counted(n, "cell")} passed without a baseline`,
  skipped: (n) => `${counted(n, "gate")} ${n === 1 ? "was" : "were"} skipped`,
  none: (n) => `${counted(n, "cell")} ${n === 1 ? "has" : "have"} no gate`,
  fresh: (n) => `${counted(n, "cell")} ${n === 1 ? "is" : "are"} only in the new run`,
  unpaired: (n) => `${counted(n, "cell")} could not be compared`,
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
      {overview.live && `The run goes on, and gates are judged at its end; the scores below are of ${counted(answers, "answer")} so far`}
      {(overview.live ? [] : byVerdict(entries)).map(([verdict, group], i) => (
        <>
          {i > 0 && ", "}
          <a href={hrefWith({ verdict, cell: "" })} class={VERDICTS[verdict].tone}>
            {SENTENCES[verdict](group.length)}
          </a>
        </>
      ))}
      {overview.live && !missing ? "." : "; "}
      {missing ? (
        <>
          <a href={samples} class="bad">
            {count(missing)} of {counted(answers, "answer")}
          </a>{" "}
          {missing === 1 ? "was" : "were"} not scored.
        </>
      ) : (
        !overview.live && `${answers === 1 ? "its answer was" : `all ${counted(answers, "answer")} were`} scored.`
      )}
    </p>
  );
}

const MAX_REASONS = 6; // that are shown at once
const MAX_CELLS = 12; // that are named per reason

/** Why gates failed and cells regressed: each reason once, with its cells. */
export function RedGates({ entries }: { entries: readonly Entry[] }) {
  const reasons = new Map<string, Entry[]>();
  const red = entries.filter(({ verdict }) => VERDICTS[verdict].tone === "bad");
  for (const entry of [...red].sort((a, b) => rank(a.verdict) - rank(b.verdict))) {
    const key = `${entry.verdict}\n${reason(entry)}`;
    reasons.set(key, [...(reasons.get(key) ?? []), entry]);
  }
  if (!reasons.size) return null;
  const items = [...reasons].map(([key, group]) => <RedReason key={key} text={key.slice(key.indexOf("\n") + 1)} entries={group} />);
  return (
    <>
      <ul class="red-gates" aria-label="Gates that failed">
        {items.slice(0, MAX_REASONS)}
      </ul>
      {items.length > MAX_REASONS && (
        <details>
          <summary>{counted(items.length - MAX_REASONS, "more reason")} of failed gates</summary>
          <ul class="red-gates">{items.slice(MAX_REASONS)}</ul>
        </details>
      )}
    </>
  );
}

function RedReason({ text, entries }: { text: string; entries: readonly Entry[] }) {
  const [first] = entries;
  if (!first) return null;
  return (
    <li>
      <VerdictMark verdict={first.verdict} /> {entries.length > 1 && <b>{counted(entries.length, "cell")}: </b>}
      {entries.length === 1 && <CellLink entry={first} />}
      {text.split("\n").map((line) => (
        <p>{line}</p>
      ))}
      {entries.some(({ comparison }) => comparison) && (
        <p class="to-changes">
          <a href={hrefOf({ tab: "changes", filters: changesFilters(entries) })}>Show what changed</a>
        </p>
      )}
      {entries.length > 1 && (
        <ul class="cells">
          {entries.slice(0, MAX_CELLS).map((entry) => (
            <li key={entry.id}>
              <CellLink entry={entry} />
            </li>
          ))}
          {entries.length > MAX_CELLS && <li>and {count(entries.length - MAX_CELLS)} more, below</li>}
        </ul>
      )}
    </li>
  );
}

function CellLink({ entry: { id, cell } }: { entry: Entry }) {
  return (
    <a href={hrefWith({ cell: id })}>
      {cell.task} · {cell.label} · {cell.provider}:{cell.slug}
    </a>
  );
}

/** The tasks of these cells, to which the part on changes is narrowed. */
function changesFilters(entries: readonly Entry[]): Filter[] {
  const tasks = [...new Set(entries.map(({ cell }) => cell.task))];
  return tasks.length > MAX_CELLS ? [] : tasks.map((value) => ({ column: "task", operator: "is", value }));
}

/** Why a gate failed: the scores if the cell regressed, and the first line of its message without the cell's name. */
function reason({ cell, comparison, verdict }: Entry): string {
  const line = (cell.gate_message ?? "").split("\n")[0] ?? "";
  const start = line.indexOf("]: ", `gate of ${cell.task}[`.length);
  const message = start < 0 ? line : line.slice(start + 3);
  const figures = comparison && (verdict === "regressed" || !message) ? figuresOf(comparison) : "";
  return [figures, message].filter(Boolean).join("\n");
}

function figuresOf(comparison: Comparison): string {
  const wrong = comparison.newly_wrong.length ? `; ${counted(comparison.newly_wrong.length, "sample is", "samples are")} newly wrong` : "";
  return `${score(comparison.old.score)} before, ${score(comparison.new.score)} now: ${signed(comparison.difference)}, 95 % interval ${signedInterval(comparison.ci95)}${wrong}`;
}
