/** The call of a debate that the reader selected: what it read, sent and answered, and what changed since its round before. */

import { useState } from "preact/hooks";
import type { Call, SampleRecord } from "../../data";
import { CallBody } from "../calls/call";
import { TextDifference } from "../text/text_difference";
import { visible } from "../text/visible_text";
import { readingText, type Reading } from "./reading";

interface Props {
  record: SampleRecord;
  selected: number | null; // position in the transcript
  reading: Reading | null;
}

export function SelectedCall({ record, selected, reading }: Props) {
  const call = selected === null ? undefined : record.transcript[selected];
  if (!call || selected === null) return <p class="muted hint">Select an answer to read its call.</p>;
  const before = callBefore(record, call, selected);
  const text = reading ? readingText(reading, record) : "";
  return (
    <section class="selected-call" aria-label={`Call of ${visible(call.role)}, round ${call.round}`}>
      <h4>
        {visible(call.role)}, round {call.round}
      </h4>
      {text && <p class="muted">{`It ${visible(text)} (derived from the texts).`}</p>}
      {!text && call.round > 0 && <p class="muted">No earlier answer was found in what it was sent.</p>}
      <CallBody key={selected} call={call} position={selected} record={record} />
      {before && <Revision key={`${selected} revision`} before={before} now={call} />}
    </section>
  );
}

/** The last call that the same agent made in an earlier round. */
function callBefore(record: SampleRecord, call: Call, position: number): Call | undefined {
  return record.transcript.slice(0, position).filter(({ role, round }) => role === call.role && round < call.round).pop();
}

/** How an agent changed its text since its round before. */
function Revision({ before, now }: { before: Call; now: Call }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="revision" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What changed since round {before.round}</summary>
      {isOpen && (
        <>
          <p class="legend">
            <del>only in round {before.round}</del> <ins>only in round {now.round}</ins>
          </p>
          <TextDifference old={before.completion} now={now.completion} />
        </>
      )}
    </details>
  );
}

