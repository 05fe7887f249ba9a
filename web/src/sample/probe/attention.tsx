/** Attention: which tokens the model weighed when it predicted a token of the answer. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { percent } from "../calls/tokens";
import { visible, VisibleText } from "../text/visible_text";
import { quoted, rowOf, type Weights } from "./probe";

const N_NAMED = 5; // tokens that the sentence names
const CELL = 12; // pixels of a cell of the map

interface Props {
  weights: Weights;
  tokens: string[];
  start: number;
  selected: number; // token of the answer
  onSelect: (token: number) => void;
}

export function AttentionView({ weights, tokens, start, selected, onSelect }: Props) {
  const [layer, setLayer] = useState(weights.layers.length - 1);
  const [head, setHead] = useState<number | null>(null);
  const row = useMemo(() => rowOf(weights, layer, head, selected, tokens.length), [weights, layer, head, selected, tokens]);
  return (
    <>
      <p class="muted">The weight of each earlier token in one layer, for the prediction of the chosen token of the answer. Attention shows where a head looked, not what it did with what it read.</p>
      <p class="probe-choices">
        <label>
          Layer{" "}
          <select value={layer} onChange={(event) => setLayer(Number(event.currentTarget.value))}>
            {weights.layers.map((name, i) => (
              <option value={i}>{name}</option>
            ))}
          </select>
        </label>
        {!weights.averaged && (
          <label>
            Head{" "}
            <select value={head ?? ""} onChange={(event) => setHead(event.currentTarget.value === "" ? null : Number(event.currentTarget.value))}>
              <option value="">mean of all</option>
              {Array.from({ length: weights.heads }, (_, i) => (
                <option value={i}>{i}</option>
              ))}
            </select>
          </label>
        )}
        {weights.averaged && <span class="muted">mean over the heads; the file of arrays has each head</span>}
        <label>
          Token{" "}
          <select value={selected} onChange={(event) => onSelect(Number(event.currentTarget.value))}>
            {tokens.slice(start).map((text, i) => (
              <option value={i}>
                {i + 1}: {visible(quoted(text))}
              </option>
            ))}
          </select>
        </label>
      </p>
      <WeighedText row={row} tokens={tokens} seen={start + selected} />
      <p class="token-line">{strongest(row, tokens, start + selected)}</p>
      <AttentionMap weights={weights} layer={layer} head={head} tokens={tokens} start={start} selected={selected} onSelect={onSelect} />
    </>
  );
}

/** The text, each token shaded by its weight; tokens that come later are pale. */
function WeighedText({ row, tokens, seen }: { row: number[]; tokens: string[]; seen: number }) {
  const most = Math.max(...row, 1e-9);
  return (
    <div class="text token-text weighed" role="group" aria-label="Tokens by attention">
      {tokens.map((text, i) => (
        <span class={`token ${i >= seen ? "later" : `share-${Math.min(9, Math.floor(((row[i] ?? 0) / most) * 9.99))}`}`} title={i >= seen ? undefined : `${visible(quoted(text))} ${percent(row[i] ?? 0)}`}>
          <VisibleText text={text} />
        </span>
      ))}
    </div>
  );
}

function strongest(row: number[], tokens: string[], seen: number): string {
  const order = [...row.keys()].slice(0, seen).sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0));
  const named = order.slice(0, N_NAMED).map((i) => `${visible(quoted(tokens[i] ?? ""))} (${i + 1}) ${percent(row[i] ?? 0)}`);
  return `Most on ${named.join(", ")}`;
}

/** The map: a row per token of the answer, a column per token of the text. */
function AttentionMap({ weights, layer, head, tokens, start, selected, onSelect }: Props & { layer: number; head: number | null }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [under, setUnder] = useState("");
  const n = tokens.length - start;
  useEffect(() => draw(canvas.current, weights, layer, head, n, tokens.length, selected), [weights, layer, head, n, tokens, selected]);
  const cellAt = (event: MouseEvent) => {
    const { left, top, width, height } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const within = (value: number, size: number) => Math.max(0, Math.min(size - 1, Math.floor(value * size)));
    return { row: within((event.clientY - top) / height, n), token: within((event.clientX - left) / width, tokens.length) };
  };
  return (
    <details class="attention-map">
      <summary>Map of all tokens</summary>
      <div class="map-scroll">
        <canvas
          ref={canvas}
          width={tokens.length * CELL}
          height={n * CELL}
          role="img"
          aria-label={`Attention map: ${n} tokens of the answer by ${tokens.length} tokens of the text; the list of tokens above has the same weights as text`}
          onMouseMove={(event) => {
            const { row, token } = cellAt(event);
            const weight = rowOf(weights, layer, head, row, tokens.length)[token] ?? 0;
            setUnder(`${visible(quoted(tokens[start + row] ?? ""))} from ${visible(quoted(tokens[token] ?? ""))} (${token + 1}): ${percent(weight)}`);
          }}
          onClick={(event) => onSelect(cellAt(event).row)}
        />
      </div>
      <p class="token-line">{under || "Rows: tokens of the answer, from the top. Columns: tokens of prompt and answer. Darker: more weight."}</p>
    </details>
  );
}

function draw(canvas: HTMLCanvasElement | null, weights: Weights, layer: number, head: number | null, rows: number, tokens: number, selected: number): void {
  const context = canvas?.getContext("2d");
  if (!canvas || !context) return;
  const style = getComputedStyle(canvas);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = style.color;
  for (let row = 0; row < rows; row++) {
    rowOf(weights, layer, head, row, tokens).forEach((weight, token) => {
      context.globalAlpha = Math.sqrt(weight);
      context.fillRect(token * CELL, row * CELL, CELL - 1, CELL - 1);
    });
  }
  context.globalAlpha = 1;
  context.strokeStyle = style.outlineColor;
  context.strokeRect(0.5, selected * CELL + 0.5, canvas.width - 1, CELL - 1);
}
