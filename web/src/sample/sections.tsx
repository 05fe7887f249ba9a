/** The sections of the pane, top to bottom. */

import { useMemo, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { columnOf, valueAt } from "../columns";
import type { Index, Json, SampleRecord } from "../data";
import { count, counted } from "../numbers";
import type { Source } from "../source";
import { AnswerView, ScoresView } from "./answer";
import { callsOf, type NumberedCall } from "./calls/calls";
import { Conversation } from "./calls/conversation";
import { debateOf } from "./strategies/debate";
import { DebateView } from "./strategies/debate_view";
import { ElsewhereView } from "./elsewhere";
import { SampleHead } from "./head";
import { planOf, PlanView } from "./strategies/plan";
import { probeOf } from "./probe/probe";
import { ProbeView } from "./probe/probe_view";
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
  const probe = useMemo(() => probeOf(record), [record]);
  const confidence = valueAt(columnOf(index, "confidence"), row);
  const change = valueAt(columnOf(index, "change"), row);
  const isSpecial = Boolean(special.debate ?? special.votes ?? special.plan);
  const parts: Part[] = [
    { title: "Prompt", content: <PromptView record={record} /> },
    special.debate && { title: "Debate", content: <DebateView record={record} debate={special.debate} selected={call} /> },
    special.votes && { title: "Vote", content: <VoteView record={record} votes={special.votes} selected={call} /> },
    special.plan && { title: "Plan and work", content: <PlanView record={record} plan={special.plan} selected={call} /> },
    { title: "Answer", content: <AnswerView record={record} /> },
    { title: "Scores", content: <ScoresView record={record} /> },
    probe && { title: "Inside the model", folded: true, content: <ProbeView probe={probe} /> },
    strategy.length > 0 && {
      title: `Calls (${count(strategy.length)})`,
      folded: isSpecial,
      content: <Conversation calls={strategy} record={record} />,
    },
    scoring.length > 0 && {
      title: `Scoring (${counted(scoring.length, "call")})`,
      folded: true,
      content: <Scoring calls={scoring} record={record} />,
    },
    {
      title: "The same sample elsewhere",
      short: "Elsewhere",
      content: <ElsewhereView index={index} source={source} record={record} row={row} compared={compared} />,
    },
    { title: "Facts", folded: true, content: <Facts record={record} /> },
  ].filter((part) => part !== null && part !== false);
  return (
    <>
      <Contents parts={parts} />
      <div class="pane-body">
        <SampleHead record={record} confidence={typeof confidence === "number" ? confidence : null} change={typeof change === "string" && change ? change : null} />
        {parts.map((part) => (
          <Section key={part.title} part={part} />
        ))}
      </div>
    </>
  );
}

interface Part {
  title: string;
  short?: string; // in the table of contents
  folded?: boolean;
  content: ComponentChildren;
}

/** Goes to a part of the pane. */
function Contents({ parts }: { parts: Part[] }) {
  const go = (event: MouseEvent, i: number) => {
    const section = (event.currentTarget as HTMLElement).closest(".sample-pane")?.querySelectorAll<HTMLDetailsElement>(".pane-section")[i];
    if (!section) return;
    section.open = true;
    section.scrollIntoView({ block: "start" });
    section.querySelector<HTMLElement>("summary")?.focus({ preventScroll: true });
  };
  return (
    <nav class="contents" aria-label="Parts of the sample">
      {parts.map(({ title, short }, i) => (
        <button type="button" onClick={(event) => go(event, i)}>
          {short ?? title}
        </button>
      ))}
    </nav>
  );
}

/** A titled part of the pane. A folded one is drawn when it is opened. */
function Section({ part: { title, folded = false, content } }: { part: Part }) {
  const [isOpen, setOpen] = useState(!folded);
  return (
    <details class="pane-section" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>{title}</h3>
      </summary>
      {isOpen && content}
    </details>
  );
}

function Scoring({ calls, record }: { calls: NumberedCall[]; record: SampleRecord }) {
  return (
    <>
      <p class="muted">Calls that scorers made of judge models.</p>
      <Conversation calls={calls} record={record} />
    </>
  );
}

function Facts({ record }: { record: SampleRecord }) {
  return (
    <dl class="pairs">
      {factsOf(record).map(([name, value]) => (
        <Pair name={name} value={value} />
      ))}
    </dl>
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
