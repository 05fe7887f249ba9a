/** Facts about the run: command, commit, versions, host, licences of the page. */

import type { PageProps } from "../app";

export function RunTab({ overview }: PageProps) {
  return <pre>{JSON.stringify(overview.runs, null, 2)}</pre>;
}
