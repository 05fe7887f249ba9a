/** A score and its interval on a line from 0 to 1; a short line marks the score before. The figures stand next to it. */

import type { Estimate } from "../data";

const WIDTH = 84;
const HEIGHT = 12;
const x = (value: number) => 2 + value * (WIDTH - 4);

export function IntervalBar({ now, before }: { now: Estimate | null; before?: Estimate | null }) {
  const middle = HEIGHT / 2;
  return (
    <svg class="cell-interval" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <line class="axis" x1={x(0)} x2={x(1)} y1={middle} y2={middle} />
      {now?.ci95 && <line class="interval" x1={x(now.ci95[0])} x2={x(now.ci95[1])} y1={middle} y2={middle} />}
      {before?.score != null && <line class="before" x1={x(before.score)} x2={x(before.score)} y1={0} y2={HEIGHT} />}
      {now?.score != null && <circle class="score" cx={x(now.score)} cy={middle} r={3.5} />}
    </svg>
  );
}
