/** Starts the page: reads its data and draws the tabs. */

import { render } from "preact";
import { App } from "./app";
import { EmbeddedSource } from "./source";

async function start(): Promise<void> {
  const source = new EmbeddedSource(document);
  const [overview, index, changes] = await Promise.all([source.overview(), source.index(), source.changes()]);
  const root = document.getElementById("hl-app");
  if (!root) throw new Error("the page has no place for the report");
  root.textContent = "";
  render(<App source={source} overview={overview} index={index} changes={changes} />, root);
  document.documentElement.dataset["ready"] = "true";
}

start().catch((error: unknown) => {
  const message = document.getElementById("hl-message");
  if (message) message.textContent = `The interactive report could not start: ${String(error)}. Below is the plain one.`;
  document.documentElement.dataset["ready"] = "failed";
});
