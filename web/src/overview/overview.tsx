/** The overview: what was measured, with intervals, changes and gates, at which cost. */

import type { PageProps } from "../app";

export function OverviewTab({ overview }: PageProps) {
  return <p>{overview.cells.length} cells</p>;
}
