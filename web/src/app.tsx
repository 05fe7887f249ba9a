/** The frame of the page: title, notices, tabs, and the pane of the open sample. */

import { useEffect } from "preact/hooks";
import type { Changes, Index, Notice, Overview } from "./data";
import type { Source } from "./source";
import { useView, type Tab } from "./view";
import { OverviewTab } from "./overview/overview";
import { SamplesTab } from "./samples/samples";
import { SamplePane } from "./sample/pane";
import { ChangesTab } from "./changes/changes";
import { RunTab } from "./run/run";
import { visible } from "./sample/text/visible_text";
import { Boundary } from "./shell/boundary";
import { Header } from "./shell/header";

export interface PageProps {
  source: Source;
  overview: Overview;
  index: Index;
  changes: Changes | null;
}

const TITLES: { [tab in Tab]: string } = { overview: "Overview", samples: "Samples", changes: "Changes", run: "Run" };

export function App(page: PageProps) {
  const view = useView();
  useEffect(() => {
    document.title = visible(`${TITLES[view.tab]} · ${page.overview.title}`);
  }, [view.tab, page.overview.title]);
  return (
    <>
      <button type="button" class="skip-link" onClick={() => document.querySelector("main")?.focus()}>
        Skip to the content
      </button>
      <Header overview={page.overview} changes={page.changes} tabs={tabsOf(page)} current={view.tab} />
      <Notices notices={page.overview.notices.filter(({ level }) => level !== "info")} />
      <div class={view.sample === null ? "content" : "content with-pane"}>
        <main tabIndex={-1}>
          <Boundary about={view.tab} name={`The part "${TITLES[view.tab]}"`}>
            {view.tab === "overview" && <OverviewTab {...page} />}
            {view.tab === "samples" && <SamplesTab {...page} />}
            {view.tab === "changes" && <ChangesTab {...page} />}
            {view.tab === "run" && <RunTab {...page} />}
          </Boundary>
          <Notices notices={page.overview.notices.filter(({ level }) => level === "info")} />
        </main>
        {view.sample !== null && (
          <Boundary about={view.sample} name="The sample">
            <SamplePane {...page} sampleKey={view.sample} />
          </Boundary>
        )}
      </div>
    </>
  );
}

function Notices({ notices }: { notices: readonly Notice[] }) {
  return (
    <>
      {notices.map(({ level, text }) => (
        <p key={text} class={`notice ${level}`} role="status">
          {text}
        </p>
      ))}
    </>
  );
}

/** The tabs of the page. A page that compares nothing has no tab for changes. */
function tabsOf({ index, changes }: PageProps): [Tab, string][] {
  return [
    ["overview", TITLES.overview],
    ["samples", `${TITLES.samples} (${index.n.toLocaleString("en")})`],
    ...(changes ? ([["changes", TITLES.changes]] as [Tab, string][]) : []),
    ["run", TITLES.run],
  ];
}
