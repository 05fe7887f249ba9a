/** Starts the page: reads its data and draws the tabs. */

import { render } from "preact";
import { App } from "./app";
import { followRun, isLive } from "./live/follow";
import { showHiddenCharacters } from "./shell/visible_texts";
import { EmbeddedSource, type Source } from "./source";

async function start(): Promise<void> {
  showHiddenCharacters();
  if (isLive(document)) await followRun(draw);
  else await draw(new EmbeddedSource(document));
  document.documentElement.dataset["ready"] = "true";
}

async function draw(source: Source): Promise<void> {
  const [overview, index, changes] = await Promise.all([source.overview(), source.index(), source.changes()]);
  const root = document.getElementById("hl-app");
  if (!root) throw new Error("the page has no place for the report");
  if (!document.documentElement.dataset["ready"]) root.textContent = "";
  render(<App source={source} overview={overview} index={index} changes={changes} />, root);
}

start().catch((error: unknown) => {
  const message = document.getElementById("hl-message");
  if (message) message.textContent = `The interactive report could not start: ${String(error)}. Below is the plain one.`;
  document.documentElement.dataset["ready"] = "failed";
});
