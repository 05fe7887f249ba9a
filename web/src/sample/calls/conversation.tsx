/** The transcript as a conversation: calls by round, in the order of their roles. */

import { useState } from "preact/hooks";
import type { SampleRecord } from "../../data";
import { count } from "../../numbers";
import { CallView } from "./call";
import type { NumberedCall } from "./calls";

const MAX_CALLS = 40; // drawn at once
const MAX_OPEN = 12; // of which so many are open

/** The calls of a transcript, grouped by round. */
export function Conversation({ calls, record }: { calls: NumberedCall[]; record: SampleRecord }) {
  const [shown, setShown] = useState(MAX_CALLS);
  const rounds = [...new Set(calls.map(({ call }) => call.round))].sort((a, b) => a - b);
  const ordered = rounds.flatMap((round) => calls.filter(({ call }) => call.round === round));
  const drawn = ordered.slice(0, shown);
  return (
    <>
      {rounds.map((round) => {
        const ofRound = drawn.filter(({ call }) => call.round === round);
        if (!ofRound.length) return null;
        return (
          <section class="round" aria-label={`Round ${round}`}>
            {rounds.length > 1 && <h4>Round {round}</h4>}
            {ofRound.map((numbered) => (
              <CallView key={numbered.position} numbered={numbered} record={record} open={calls.length <= MAX_OPEN} />
            ))}
          </section>
        );
      })}
      {ordered.length > shown && (
        <p class="fold">
          {count(ordered.length - shown)} more calls
          <button type="button" onClick={() => setShown(shown + MAX_CALLS)}>
            Show more calls
          </button>
        </p>
      )}
    </>
  );
}
