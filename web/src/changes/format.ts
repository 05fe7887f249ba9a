/** Numbers of a comparison as text. */

/** `+0.120`, `−0.300`, `0.000`; `?` if unknown. */
export function difference(value: number | null | undefined): string {
  if (value == null) return "?";
  const text = Math.abs(value).toFixed(3);
  if (Number(text) === 0) return text;
  return (value < 0 ? "−" : "+") + text;
}

/** `0.012`, `< 0.001`; `?` if unknown. */
export function probability(value: number | null | undefined): string {
  if (value == null) return "?";
  if (value < 0.001) return "< 0.001";
  return value >= 0.9995 ? "1" : value.toPrecision(2);
}

/** A score with as many digits as it needs: `1`, `0.75`, `0.333`; `?` if unknown. */
export function plainScore(value: number | null | undefined): string {
  return value == null ? "?" : String(Number(value.toFixed(3)));
}

/** `1 sample`, `1,234 samples`. */
export function counted(n: number, noun: string): string {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}
