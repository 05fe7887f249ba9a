/** The table of samples: one row per record, with search, filters, columns and export. */

import type { PageProps } from "../app";

export function SamplesTab({ index }: PageProps) {
  return <p>{index.n} records</p>;
}
