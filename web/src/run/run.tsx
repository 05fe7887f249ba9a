/** Facts about the run: command, commit, versions, host, tasks, and the licences of the page. */

import { useState } from "preact/hooks";
import type { PageProps } from "../app";
import type { Json, Overview, Run } from "../data";
import { presentCells } from "../overview/cells";
import { duration } from "../numbers";
import { time } from "../overview/format";
import type { Source } from "../source";

type Manifest = Run["manifest"];

export function RunTab({ overview, source }: PageProps) {
  return (
    <div class="run-tab">
      {overview.runs.map((run, i) => (
        <RunFacts key={i} run={run} overview={overview} heading={overview.runs.length > 1 ? ["Old run", "New run"][i] : undefined} />
      ))}
      <Licenses source={source} />
    </div>
  );
}

function RunFacts({ run, overview, heading }: { run: Run; overview: Overview; heading: string | undefined }) {
  const { manifest } = run;
  const empty = !Object.keys(manifest).length;
  return (
    <section class="card">
      <h2>{heading ? `${heading}: ${run.name}` : run.name}</h2>
      {empty ? (
        <p>Nothing is known of how this was made: a snapshot, or a run without its file run.json.</p>
      ) : (
        <>
          <dl class="facts run-facts">
            {facts(manifest, overview).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          <Reproduce manifest={manifest} />
          <Pairs title="Versions" value={manifest["versions"]} />
          <Pairs title="Tasks, each with the hash of its samples" value={manifest["tasks"]} />
          <Pairs title="Options" value={manifest["options"]} />
          <Others manifest={manifest} />
        </>
      )}
    </section>
  );
}

const SHOWN = ["schema", "run_id", "started_at", "ended_at", "finished_at", "command", "git", "host", "seed", "models", "records", "versions", "tasks", "options", "complete"];

function facts(manifest: Manifest, overview: Overview): [string, string][] {
  const { commit, dirty } = asObject(manifest["git"]);
  const host = asObject(manifest["host"]);
  const wall_s = Math.max(...presentCells(overview).map((cell) => cell.wall_s ?? 0), 0);
  const rows: [string, string | null][] = [
    ["Started", typeof manifest["started_at"] === "string" ? time(manifest["started_at"]) : null],
    ["Longest cell took", overview.kind === "run" && wall_s > 0 ? duration(wall_s) : null],
    ["Models", Array.isArray(manifest["models"]) ? manifest["models"].map(String).join(", ") : null],
    ["Records", manifest["records"] == null ? null : Number(manifest["records"]).toLocaleString("en")],
    ["Seed", manifest["seed"] == null ? null : text(manifest["seed"])],
    ["Commit", commit ? `${String(commit)}${dirty ? ", with changes that were not committed" : ", clean"}` : "unknown: not in a Git repository"],
    ["Host", Object.keys(host).length ? `${text(host["system"])} ${text(host["release"])}, ${text(host["machine"])}, ${text(host["cpus"])} CPUs` : null],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== null);
}

function Reproduce({ manifest }: { manifest: Manifest }) {
  const [copied, setCopied] = useState("");
  const command = Array.isArray(manifest["command"]) ? manifest["command"].map((part) => quoted(String(part))).join(" ") : "";
  if (!command) return null;
  const { commit, dirty } = asObject(manifest["git"]);
  const lines = [...(commit ? [`git checkout ${String(commit)}`] : []), command].join("\n");
  const copy = () =>
    navigator.clipboard?.writeText(lines).then(
      () => setCopied("Copied"),
      () => setCopied("The browser does not allow it; select the text instead"),
    ) ?? setCopied("The browser does not allow it; select the text instead");
  return (
    <>
      <h3>Run it again</h3>
      <pre class="message">{lines}</pre>
      <p>
        <button type="button" onClick={copy}>
          Copy
        </button>{" "}
        <span role="status">{copied}</span>
      </p>
      <p class="note">
        {dirty ? "The run had changes that were not committed: they are needed too. " : ""}
        With <code>--record</code> the answers are kept, and <code>--replay</code> gives the same ones again; a server that is asked again may answer differently.
      </p>
    </>
  );
}

/** A part of a command as a shell takes it. */
function quoted(part: string): string {
  return /^[\w@%+=:,./-]+$/.test(part) ? part : `'${part.replaceAll("'", `'\\''`)}'`;
}

function Pairs({ title, value }: { title: string; value: Json | undefined }) {
  const pairs = Object.entries(asObject(value));
  if (!pairs.length) return null;
  return (
    <details open={pairs.length <= 12}>
      <summary>
        {title} ({pairs.length})
      </summary>
      <div class="scroll">
        <table class="small">
          <tbody>
            {pairs.map(([name, entry]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <code>{text(entry)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** What the manifest has beyond the facts above. */
function Others({ manifest }: { manifest: Manifest }) {
  const others = Object.fromEntries(Object.entries(manifest).filter(([name]) => !SHOWN.includes(name)));
  return <Pairs title="Further facts" value={others} />;
}

function Licenses({ source }: { source: Source }) {
  const [licenses, setLicenses] = useState<string | null>(null);
  const load = () => {
    if (licenses !== null) return;
    source.licenses().then(
      (value) => setLicenses(value || "This page contains no libraries of others."),
      (error: unknown) => setLicenses(`The licences could not be read: ${String(error)}`),
    );
  };
  return (
    <section class="card">
      <details onToggle={load}>
        <summary>Licences of the libraries in this page</summary>
        <pre class="message">{licenses ?? "Loading …"}</pre>
      </details>
    </section>
  );
}

function asObject(value: Json | undefined): { [key: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}

function text(value: Json | undefined): string {
  if (value == null) return "?";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
