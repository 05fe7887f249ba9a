/** The line on top of a page whose run goes on: how far it is, and what became of it. */

import type { Progress } from "../data";
import type { LiveStatus } from "./live-source";
import { cost, count, duration } from "../numbers";

const ENOUGH_FAILURES = 3; // after which the run is believed to have ended

export function LiveBar({ status, retry }: { status: LiveStatus; retry: () => void }) {
  const { progress, failures } = status;
  const lost = !progress.ended && failures > 0;
  return (
    <section class={`live ${progress.ended ? "ended" : lost ? "lost" : "running"}`} aria-label="Progress of the run">
      <p class="live-state" role="status">
        <span class="live-mark" aria-hidden="true" />
        {headline(progress, failures)}
        {lost && (
          <button type="button" onClick={retry}>
            Try now
          </button>
        )}
      </p>
      {progress.planned !== null && (
        <progress aria-label="Answers" max={progress.planned} value={Math.min(progress.done, progress.planned)} />
      )}
      <ul>
        {facts(progress).map((fact) => (
          <li>{fact}</li>
        ))}
      </ul>
      {(progress.ended || failures >= ENOUGH_FAILURES) && <Place progress={progress} />}
    </section>
  );
}

function headline(progress: Progress, failures: number): string {
  if (progress.ended) return progress.complete ? "The run has ended." : "The run was stopped early.";
  if (failures >= ENOUGH_FAILURES) return "The run does not answer: it has ended or was stopped. The page keeps what it has.";
  if (failures > 0) return "No connection to the run. Trying again.";
  return "Running. Scores are of the answers so far.";
}

function facts(progress: Progress): string[] {
  const { done, planned, errors, cost_usd, unknown_costs, rate_per_s, left_s, elapsed_s } = progress;
  return [
    planned === null ? `${count(done)} answers` : `${count(done)} of ${count(planned)} answers`,
    ...(errors ? [`${count(errors)} ${errors === 1 ? "error" : "errors"}`] : []),
    spending(cost_usd, unknown_costs),
    ...(rate_per_s !== null && !progress.ended ? [`${rate(rate_per_s)}`] : []),
    ...(left_s !== null && done < (planned ?? 0) ? [`about ${duration(left_s)} left`] : []),
    `${duration(elapsed_s)} ${progress.ended ? "in all" : "so far"}`,
  ];
}

function spending(known: number, unknown: number): string {
  if (!unknown) return cost(known);
  const records = `${count(unknown)} ${unknown === 1 ? "record" : "records"} of unknown cost`;
  return known ? `${cost(known)} and ${records}` : records;
}

function rate(per_s: number): string {
  return per_s >= 1 ? `${per_s.toFixed(1)} answers per second` : `${(per_s * 60).toPrecision(2)} answers per minute`;
}

/** Where the run's files are: a page of http cannot link to a file. */
function Place({ progress }: { progress: Progress }) {
  const { report, folder } = progress;
  const path = report ?? folder;
  return (
    <p class="live-place">
      {report ? "The report is at" : "Its files are in"} <code>{path}</code>{" "}
      <button type="button" onClick={() => void navigator.clipboard?.writeText(path).catch(() => {})}>
        Copy path
      </button>
    </p>
  );
}
