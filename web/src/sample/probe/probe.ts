/** The probe of a record, checked: a page must not break on a damaged one. */

import type { Attention, Lens, Probe, SampleRecord } from "../../data";

export interface Weights {
  layers: number[];
  heads: number;
  averaged: boolean;
  /** The weight of a token of the text for the prediction of a token of the answer, from 0 to 1. */
  at(layer: number, head: number, row: number, token: number): number;
}

export interface CheckedProbe extends Omit<Probe, "attention"> {
  answer: string[]; // the answer's tokens
  attention: Weights | null;
}

/** The probe, without the parts that do not fit the text; null if there is none. */
export function probeOf(record: SampleRecord): CheckedProbe | null {
  const probe = record.probe;
  if (!probe || !Array.isArray(probe.tokens) || !(probe.start > 0) || probe.start >= probe.tokens.length) return null;
  const answer = probe.tokens.slice(probe.start);
  return {
    ...probe,
    answer,
    notes: Array.isArray(probe.notes) ? probe.notes : [],
    logprobs: answer.map((_, i) => probe.logprobs?.[i] ?? null),
    lens: lensOf(probe.lens, answer.length),
    attention: weightsOf(probe.attention, answer.length, probe.tokens.length),
  };
}

function lensOf(lens: Lens | null, n: number): Lens | null {
  const fits = lens?.top?.length && lens.top.every((depth, i) => depth.length === n && depth.every((cell) => cell.length) && lens.came[i]?.length === n);
  return fits ? lens : null;
}

function weightsOf(attention: Attention | null, rows: number, tokens: number): Weights | null {
  if (!attention?.layers?.length || !(attention.heads > 0)) return null;
  const { layers, heads, averaged } = attention;
  const text = atob(attention.data);
  if (text.length !== layers.length * heads * rows * tokens) return null;
  return {
    layers,
    heads,
    averaged,
    at: (layer, head, row, token) => (text.charCodeAt(((layer * heads + head) * rows + row) * tokens + token) / 255) ** 2,
  };
}

/** Weights of one row over the tokens of the text; `head` null: the mean over the heads. */
export function rowOf(weights: Weights, layer: number, head: number | null, row: number, tokens: number): number[] {
  const heads = head === null ? Array.from({ length: weights.heads }, (_, i) => i) : [head];
  return Array.from({ length: tokens }, (_, token) => heads.reduce((sum, one) => sum + weights.at(layer, one, row, token), 0) / heads.length);
}

/** The first depth from which on the likeliest token is the one that came; null: not even at the end. */
export function settledAt(lens: Lens, row: number, token: string): number | null {
  let depth: number | null = null;
  for (let i = lens.top.length - 1; i >= 0; i--) {
    if (lens.top[i]?.[row]?.[0]?.[0] !== token) break;
    depth = i;
  }
  return depth;
}

/** A token in a sentence. */
export function quoted(text: string): string {
  return `“${text.replace(/\n/g, "⏎")}”`;
}

/** A token in a table: spaces and line breaks have a sign. */
export function signed(text: string): string {
  return text.replace(/ /g, "␣").replace(/\n/g, "⏎");
}
