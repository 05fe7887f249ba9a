/** The overview: what was measured, with intervals, changes and gates, at which cost. */

import type { ComponentChildren } from "preact";
import type { PageProps } from "../app";
import type { Overview } from "../data";
import { Boundary } from "../shell/boundary";
import { CalibrationSection } from "./charts/calibration";
import { RoundsSection } from "./charts/rounds";
import { Tradeoff } from "./charts/tradeoff";
import { CellDialog } from "./cell_dialog";
import { entries as entriesOf } from "./cells";
import { CellTable } from "./matrix";
import { Outcomes } from "./outcomes";
import { SpendingTable } from "./spending";
import { Headline, RedGates } from "./verdict";

export function OverviewTab({ overview, index, changes }: PageProps) {
  const entries = entriesOf(overview, changes);
  if (!entries.length) {
    return (
      <div class="overview">
        <Headline overview={overview} entries={entries} />
        <Outcomes overview={overview} index={index} />
      </div>
    );
  }
  const parts: [string, ComponentChildren][] = [
    ["cells", <CellTable overview={overview} entries={entries} />],
    ["cost and latency", <CostSection overview={overview} />],
    ["debates", <RoundsSection overview={overview} />],
    ["calibration", <CalibrationSection overview={overview} />],
    ["answers", <Outcomes overview={overview} index={index} />],
    ["details of a cell", <CellDialog overview={overview} entries={entries} />],
  ];
  return (
    <div class="overview">
      <Headline overview={overview} entries={entries} />
      <RedGates entries={entries} />
      {parts.map(([name, part], i) => (
        <>
          {i === 1 && overview.kind === "comparison" && <p class="aside note">What follows is of the new side, {overview.runs[1]?.name}.</p>}
          <Boundary key={name} name={`The section on ${name}`} about="overview">
            {part}
          </Boundary>
        </>
      ))}
    </div>
  );
}

function CostSection({ overview }: { overview: Overview }) {
  return (
    <section class="card" aria-labelledby="spending-title">
      <header class="card-header">
        <h2 id="spending-title" tabIndex={-1}>
          Cost and latency
        </h2>
      </header>
      <div class="charts">
        <Tradeoff overview={overview} />
        <SpendingTable overview={overview} />
      </div>
    </section>
  );
}
