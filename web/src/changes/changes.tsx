/** What changed against the baseline or the other run. */

import type { PageProps } from "../app";

export function ChangesTab({ changes }: PageProps) {
  return <p>{changes === null ? "Nothing to compare with." : `${changes.cells.length} cells compared`}</p>;
}
