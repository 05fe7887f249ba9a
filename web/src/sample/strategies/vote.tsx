/** A vote over samples: how many gave each answer, and which samples they were. */

import type { SampleRecord } from "../../data";
import { showView } from "../../view";
import { placesIn } from "../text/answer_place";
import { CallBody } from "../calls/call";
import { callsOf, objectOf, textOf, type NumberedCall } from "../calls/calls";
import { targetsOf } from "../prompt";
import { visible } from "../text/visible_text";

const MAX_ANSWERS = 30;
const MAX_SAMPLES = 200; // beyond, the samples are not assigned to answers

const MAX_TEXT = 300_000; // characters of all samples; likewise

interface Vote {
  answer: string;
  votes: number;
  samples: NumberedCall[]; // empty: which samples gave the answer is unknown
}

/** The votes of a record whose strategy took a vote over samples; null: it has none. */
export function votesOf(record: SampleRecord): Vote[] | null {
  const counts = Object.entries(objectOf(objectOf(record.answer_metadata["vote"])["votes"]));
  const samples = callsOf(record).strategy.filter(({ call }) => /^sample-\d+$/.test(call.role));
  if (!samples.length || !("vote" in record.answer_metadata)) return null;
  const votes = counts.flatMap(([answer, n]) => (typeof n === "number" ? [{ answer, votes: n, samples: [] as NumberedCall[] }] : []));
  assign(votes, samples);
  return votes.sort((a, b) => b.votes - a.votes);
}

/** Give each answer its samples: those in which it is the last of the answers. Kept only if the votes confirm it. */
function assign(votes: Vote[], samples: NumberedCall[]): void {
  const size = samples.reduce((sum, { call }) => sum + call.completion.length, 0);
  if (size > MAX_TEXT || samples.length > MAX_SAMPLES || votes.length > MAX_ANSWERS) return;
  const found = new Map<Vote, NumberedCall[]>();
  for (const sample of samples) {
    const placeOf = placesIn(sample.call.completion);
    const places = votes.flatMap((vote) => {
      const place = placeOf(vote.answer);
      return place ? [{ vote, place }] : [];
    });
    const last = places.sort((a, b) => b.place[1] - a.place[1] || a.place[0] - b.place[0])[0];
    if (last) found.set(last.vote, [...(found.get(last.vote) ?? []), sample]);
  }
  if (votes.some((vote) => (found.get(vote)?.length ?? 0) !== vote.votes)) return;
  for (const vote of votes) vote.samples = found.get(vote) ?? [];
}

export function VoteView({ record, votes, selected }: { record: SampleRecord; votes: Vote[]; selected: number | null }) {
  const vote = objectOf(record.answer_metadata["vote"]);
  const targets = targetsOf(record.target);
  const winner = textOf(vote["answer"]);
  const n = callsOf(record).strategy.length;
  const voted = votes.reduce((sum, each) => sum + each.votes, 0);
  const call = selected === null ? undefined : record.transcript[selected];
  return (
    <>
      <p>
        {winner === null ? "No sample gave an answer." : `${voted} of ${n} samples voted.`}
        {vote["tie"] === true && " Two answers have the most votes: the one seen first was taken."}
        {voted < n && winner !== null && ` ${n - voted} did not vote: no answer was found in them, or they were cut off.`}
      </p>
      <table class="votes">
        <caption class="off-screen">Votes by answer</caption>
        <thead class="off-screen">
          <tr>
            <th scope="col">answer</th>
            <th scope="col">votes</th>
            <th scope="col">samples</th>
          </tr>
        </thead>
        <tbody>
          {votes.slice(0, MAX_ANSWERS).map((each) => (
            <tr class={each.answer === winner ? "winner" : ""}>
              <th scope="row">
                {visible(each.answer)} {each.answer === winner && <span class="tag">taken</span>} {targets.includes(each.answer) && <span class="tag right">target</span>}
              </th>
              <td>
                <span class="bar" style={{ width: `${(100 * each.votes) / Math.max(1, n)}%` }} aria-hidden="true" />
                <span>
                  {each.votes} of {n}
                </span>
              </td>
              <td>
                {each.samples.slice(0, 12).map(({ call, position }) => (
                  <button type="button" class="chip" aria-pressed={position === selected} onClick={() => showView({ call: position === selected ? null : position }, { replace: true })}>
                    {visible(call.role)}
                  </button>
                ))}
                {each.samples.length > 12 && <span class="muted">and {each.samples.length - 12} more</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {votes.length > MAX_ANSWERS && <p class="muted">{votes.length - MAX_ANSWERS} more answers with fewer votes.</p>}
      {call && selected !== null && (
        <section class="selected-call" aria-label={`Call of ${visible(call.role)}`}>
          <h4>{visible(call.role)}</h4>
          <CallBody key={selected} call={call} position={selected} record={record} />
        </section>
      )}
    </>
  );
}
