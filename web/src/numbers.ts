/** Numbers as text. Unknown is `?`, never 0. */

/** A number with three decimals, as Python writes it: 0.3125 is `0.312`, so that page and terminal agree. */
export function thousandths(value: number): string {
  const isTie = Math.abs(value * 16) % 2 === 1; // the only numbers exactly halfway between two thousandths
  if (!isTie) return value.toFixed(3);
  const below = Math.floor(value * 1000);
  return ((below % 2 === 0 ? below : below + 1) / 1000).toFixed(3);
}

/** `0.812`; `<0.001`; `?` if unknown. */
export function score(value: number | null | undefined): string {
  if (value == null) return "?";
  return value > 0 && value < 0.0005 ? "<0.001" : thousandths(value);
}

/** `0.721 to 0.887`; `?` if unknown. */
export function interval(ci95: readonly [number, number] | null | undefined): string {
  return ci95 ? `${thousandths(ci95[0])} to ${thousandths(ci95[1])}` : "?";
}

/** `$0.0123`; `free`; `?` if unknown. */
export function cost(value: number | null | undefined): string {
  if (value == null) return "?";
  return value === 0 ? "free" : `$${value.toPrecision(3)}`;
}

/** `1,234`; `?` if unknown. */
export function count(value: number | null | undefined): string {
  return value == null ? "?" : value.toLocaleString("en");
}

/** `12.3 s`; `250 ms`; `?` if unknown. */
export function seconds(value: number | null | undefined): string {
  if (value == null) return "?";
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`;
}

/** `1 call`; `2,000 calls`; `? calls`. */
export function counted(n: number | null | undefined, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A difference: `+0.120`, `−0.300`, `0.000`; `?` if unknown. */
export function signed(value: number | null | undefined): string {
  if (value == null) return "?";
  const text = thousandths(Math.abs(value));
  return Number(text) === 0 ? text : `${value < 0 ? "−" : "+"}${text}`;
}

/** `45 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
