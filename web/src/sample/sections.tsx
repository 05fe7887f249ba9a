/** The sections of the pane, top to bottom. */

import { useMemo, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { columnOf, valueAt } from "../columns";
import type { Index, Json, SampleRecord } from "../data";
import { count, plural } from "../numbers";
import type { Source } from "../source";
import { AnswerView, ScoresView } from "./answer";
import { callsOf } from "./calls/calls";
import { Conversation } from "./calls/conversation";
import { debateOf } from "./strategies/debate";
import { DebateView } from "./strategies/debate_view";
import { ElsewhereView } from "./elsewhere";
import { SampleHead } from "./head";
import { planOf, PlanView } from "./strategies/plan";
import { Pair, PromptView } from "./prompt";
import { VoteView, votesOf } from "./strategies/vote";

interface Props {
  index: Index;
  source: Source;
  record: SampleRecord;
  row: number;
  call: number | null;
  compared: string | null;
}

export function SampleBody({ index, source, record, row, call, compared }: Props) {
  const { strategy, scoring } = useMemo(() => callsOf(record), [record]);
  const special = useMemo(() => ({ debate: debateOf(record), votes: votesOf(record), plan: planOf(record) }), [record]);
  const confidence = valueAt(columnOf(index, "confidence"), row);
  const change = valueAt(columnOf(index, "change"), row);
  const isSpecial = Boolean(special.debate ?? special.votes ?? special.plan);
  return (
    <div class="pane-body">
      <SampleHead record={record} confidence={typeof confidence === "number" ? confidence : null} change={typeof change === "string" && change ? change : null} />
      <Section title="Prompt">
        <PromptView record={record} />
      </Section>
      {special.debate && (
        <Section title="Debate">
          <DebateView record={record} debate={special.debate} selected={call} />
        </Section>
      )}
      {special.votes && (
        <Section title="Vote">
          <VoteView record={record} votes={special.votes} selected={call} />
        </Section>
      )}
      {special.plan && (
        <Section title="Plan and work">
          <PlanView record={record} plan={special.plan} selected={call} />
        </Section>
      )}
      <Section title="Answer">
        <AnswerView record={record} />
      </Section>
      <Section title="Scores">
        <ScoresView record={record} />
      </Section>
      {strategy.length > 0 && (
        <Section title={`Calls (${count(strategy.length)})`} folded={isSpecial}>
          <Conversation calls={strategy} record={record} />
        </Section>
      )}
      {scoring.length > 0 && (
        <Section title={`Scoring (${plural(scoring.length, "call")})`} folded>
          <p class="muted">Calls that scorers made of judge models.</p>
          <Conversation calls={scoring} record={record} />
        </Section>
      )}
      <Section title="The same sample elsewhere">
        <ElsewhereView index={index} source={source} record={record} row={row} compared={compared} />
      </Section>
      <Section title="Facts" folded>
        <dl class="pairs">
          {factsOf(record).map(([name, value]) => (
            <Pair name={name} value={value} />
          ))}
        </dl>
      </Section>
    </div>
  );
}

/** A titled part of the pane. A folded one is drawn when it is opened. */
function Section({ title, folded = false, children }: { title: string; folded?: boolean; children: ComponentChildren }) {
  const [isOpen, setOpen] = useState(!folded);
  return (
    <details class="pane-section" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>{title}</h3>
      </summary>
      {isOpen && children}
    </details>
  );
}

function factsOf(record: SampleRecord): [string, Json][] {
  const { round_scores: _scores, answers: _answers, ...metadata } = record.answer_metadata;
  return [
    ["sample", record.sample_id],
    ["run", record.run_id],
    ["model", record.model],
    ["strategy", record.strategy],
    ...Object.entries(record.strategy_params),
    ["seed", record.seed],
    ["started", record.started_at],
    ["key", record.key],
    ["sample hash", record.sample_hash],
    ...Object.entries(metadata),
  ];
}
