/** Numbers of the overview as text. Unknown is `?`, never 0. */

import { signed } from "../numbers";

/** `−0.138 to +0.138`; `?` if unknown. */
export function signedInterval(ci95: readonly [number, number] | null | undefined): string {
  return ci95 ? `${signed(ci95[0])} to ${signed(ci95[1])}` : "?";
}

/** `12 %`, `<1 %`. */
export function percent(part: number, whole: number): string {
  if (!whole) return "?";
  const value = (100 * part) / whole;
  return part > 0 && value < 1 ? "<1 %" : part < whole && value > 99 ? ">99 %" : `${Math.round(value)} %`;
}

/** A number with at most 3 significant digits: `1,230`, `12.3`, `0.00123`; `?` if unknown. */
export function amount(value: number | null | undefined): string {
  if (value == null) return "?";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

/** `p = 0.31`, `p < 0.001`; `p = ?` if unknown. */
export function pValue(value: number | null | undefined): string {
  if (value == null) return "p = ?";
  return value < 0.001 ? "p < 0.001" : `p = ${Number(value.toPrecision(2))}`;
}

/** `26 Nov 2026, 05:21 UTC`; the text itself if it is no time. */
export function time(text: string): string {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  const options = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "UTC" } as const;
  return `${date.toLocaleString("en-GB", options)} UTC`;
}
