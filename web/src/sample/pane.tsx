/** The side pane with one record. */

import type { PageProps } from "../app";

export function SamplePane({ sampleKey }: PageProps & { sampleKey: string }) {
  return <aside aria-label="Sample">{sampleKey}</aside>;
}
