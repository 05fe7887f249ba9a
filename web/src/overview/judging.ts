/** How reliable the judges of a cell are, as sentences. */

import type { Cell } from "../data";
import { count } from "../numbers";

interface Agreement {
  judges: string[];
  judged_twice: number;
  alpha: number | null;
  ci95: [number, number] | null;
  why?: string;
}

interface Pairs {
  wins: number;
  ties: number;
  losses: number;
  unjudged: number;
  first_preferred: number | null;
  longer_preferred: number | null;
  ci95: { [share: string]: [number, number] | null };
}

interface Judging {
  flags?: string[];
  agreement?: { [scorer: string]: { [criterion: string]: Agreement } };
  pairs?: { [scorer: string]: Pairs };
}

/** Sentences on a cell's judges: self-judging, agreement between judges, position and length bias. */
export function judgingSentences(cell: Cell, name: string): string[] {
  const { flags = [], agreement = {}, pairs = {} } = (cell.judging ?? {}) as unknown as Judging;
  const agreements = Object.entries(agreement).flatMap(([scorer, criteria]) =>
    Object.entries(criteria).map(
      ([criterion, value]) => `${name}: ${scorer}${criterion && ` on ${criterion}`}: ${value.judges.length} judges, ${alpha(value)}`,
    ),
  );
  const compared = Object.entries(pairs).map(([scorer, value]) => `${name}: ${scorer}: ${preferences(value)}`);
  return [...flags, ...agreements, ...compared];
}

function alpha(agreement: Agreement): string {
  if (agreement.alpha === null) return `no Krippendorff's alpha: ${agreement.why ?? "unknown"}`;
  return `Krippendorff's alpha ${agreement.alpha.toFixed(2)}${brackets(agreement.ci95)} over ${count(agreement.judged_twice)} items`;
}

function preferences(pairs: Pairs): string {
  const shares = [
    ["first_preferred", "the first shown"],
    ["longer_preferred", "the longer"],
  ] as const;
  const preferred = shares.flatMap(([key, words]) => {
    const value = pairs[key];
    return value === null ? [] : [`${words} preferred ${Math.round(100 * value)} %${brackets(pairs.ci95[key])}`];
  });
  const results = `${count(pairs.wins)} won, ${count(pairs.ties)} tied, ${count(pairs.losses)} lost, ${count(pairs.unjudged)} not judged`;
  return [results, ...preferred].join("; ");
}

function brackets(ci95: [number, number] | null | undefined): string {
  return ci95 ? ` [${ci95[0].toFixed(2)}, ${ci95[1].toFixed(2)}]` : "";
}
