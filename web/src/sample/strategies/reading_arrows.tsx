/** Arrows from the texts that a call read to the call. The names of the buttons say the same in words. */

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import type { Reading } from "./reading";

interface Arrow {
  path: string;
  maybe: boolean;
}

interface Props {
  grid: RefObject<HTMLDivElement | null>;
  reader: number | null;
  reading: Reading | null;
}

export function ReadingArrows({ grid, reader, reading }: Props) {
  const [arrows, setArrows] = useState<Arrow[]>([]);
  useLayoutEffect(() => {
    const draw = () => setArrows(grid.current && reader !== null && reading ? arrowsIn(grid.current, reader, reading) : []);
    draw();
    const observer = new ResizeObserver(draw);
    if (grid.current) observer.observe(grid.current);
    return () => observer.disconnect();
  }, [reader, reading]);
  if (!arrows.length) return null;
  return (
    <svg class="reading-arrows" aria-hidden="true">
      <defs>
        <marker id="hl-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0 L8 4 L0 8 z" />
        </marker>
      </defs>
      {arrows.map(({ path, maybe }) => (
        <path class={maybe ? "maybe" : ""} d={path} marker-end="url(#hl-arrow)" />
      ))}
    </svg>
  );
}

function arrowsIn(grid: HTMLElement, reader: number, reading: Reading): Arrow[] {
  const origin = grid.getBoundingClientRect();
  const box = (call: number) => grid.querySelector(`[data-turn="${call}"]`)?.getBoundingClientRect();
  const to = box(reader);
  if (!to) return [];
  const sources = [...reading.read.map((call) => ({ call, maybe: false })), ...reading.maybe.map((call) => ({ call, maybe: true }))];
  return sources.flatMap(({ call, maybe }, i) => {
    const from = box(call);
    if (!from) return [];
    const x1 = from.left + from.width / 2 - origin.left;
    const y1 = from.bottom - origin.top;
    const x2 = to.left + (to.width * (i + 1)) / (sources.length + 1) - origin.left;
    const y2 = to.top - origin.top;
    const middle = (y1 + y2) / 2;
    return [{ path: `M${x1} ${y1} C${x1} ${middle} ${x2} ${middle} ${x2} ${y2 - 1}`, maybe }];
  });
}
