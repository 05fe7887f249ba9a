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

const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The text with control characters and marks of writing direction as `\u202e`: none can reorder or hide what it says. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** At most so many characters; a longer text ends in `…`. */
export function shortened(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, limit - 1) + "…";
}

/** `1 sample`, `1,234 samples`. */
export function counted(n: number, noun: string): string {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}
