/** A manager's plan, what each worker answered, and how the results were combined. */

import type { SampleRecord } from "../../data";
import { counted } from "../../numbers";
import { showView } from "../../view";
import { CallBody } from "../calls/call";
import { callsOf, listOf, numberOf, textOf, type NumberedCall } from "../calls/calls";
import { VisibleText, visible } from "../text/visible_text";

interface Subtask {
  subtask: string;
  result: string | null;
  worker: NumberedCall | undefined;
}

/** The work that a manager divided. */
export interface Plan {
  subtasks: Subtask[];
  planning: NumberedCall | undefined;
  combination: NumberedCall | undefined;
}

/** The plan of a record whose strategy has a manager and workers; null: it has none. */
export function planOf(record: SampleRecord): Plan | null {
  if (!Array.isArray(record.answer_metadata["plan"])) return null;
  const { strategy } = callsOf(record);
  const results = listOf(record.answer_metadata["results"]);
  const workers = new Map(strategy.filter(({ call }) => /^worker-\d+$/.test(call.role)).map((numbered) => [numberOf(numbered.call.role), numbered]));
  const managers = strategy.filter(({ call }) => call.role === "manager");
  return {
    subtasks: listOf(record.answer_metadata["plan"]).map((subtask, i) => ({ subtask: textOf(subtask) ?? "?", result: textOf(results[i]), worker: workers.get(i + 1) })),
    planning: managers[0],
    combination: managers.length > 1 ? managers[managers.length - 1] : undefined,
  };
}

export function PlanView({ record, plan, selected }: { record: SampleRecord; plan: Plan; selected: number | null }) {
  const call = selected === null ? undefined : record.transcript[selected];
  return (
    <>
      {!plan.subtasks.length && <p>The manager’s reply has no steps, so nobody worked on them.</p>}
      <ol class="plan">
        {plan.planning && (
          <li>
            <CallButton numbered={plan.planning} selected={selected} title="Plan" /> <span class="muted">{counted(plan.subtasks.length, "sub-task")}</span>
          </li>
        )}
        {plan.subtasks.map(({ subtask, result, worker }, i) => (
          <li class="subtask">
            {worker ? <CallButton numbered={worker} selected={selected} title={worker.call.role} /> : <span class="role">worker-{i + 1}</span>}
            <span class="subtask-text">
              <VisibleText text={subtask} />
            </span>
            <span class="subtask-result">
              <span aria-hidden="true">→</span> {result === null ? <span class="muted">no result</span> : <VisibleText text={result.slice(0, 500)} />}
            </span>
          </li>
        ))}
        {plan.combination && (
          <li>
            <CallButton numbered={plan.combination} selected={selected} title="Combination" />
            <span class="subtask-result">
              <span aria-hidden="true">→</span> {record.answer === null ? <span class="muted">no answer</span> : <VisibleText text={record.answer.slice(0, 500)} />}
            </span>
          </li>
        )}
      </ol>
      {call && selected !== null && (
        <section class="selected-call" aria-label={`Call of ${visible(call.role)}, round ${call.round}`}>
          <h4>
            {visible(call.role)}, round {call.round}
          </h4>
          <CallBody key={selected} call={call} position={selected} record={record} />
        </section>
      )}
    </>
  );
}

function CallButton({ numbered: { position }, selected, title }: { numbered: NumberedCall; selected: number | null; title: string }) {
  return (
    <button type="button" class="chip" aria-pressed={position === selected} onClick={() => showView({ call: position === selected ? null : position }, { replace: true })}>
      {visible(title)}
    </button>
  );
}
