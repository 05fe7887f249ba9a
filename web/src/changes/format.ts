/** Numbers of a comparison as text. */

import { thousandths } from "../numbers";

/** `0.012`, `< 0.001`; `?` if unknown. */
export function probability(value: number | null | undefined): string {
  if (value == null) return "?";
  if (value < 0.001) return "< 0.001";
  return value >= 0.9995 ? "1" : value.toPrecision(2);
}

/** A score with as many digits as it needs: `1`, `0.75`, `0.333`; `?` if unknown. */
export function plainScore(value: number | null | undefined): string {
  return value == null ? "?" : String(Number(thousandths(value)));
}

/** At most so many characters; a longer text ends in `…`. */
export function shortened(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, limit - 1) + "…";
}
