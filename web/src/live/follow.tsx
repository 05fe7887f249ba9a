/** Keeps the page up to date while its run goes on. The tabs are drawn again only if there is something new. */

import { render } from "preact";
import { LiveSource } from "./live-source";
import { LiveBar } from "./bar";
import type { Source } from "../source";

/** Whether the page is served by a run that goes on. */
export function isLive(page: Document): boolean {
  return page.querySelector('meta[name="hl-live"]') !== null;
}

/** Draw the page with what the run has so far, and go on in the background. */
export async function followRun(draw: (source: Source) => Promise<void>): Promise<void> {
  const source = new LiveSource(new URL(".", location.href).href);
  const bar = document.createElement("div");
  const drawBar = () => source.status && render(<LiveBar status={source.status} retry={() => source.retry()} />, bar);
  await draw(source);
  document.body.prepend(bar);
  drawBar();
  void source.follow((content) => {
    drawBar();
    if (content) void draw(source);
  });
}
