/** The frame of the page: title, notices, tabs, and the pane of the open sample. */

import type { Changes, Index, Overview } from "./data";
import type { Source } from "./source";
import { hrefOf, useView, type Tab } from "./view";
import { OverviewTab } from "./overview/overview";
import { SamplesTab } from "./samples/samples";
import { SamplePane } from "./sample/pane";
import { ChangesTab } from "./changes/changes";
import { RunTab } from "./run/run";

export interface PageProps {
  source: Source;
  overview: Overview;
  index: Index;
  changes: Changes | null;
}

export function App(page: PageProps) {
  const view = useView();
  const tabs: [Tab, string][] = [
    ["overview", "Overview"],
    ["samples", `Samples (${page.index.n.toLocaleString("en")})`],
    ["changes", "Changes"],
    ["run", "Run"],
  ];
  return (
    <>
      <header class="page-header">
        <h1>{page.overview.title}</h1>
        <nav aria-label="Parts of the report">
          {tabs.map(([tab, title]) => (
            <a href={hrefOf({ tab, sample: null })} aria-current={view.tab === tab ? "page" : undefined}>
              {title}
            </a>
          ))}
        </nav>
      </header>
      {page.overview.notices.map(({ level, text }) => (
        <p class={`notice ${level}`} role="status">
          {text}
        </p>
      ))}
      <div class={view.sample === null ? "content" : "content with-pane"}>
        <main>
          {view.tab === "overview" && <OverviewTab {...page} />}
          {view.tab === "samples" && <SamplesTab {...page} />}
          {view.tab === "changes" && <ChangesTab {...page} />}
          {view.tab === "run" && <RunTab {...page} />}
        </main>
        {view.sample !== null && <SamplePane {...page} sampleKey={view.sample} />}
      </div>
    </>
  );
}
