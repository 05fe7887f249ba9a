/** The head of the page: what was run, when, with which models, and the verdict. */

import type { Changes, Overview } from "../data";
import { entries } from "../overview/cells";
import { time } from "../overview/format";
import { overall } from "../overview/verdict";
import { hrefOf, type Tab } from "../view";
import { Keyboard } from "./keyboard";
import { ThemeButton } from "./theme";

interface Props {
  overview: Overview;
  changes: Changes | null;
  tabs: readonly [Tab, string][];
  current: Tab;
}

const MAX_MODELS = 3; // that are named

export function Header({ overview, changes, tabs, current }: Props) {
  return (
    <header class="page-header">
      <div class="page-title">
        <div>
          <h1>{overview.title}</h1>
          <p class="note">{facts(overview)}</p>
        </div>
        <Badge overview={overview} changes={changes} />
        <div class="page-tools">
          <span class="theme">
            <ThemeButton />
          </span>
          <Keyboard tabs={tabs.map(([tab]) => tab)} />
        </div>
      </div>
      <nav aria-label="Parts of the report">
        {tabs.map(([tab, title]) => (
          <a key={tab} href={hrefOf({ tab, sample: null })} aria-current={current === tab ? "page" : undefined}>
            {title}
          </a>
        ))}
      </nav>
    </header>
  );
}

function Badge({ overview, changes }: { overview: Overview; changes: Changes | null }) {
  const { tone, sign, text } = verdict(overview, changes);
  return (
    <p class={`page-badge ${tone}`}>
      <span aria-hidden="true">{sign}</span> {text}
    </p>
  );
}

/** The verdict of the page. Damaged figures must not keep the other parts from being shown. */
function verdict(overview: Overview, changes: Changes | null): { tone: string; sign: string; text: string } {
  if (overview.live) return { tone: "unsure", sign: "●", text: "running" };
  try {
    const { tone, sign, text } = overall(entries(overview, changes));
    return overview.complete ? { tone, sign, text } : { tone: tone === "bad" ? tone : "unsure", sign, text: `incomplete: ${text}` };
  } catch {
    return { tone: "unsure", sign: "?", text: "unknown" };
  }
}

/** `26 Nov 2026, 05:21 UTC · mlx:nano-2 · 860 records`, as far as it is known. */
function facts(overview: Overview): string {
  const manifest = overview.runs.at(-1)?.manifest ?? {};
  const started = manifest["started_at"];
  const models = Array.isArray(manifest["models"]) ? manifest["models"].map(String) : [];
  const more = models.length > MAX_MODELS ? [`${models.length - MAX_MODELS} more models`] : [];
  return [...(typeof started === "string" ? [time(started)] : []), ...models.slice(0, MAX_MODELS), ...more].join(" · ");
}
