/** Colours and shapes of series: each has one of both, so that colour is never the only sign. */

const COLORS = ["var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)", "var(--series-5)", "var(--series-6)"];

/** Name of a symbol of Observable Plot → its outline in a legend. */
const SYMBOLS = {
  circle: "M0,-5A5,5 0 1,1 0,5A5,5 0 1,1 0,-5Z",
  square: "M-4.5,-4.5H4.5V4.5H-4.5Z",
  triangle: "M0,-6L5.5,4H-5.5Z",
  diamond: "M0,-7L4,0L0,7L-4,0Z",
  star: "M0,-6.5L1.5,-2L6.2,-2L2.4,0.8L3.8,5.3L0,2.5L-3.8,5.3L-2.4,0.8L-6.2,-2L-1.5,-2Z",
  cross: "M-2,-5.5H2V-2H5.5V2H2V5.5H-2V2H-5.5V-2H-2Z",
};
type SymbolName = keyof typeof SYMBOLS;
const NAMES = Object.keys(SYMBOLS) as SymbolName[];

/** The colour of the series at a position. */
export function colorAt(position: number): string {
  return COLORS[position % COLORS.length] as string;
}

/** The shape of the series at a position. */
export function symbolAt(position: number): SymbolName {
  return NAMES[position % NAMES.length] as SymbolName;
}

/** A shape in a legend. */
export function Shape({ symbol, color }: { symbol: SymbolName; color: string }) {
  return (
    <svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">
      <path d={SYMBOLS[symbol]} fill={color} />
    </svg>
  );
}
