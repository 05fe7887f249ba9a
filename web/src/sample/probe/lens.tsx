/** The logit lens: what the model would predict if it ended after each layer. */

import type { Lens } from "../../data";
import { percent } from "../calls/tokens";
import { visible, VisibleText } from "../text/visible_text";
import { quoted, settledAt, signed } from "./probe";

interface Props {
  lens: Lens;
  answer: string[];
  selected: number; // token of the answer
  onSelect: (token: number) => void;
}

/** A row per layer, the last one first; a column per token of the answer. */
export function LensTable({ lens, answer, selected, onSelect }: Props) {
  const depths = lens.top.map((_, depth) => depth).reverse();
  return (
    <>
      <p class="muted">The likeliest token after each layer, shaded by its probability. A frame marks the token of the answer.</p>
      <div class="lens-scroll" tabIndex={0} role="group" aria-label="Logit lens">
        <table class="lens">
          <thead>
            <tr>
              <th scope="col">after</th>
              {answer.map((text, i) => (
                <th scope="col" class={i === selected ? "selected" : ""}>
                  <button type="button" aria-pressed={i === selected} title={`Token ${i + 1} of the answer`} onClick={() => onSelect(i)}>
                    <VisibleText text={signed(text)} />
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {depths.map((depth) => (
              <tr>
                <th scope="row">{depthName(depth)}</th>
                {answer.map((came, i) => (
                  <LensCell cell={lens.top[depth]?.[i] ?? []} came={came} probability={lens.came[depth]?.[i] ?? null} selected={i === selected} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="token-line">{settled(lens, answer, selected)}</p>
      <Candidates lens={lens} depths={depths} token={selected} came={answer[selected] ?? ""} />
    </>
  );
}

function LensCell({ cell, came, probability, selected }: { cell: [string, number][]; came: string; probability: number | null; selected: boolean }) {
  const [text, share] = cell[0] ?? ["", 0];
  const title = `${visible(quoted(text))} ${percent(share)}; the token of the answer: ${probability === null ? "?" : percent(probability)}`;
  return (
    <td class={[`share-${Math.min(9, Math.floor(share * 10))}`, text === came ? "came" : "", selected ? "selected" : ""].join(" ")} title={title}>
      <VisibleText text={signed(text)} />
    </td>
  );
}

/** The likeliest tokens at each depth for one token of the answer. */
function Candidates({ lens, depths, token, came }: { lens: Lens; depths: number[]; token: number; came: string }) {
  return (
    <details class="candidates">
      <summary>Candidates for token {token + 1}</summary>
      <table>
        <tbody>
          {depths.map((depth) => (
            <tr>
              <th scope="row">{depthName(depth)}</th>
              {(lens.top[depth]?.[token] ?? []).map(([text, share]) => (
                <td class={text === came ? "came" : ""}>
                  <VisibleText text={signed(text)} /> <span class="muted">{percent(share)}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function settled(lens: Lens, answer: string[], token: number): string {
  const text = answer[token] ?? "";
  const depth = settledAt(lens, token, text);
  const name = `Token ${token + 1}, ${visible(quoted(text))}`;
  if (depth === null) return `${name}: another token is likelier, even after the last layer.`;
  return `${name}: the likeliest from ${depth === 0 ? "the embeddings" : depthName(depth)} on.`;
}

function depthName(depth: number): string {
  return depth === 0 ? "embeddings" : `layer ${depth - 1}`;
}
