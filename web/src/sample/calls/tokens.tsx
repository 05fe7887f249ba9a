/** The tokens of a completion, shaded by how probable each was. */

import { useState } from "preact/hooks";
import { count } from "../../numbers";
import { visible, VisibleText } from "../text/visible_text";

const MAX_TOKENS = 1500; // drawn at once
/** Lowest probability of each level, most probable first. The level is also shown by the underline. */
const LEVELS: readonly [number, string][] = [
  [0.9, "90% or more"],
  [0.5, "50 to 90%"],
  [0.1, "10 to 50%"],
  [0, "below 10%"],
];

export type Tokens = [string, number | null][];

/** The list of tokens, if it is one that can be drawn. */
export function tokensOf(value: unknown): Tokens | null {
  if (!Array.isArray(value) || !value.length) return null;
  const tokens = value.filter((token): token is [string, unknown] => Array.isArray(token) && typeof token[0] === "string");
  return tokens.length ? tokens.map(([text, logprob]) => [text, typeof logprob === "number" ? logprob : null]) : null;
}

/** Shaded tokens. Arrow keys go from token to token; the line below says the current one's probability. */
export function ShadedTokens({ tokens }: { tokens: Tokens }) {
  const [current, setCurrent] = useState(0);
  const [shown, setShown] = useState(MAX_TOKENS);
  const token = tokens[current];
  const step = (event: KeyboardEvent) => {
    const to = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: Math.min(tokens.length, shown) - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (to < 0 || to >= Math.min(tokens.length, shown)) return;
    setCurrent(to);
    (event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".token")[to]?.focus();
  };
  return (
    <div class="tokens">
      <Legend />
      <div class="text token-text" role="group" aria-label="Tokens; arrow keys go from token to token" onKeyDown={step}>
        {tokens.slice(0, shown).map(([text, logprob], i) => (
          <span
            class={`token ${levelOf(logprob)}`}
            tabIndex={i === current ? 0 : -1}
            role="img"
            aria-label={describe(text, logprob)}
            title={describe(text, logprob)}
            onMouseEnter={() => setCurrent(i)}
            onFocus={() => setCurrent(i)}
          >
            <VisibleText text={text} />
          </span>
        ))}
      </div>
      {tokens.length > shown && (
        <p class="fold">
          {count(tokens.length - shown)} tokens folded
          <button type="button" onClick={() => setShown(shown + MAX_TOKENS)}>
            Show more tokens
          </button>
        </p>
      )}
      <p class="token-line">
        Token {current + 1} of {count(tokens.length)}: {token && describe(token[0], token[1])}
      </p>
    </div>
  );
}

function Legend() {
  return (
    <p class="legend">
      Probability of each token:
      {LEVELS.map(([, words], i) => (
        <span class={`token level-${i}`}>{words}</span>
      ))}
      <span class="token level-unknown">unknown</span>
    </p>
  );
}

function levelOf(logprob: number | null): string {
  if (logprob === null) return "level-unknown";
  const probability = Math.exp(logprob);
  return `level-${LEVELS.findIndex(([lowest]) => probability >= lowest)}`;
}

function describe(text: string, logprob: number | null): string {
  const shown = `“${visible(text.replace(/\n/g, "⏎"))}”`;
  if (logprob === null) return `${shown} probability ?`;
  return `${shown} probability ${percent(Math.exp(logprob))}, log-probability ${logprob.toFixed(3)}`;
}

/** `98.7%`; `0.0012%` for small ones. */
export function percent(probability: number): string {
  const value = probability * 100;
  return `${value >= 0.1 || value === 0 ? value.toFixed(1) : value.toPrecision(2)}%`;
}
