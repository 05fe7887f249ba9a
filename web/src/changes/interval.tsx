/** A difference with its interval, drawn around 0. */

import { signed } from "../numbers";

interface IntervalProps {
  value: number | null;
  ci95: [number, number] | null;
  margin: number; // a loss that is tolerated
  minEffect: number; // smaller differences do not matter
  limit: number; // the scale reaches from -limit to limit
  tone: string;
}

const WIDTH = 200;
const HEIGHT = 24;

/** The bar of a cell: the interval, the difference, the line of 0, and the band of differences that do not matter. */
export function IntervalBar({ value, ci95, margin, minEffect, limit, tone }: IntervalProps) {
  const x = (score: number) => WIDTH / 2 + (Math.max(-limit, Math.min(limit, score)) / limit) * (WIDTH / 2 - 6);
  const middle = HEIGHT / 2;
  const text = ci95
    ? `difference ${signed(value)}, 95 % interval ${signed(ci95[0])} to ${signed(ci95[1])}`
    : `difference ${signed(value)}, interval unknown`;
  return (
    <svg class={`interval-bar ${tone}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text}>
      <title>{text}</title>
      <rect class="band" x={x(-minEffect)} y="1" width={x(minEffect) - x(-minEffect)} height={HEIGHT - 2} />
      <line class="zero" x1={x(0)} x2={x(0)} y1="0" y2={HEIGHT} />
      {margin > 0 && <line class="margin" x1={x(-margin)} x2={x(-margin)} y1="0" y2={HEIGHT} />}
      {ci95 && <line class="range" x1={x(ci95[0])} x2={x(ci95[1])} y1={middle} y2={middle} />}
      {ci95?.map((end) => <line class="range" x1={x(end)} x2={x(end)} y1={middle - 4} y2={middle + 4} />)}
      {value !== null && <circle class="value" cx={x(value)} cy={middle} r="4" />}
    </svg>
  );
}
