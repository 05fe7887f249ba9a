/** What `hiddenlayer probe` read from the model for an answer: tokens, logit lens, attention. */

import { useState } from "preact/hooks";
import { ShadedTokens, type Tokens } from "../calls/tokens";
import { VisibleText } from "../text/visible_text";
import { AttentionView } from "./attention";
import { LensTable } from "./lens";
import type { CheckedProbe } from "./probe";

export function ProbeView({ probe }: { probe: CheckedProbe }) {
  const [token, setToken] = useState(0); // of the answer
  const tokens: Tokens = probe.answer.map((text, i) => [text, probe.logprobs[i] ?? null]);
  return (
    <div class="probe">
      <p class="muted">The model read its own answer again, in one pass. The views show what the model held at each token; they do not show why it answered so.</p>
      {probe.notes.map((note) => (
        <p class="notice info">
          <VisibleText text={note} />
        </p>
      ))}
      <h4>Probability of each token</h4>
      <ShadedTokens tokens={tokens} />
      {probe.lens && (
        <>
          <h4>Logit lens</h4>
          <LensTable lens={probe.lens} answer={probe.answer} selected={token} onSelect={setToken} />
        </>
      )}
      {probe.attention && (
        <>
          <h4>Attention</h4>
          <AttentionView weights={probe.attention} tokens={probe.tokens} start={probe.start} selected={token} onSelect={setToken} />
        </>
      )}
    </div>
  );
}
