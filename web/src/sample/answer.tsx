/** What the strategy answered, what was extracted from it, and how every scorer judged it. */

import { own } from "../lookup";
import { useMemo } from "preact/hooks";
import type { SampleRecord } from "../data";
import { score } from "../numbers";
import { answerPlace } from "./text/answer_place";
import { Completion, Reasoning } from "./calls/call";
import { callsOf } from "./calls/calls";
import { LongText, type Mark } from "./text/long_text";
import { targetsOf } from "./prompt";
import { visible, VisibleText } from "./text/visible_text";

const OUTCOMES: { [outcome: string]: string } = {
  error: "The answer was not scored: an error ended it. An error is never a score.",
  truncated: "The answer was not scored: it was cut off at a token limit before it was complete.",
  empty: "The answer was not scored: the model gave no text.",
  refused: "The answer was not scored: the model, or a filter of its provider, refused.",
  unscored: "The answer was not scored.",
  skipped: "The sample was skipped: it was not asked.",
};

export function AnswerView({ record }: { record: SampleRecord }) {
  const mark = useMemo(() => markOf(record), [record]);
  const source = [...callsOf(record).strategy].reverse().find(({ call }) => call.completion === record.output);
  const why = own(OUTCOMES, record.outcome);
  return (
    <>
      {why && <p class="explained">{why}</p>}
      {record.error && (
        <div class="error-text" role="group" aria-label="Error">
          <LongText text={record.error} />
        </div>
      )}
      {record.traceback && (
        <details class="traceback">
          <summary>Traceback</summary>
          <LongText text={record.traceback} label="Traceback" />
        </details>
      )}
      <Comparison record={record} mark={mark} />
      {record.reasoning && <Reasoning text={record.reasoning} />}
      {record.output === null ? (
        <p class="muted">There is no output.</p>
      ) : (
        <div class="message output">
          <p class="message-role">Output</p>
          <Completion text={record.output} tokens={source?.call.token_logprobs} label="Output" mark={mark} />
        </div>
      )}
    </>
  );
}

/** The place of the extracted answer in the output; null: it is not there, or it is all of it. */
function markOf({ output, answer }: SampleRecord): Mark | null {
  if (output === null || answer === null || output.trim() === answer.trim()) return null;
  const place = answerPlace(output, answer);
  return place && { start: place[0], end: place[1], title: "the extracted answer" };
}

function Comparison({ record, mark }: { record: SampleRecord; mark: Mark | null }) {
  const targets = targetsOf(record.target);
  const { answer, output } = record;
  return (
    <dl class="pairs comparison">
      <dt>{targets.length > 1 ? "targets" : "target"}</dt>
      <dd>
        {targets.length ? (
          targets.slice(0, 50).map((target) => (
            <span class="target">
              <LongText text={target} />
            </span>
          ))
        ) : (
          <span class="muted">none</span>
        )}
        {targets.length > 50 && <span class="muted">and {targets.length - 50} more</span>}
      </dd>
      <dt>extracted</dt>
      <dd>
        {answer === null ? (
          <span class="muted">nothing</span>
        ) : output !== null && answer.trim() === output.trim() ? (
          answer.length > 200 ? <span class="muted">the whole output</span> : <><LongText text={answer} /> <span class="muted">the whole output</span></>
        ) : (
          <>
            <LongText text={answer} />
            <span class="muted">{mark ? "marked in the output" : output === null ? "" : "not found in the output in these words"}</span>
          </>
        )}
      </dd>
    </dl>
  );
}

/** Every scorer's value, answer and explanation. */
export function ScoresView({ record }: { record: SampleRecord }) {
  const scores = Object.entries(record.scores);
  if (!scores.length) return <p class="muted">No scorer judged this answer.</p>;
  return (
    <ul class="scores">
      {scores.map(([name, { value, answer, explanation, details }], i) => (
        <li>
          <p class="score-head">
            <span class="role">{visible(name)}</span>
            <span class="score-value">{score(value)}</span>
            <span class="score-bar" aria-hidden="true">
              <span style={{ width: `${100 * Math.min(1, Math.max(0, value ?? 0))}%` }} />
            </span>
            {i === 0 && scores.length > 1 && <span class="tag" title="Gates and the overview use this score">main score</span>}
            {value === null && <span class="muted">unscored</span>}
            {answer != null && answer !== record.answer && (
              <span class="muted">
                extracted <VisibleText text={answer.slice(0, 300)} />
              </span>
            )}
          </p>
          {explanation && <LongText text={explanation} />}
          {details !== undefined && details !== null && Object.keys(details).length > 0 && (
            <details>
              <summary>Details</summary>
              <LongText text={JSON.stringify(details, null, 2)} />
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}
