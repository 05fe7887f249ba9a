/** The calls of a record: which are the strategy's and which the scorers', and what was sent. */

import type { Call, Json, Message, SampleRecord } from "../../data";

/** A call with its position in the transcript. */
export interface NumberedCall {
  position: number;
  call: Call;
}

/** The strategy's calls, and those that scorers made of judge models, which are last in a transcript. */
export function callsOf(record: SampleRecord): { strategy: NumberedCall[]; scoring: NumberedCall[] } {
  const calls = record.transcript
    .map((call, position) => ({ call, position }))
    .filter(({ call }) => typeof call?.role === "string");
  const scoring = record.answer_metadata["scoring_calls"];
  const end = calls.length - (typeof scoring === "number" && scoring > 0 ? Math.min(scoring, calls.length) : 0);
  return { strategy: calls.slice(0, end), scoring: calls.slice(end) };
}

/** The messages of a call; null: they equal a prompt that the record lacks. */
export function messagesOf(call: Call, record: SampleRecord): Message[] | null {
  if (call.messages === "prompt") return record.prompt;
  return Array.isArray(call.messages) ? call.messages : null;
}

/** A message with the prompt's parts in it: strings are new, the others are a part of the prompt. */
export type Piece = string | { prompt: string };

/** A message's text, split at the places where it repeats a message of the prompt. */
export function pieces(message: Message, prompt: Message[] | null): Piece[] {
  const repeated = (prompt ?? [])
    .map(({ content }) => content)
    .filter((content) => content.length >= 8 && message.content.includes(content))
    .sort((a, b) => b.length - a.length)[0];
  if (repeated === undefined) return [message.content];
  const at = message.content.indexOf(repeated);
  const rest = [message.content.slice(0, at), { prompt: repeated }, message.content.slice(at + repeated.length)];
  return rest.filter((piece) => piece !== "");
}

/** What a call was sent beyond the record's prompt. */
export function newText(call: Call, record: SampleRecord): string {
  if (call.messages === "prompt") return "";
  const texts = (messagesOf(call, record) ?? []).flatMap((message) => pieces(message, record.prompt));
  return texts.filter((piece): piece is string => typeof piece === "string").join("\n");
}

/** The number at the end of a role such as `agent-2`; null: it has none. */
export function numberOf(role: string): number | null {
  const match = /-(\d{1,9})$/.exec(role);
  return match ? Number(match[1]) : null;
}

/** A JSON object, or an empty one in place of another value. */
export function objectOf(value: Json | undefined): { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

/** A JSON list, or an empty one in place of another value. */
export function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** A text, number or other JSON value as text; null stays null. */
export function textOf(value: Json | undefined): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}
