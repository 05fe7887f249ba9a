/** What the pane copies: a record as JSON, and its sample as a task file writes it. */

import type { Json, SampleRecord } from "../data";

/** The fields of the record's sample as a task file has them; those that are empty are left out. */
export function sampleOf(record: SampleRecord): { [field: string]: Json } {
  const sample: { [field: string]: Json } = { id: record.sample_id, input: record.input as Json };
  if (record.target !== null) sample["target"] = record.target;
  if (record.choices.length) sample["choices"] = record.choices;
  if (record.group !== null) sample["group"] = record.group;
  if (record.must_pass) sample["must_pass"] = true;
  if (Object.keys(record.metadata).length) sample["metadata"] = record.metadata;
  return sample;
}

/** The sample as a line of a JSONL file. */
export function sampleAsJson(record: SampleRecord): string {
  return JSON.stringify(sampleOf(record));
}

/** The sample as an item of `samples:` of a YAML task file. */
export function sampleAsYaml(record: SampleRecord): string {
  const lines = Object.entries(sampleOf(record)).map(([field, value]) => `${field}: ${yaml(value, "    ")}`);
  return `- ${lines.join("\n  ")}\n`;
}

function yaml(value: Json, indent: string): string {
  if (typeof value === "string" && isBlock(value)) return `|-\n${value.replace(/^(?=.)/gm, indent)}`;
  return escaped(JSON.stringify(value));
}

/** Whether YAML's block notation gives this text back unchanged. */
function isBlock(text: string): boolean {
  return text.includes("\n") && !/^\s|\s$|[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(text);
}

/** JSON is YAML, except that these characters must be escaped there. */
function escaped(json: string): string {
  return json.replace(/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Put a text on the clipboard; false: the browser refused. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // a page of a sandboxed frame or another protocol has no clipboard
  }
}

function copyBySelection(text: string): boolean {
  const focused = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "off-screen";
  document.body.append(field);
  field.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
}
