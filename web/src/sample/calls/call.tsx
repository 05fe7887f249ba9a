/** One call: what was sent, what came back, and what it took. */

import { useState } from "preact/hooks";
import type { Call, Message, SampleRecord } from "../../data";
import { cost, count, counted, seconds } from "../../numbers";
import { messagesOf, pieces, type NumberedCall } from "./calls";
import { LongText, type Mark } from "../text/long_text";
import { percent, ShadedTokens, tokensOf } from "./tokens";
import { visible, VisibleText } from "../text/visible_text";

interface Props {
  numbered: NumberedCall;
  record: SampleRecord;
  open?: boolean;
}

/** A call, folded to its first line or open. */
export function CallView({ numbered: { call, position }, record, open = true }: Props) {
  const [isOpen, setOpen] = useState(open);
  return (
    <details class={`call ${kindOf(call.role)}`} open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="role">{visible(call.role)}</span>
        {call.model && call.model !== record.model && <span class="muted">{visible(call.model)}</span>}
        {!isOpen && <span class="preview">{visible(call.completion.slice(0, 120))}</span>}
      </summary>
      {isOpen && <CallBody call={call} position={position} record={record} />}
    </details>
  );
}

/** What was sent and what came back. */
export function CallBody({ call, position, record }: { call: Call; position: number; record: SampleRecord }) {
  return (
    <div class="call-body" data-call={position}>
      <Sent call={call} record={record} />
      <Received call={call} sameAsOutput={call.completion === record.output && record.transcript.length === 1} />
      <CallFacts call={call} />
    </div>
  );
}

function kindOf(role: string): string {
  return `role-${role.replace(/-\d+$/, "").replace(/[^a-z]/gi, "").slice(0, 20) || "other"}`;
}

function Sent({ call, record }: { call: Call; record: SampleRecord }) {
  const messages = messagesOf(call, record);
  if (call.messages === "prompt") {
    return (
      <p class="sent-prompt muted">
        Sent: the prompt, unchanged.
      </p>
    );
  }
  if (!messages) return <p class="muted">What was sent was not recorded.</p>;
  return (
    <div class="sent">
      {messages.map((message) => (
        <SentMessage message={message} prompt={record.prompt} />
      ))}
    </div>
  );
}

/** A message that was sent; its parts that repeat the prompt are folded. */
function SentMessage({ message, prompt }: { message: Message; prompt: Message[] | null }) {
  if (prompt?.some(({ role, content }) => role === message.role && content === message.content)) {
    return <p class="muted">Sent, {visible(message.role)}: the prompt’s message, unchanged.</p>;
  }
  return (
    <div class="message">
      <p class="message-role">Sent, {visible(message.role)}</p>
      {pieces(message, prompt).map((piece) =>
        typeof piece === "string" ? <LongText text={piece.replace(/^\n|\n$/g, "")} /> : <Repeated text={piece.prompt} />,
      )}
    </div>
  );
}

const SHORT = 300; // characters that are not worth a fold

function Repeated({ text }: { text: string }) {
  if (text.length <= SHORT) {
    return (
      <div class="short-repeated" title="The prompt’s text">
        <LongText text={text} />
      </div>
    );
  }
  return (
    <details class="repeated">
      <summary>The prompt’s text ({count(text.length)} characters)</summary>
      <LongText text={text} />
    </details>
  );
}

function Received({ call, sameAsOutput }: { call: Call; sameAsOutput: boolean }) {
  if (sameAsOutput) return <p class="muted">Completion: the output above.</p>;
  return (
    <>
      {call.reasoning && <Reasoning text={call.reasoning} />}
      <Completion text={call.completion} tokens={call.token_logprobs} label="Completion" />
    </>
  );
}

/** What a model thought before its answer, folded. */
export function Reasoning({ text }: { text: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="reasoning" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Reasoning ({count(text.length)} characters)</summary>
      {isOpen && <LongText text={text} />}
    </details>
  );
}

/** A completion as text, or as shaded tokens if the reader wants that and their probabilities were kept. */
export function Completion({ text, tokens, label, mark }: { text: string; tokens: unknown; label: string; mark?: Mark | null }) {
  const [isShaded, setShaded] = useState(false);
  const list = tokensOf(tokens);
  return (
    <div class="completion">
      {list && (
        <label class="shade">
          <input type="checkbox" checked={isShaded} onChange={(event) => setShaded(event.currentTarget.checked)} /> Shade tokens by probability
        </label>
      )}
      {isShaded && list ? (
        <>
          <ShadedTokens tokens={list} />
          {list.map(([token]) => token).join("") !== text && <p class="muted">The tokens are those that the model gave; the text differs, for example without its reasoning.</p>}
        </>
      ) : text.trim() ? (
        <LongText text={text} label={label} mark={mark} />
      ) : (
        <p class="muted">{text ? "Only spaces or line breaks came back." : "No text came back."}</p>
      )}
    </div>
  );
}

/** Tokens, cost, times and warnings of a call. */
export function CallFacts({ call }: { call: Call }) {
  const usage = call.usage ?? {};
  const warnings = Array.isArray(call.warnings) ? call.warnings : [];
  return (
    <>
      <ul class="facts">
        <li>{tokensText(usage)}</li>
        <li>{cost(call.cost_usd)}</li>
        {!(call.cached && call.latency_s === 0) && <li>{seconds(call.latency_s)}</li>}
        {call.time_to_first_token_s != null && <li>first token after {seconds(call.time_to_first_token_s)}</li>}
        <li>finish reason {visible(String(call.finish_reason ?? "?"))}</li>
        <li>seed {call.seed ?? "?"}</li>
        {call.attempts != null && call.attempts > 1 && <li>{call.attempts} attempts</li>}
        {call.cached && <li>cached</li>}
        {call.batched && <li>through a batch API</li>}
        {typeof call.mean_logprob === "number" && (
          <li title="The mean log-probability of a token, and the probability that has it">
            mean log-probability {call.mean_logprob.toPrecision(3)} ({percent(Math.exp(call.mean_logprob))} per token)
          </li>
        )}
      </ul>
      {warnings.length > 0 && (
        <ul class="warnings" aria-label="Warnings">
          {warnings.map((warning) => (
            <li>
              Warning: <VisibleText text={String(warning)} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** `14 tokens in, 25 out`, with the reasoning and what was read from a cache. */
export function tokensText(usage: { [part: string]: number | null }): string {
  const parts = [`${counted(usage["input_tokens"], "token")} in`, `${count(usage["output_tokens"])} out`];
  if (usage["reasoning_tokens"]) parts.push(`${count(usage["reasoning_tokens"])} of reasoning`);
  if (usage["cached_input_tokens"]) parts.push(`${count(usage["cached_input_tokens"])} read from the server’s cache`);
  return parts.join(", ");
}
