/** What the model was asked: the prompt as rendered, choices, metadata. */

import { useState } from "preact/hooks";
import type { Json, Message, SampleRecord } from "../data";
import { counted } from "../numbers";
import { LongText } from "./text/long_text";
import { visible, VisibleText } from "./text/visible_text";

const MAX_METADATA = 8; // values that are shown before the reader asks for all

export function PromptView({ record }: { record: SampleRecord }) {
  const messages = record.prompt ?? inputMessages(record.input);
  return (
    <>
      {!record.prompt && <p class="muted">The prompt as rendered was not recorded. This is the sample’s input.</p>}
      {messages.map((message) => (
        <Prompt message={message} />
      ))}
      {!messages.length && <p class="muted">No message was recorded.</p>}
      <Choices record={record} />
      <SampleFacts record={record} />
    </>
  );
}

function inputMessages(input: string | Message[]): Message[] {
  return typeof input === "string" ? [{ role: "input", content: input }] : Array.isArray(input) ? input : [];
}

function Prompt({ message: { role, content } }: { message: Message }) {
  return (
    <div class={`message ${role === "system" ? "system" : role === "assistant" ? "assistant" : "user"}`}>
      <p class="message-role">{visible(String(role))}</p>
      <LongText text={typeof content === "string" ? content : JSON.stringify(content, null, 2)} />
    </div>
  );
}

function Choices({ record }: { record: SampleRecord }) {
  if (!record.choices.length) return null;
  const targets = positionsOf(targetsOf(record.target), record.choices);
  const picked = positionsOf(record.answer === null ? [] : [record.answer], record.choices);
  return (
    <>
      <h4>Choices</h4>
      <ul class="choices">
        {record.choices.map((choice, i) => (
          <li>
            <span class="letter">{letter(i)}</span>
            <span class="choice">
              <VisibleText text={String(choice)} />
            </span>
            {targets.has(i) && <span class="tag">target</span>}
            {picked.has(i) && <span class={`tag ${targets.has(i) ? "right" : "wrong"}`}>picked</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

function letter(i: number): string {
  return i < 26 ? String.fromCharCode(65 + i) : String(i + 1);
}

/** The choices that texts name, by their own text, else by letter. */
function positionsOf(names: string[], choices: string[]): Set<number> {
  const found = new Set<number>();
  for (const name of names.map((each) => each.trim())) {
    const byText = choices.flatMap((choice, i) => (String(choice).trim() === name ? [i] : []));
    const byLetter = choices.findIndex((_, i) => letter(i) === name.toUpperCase());
    for (const i of byText.length ? byText : byLetter >= 0 ? [byLetter] : []) found.add(i);
  }
  return found;
}

/** The accepted answers of a sample as texts. */
export function targetsOf(target: Json): string[] {
  if (target === null) return [];
  return (Array.isArray(target) ? target : [target]).map((each) => (typeof each === "string" ? each : JSON.stringify(each)));
}

function SampleFacts({ record }: { record: SampleRecord }) {
  const [isWhole, setWhole] = useState(false);
  const entries = Object.entries(record.metadata);
  if (!entries.length && record.group === null && !record.must_pass) return null;
  return (
    <>
      <dl class="pairs">
        {record.group !== null && <Pair name="group" value={record.group} />}
        {record.must_pass && <Pair name="must_pass" value="true: a wrong answer fails the run" />}
        {entries.slice(0, isWhole ? entries.length : MAX_METADATA).map(([key, value]) => (
          <Pair name={key} value={value} />
        ))}
      </dl>
      {!isWhole && entries.length > MAX_METADATA && (
        <p class="fold">
          <button type="button" onClick={() => setWhole(true)}>
            Show {counted(entries.length - MAX_METADATA, "more value")} of the metadata
          </button>
        </p>
      )}
    </>
  );
}

/** JSON on one line if it is short. */
function compact(value: Json): string {
  const line = JSON.stringify(value);
  return line.length <= 80 ? line : JSON.stringify(value, null, 2);
}

/** A name with its value, of which long ones fold. */
export function Pair({ name, value }: { name: string; value: Json }) {
  return (
    <>
      <dt>{visible(name)}</dt>
      <dd>
        <LongText text={typeof value === "string" ? value : compact(value)} />
      </dd>
    </>
  );
}
