/** Where an extracted answer is in the output that it was taken from. */

const MAX_NORMALIZED = 100_000; // characters at the output's end that are searched in another notation

/** [start, end) of the last occurrence of an answer; null: it is not there, even in another notation. */
export function answerPlace(output: string, answer: string): [number, number] | null {
  return placesIn(output)(answer);
}

/** Finds the places of several answers in one output, whose other notation is made once. */
export function placesIn(output: string): (answer: string) => [number, number] | null {
  const start = Math.max(0, output.length - MAX_NORMALIZED);
  let text: Normalized | undefined;
  return (answer) => {
    if (!answer.trim()) return null;
    const exact = lastBounded(output, answer);
    if (exact !== null) return [exact, exact + answer.length];
    if (answer.length > MAX_NORMALIZED) return null;
    text ??= normalized(output.slice(start));
    const place = normalizedPlace(text, normalized(answer).text.trim());
    if (place === null) return null;
    const last = start + place[1];
    return [start + place[0], last + codeUnits(output, last)];
  };
}

/** First and last character of the occurrence in another notation: case, spaces, quotes, emphasis, separators. */
function normalizedPlace({ text, positions }: Normalized, wanted: string): [number, number] | null {
  const start = wanted ? lastBounded(text, wanted) : null;
  if (start === null) return null;
  const first = positions[start];
  const last = positions[start + wanted.length - 1];
  return first === undefined || last === undefined ? null : [first, last];
}

function codeUnits(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** A text in one notation, with the position in the original of each of its characters. */
interface Normalized {
  text: string;
  positions: number[];
}

function normalized(original: string): Normalized {
  const characters: string[] = [];
  const positions: number[] = [];
  let at = 0;
  for (const character of original) {
    const before = characters[characters.length - 1] ?? "";
    for (const each of notation(character, before, original[at + 1] ?? "")) {
      characters.push(each);
      positions.push(at);
    }
    at += character.length;
  }
  return { text: characters.join(""), positions };
}

function notation(character: string, before: string, after: string): string {
  if (/[*_`$]/.test(character)) return "";
  if (/[,\u202f\u00a0']/.test(character) && /\d/.test(before) && /\d/.test(after)) return "";
  if (/\s/.test(character)) return before === " " ? "" : " ";
  if (/[‘’‚‛]/.test(character)) return "'";
  if (/[“”„«»]/.test(character)) return '"';
  if (/[\u2010-\u2015\u2212]/.test(character)) return "-";
  return character.normalize("NFKC").toLowerCase();
}

/** The last occurrence that is not a part of a longer word or number. */
function lastBounded(text: string, wanted: string): number | null {
  for (let at = text.lastIndexOf(wanted); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(wanted, at - 1)) {
    if (isBounded(text, at, at + wanted.length)) return at;
  }
  return null;
}

/** Whether [start, end) of a text is neither inside a word nor inside a number. */
export function isBounded(text: string, start: number, end: number): boolean {
  const inside = (left: string, right: string) => isWord(left) && isWord(right);
  if (inside(text[start - 1] ?? "", text[start] ?? "") || inside(text[end - 1] ?? "", text[end] ?? "")) return false;
  const digitFirst = /\d/.test(text[start] ?? "");
  if (digitFirst && /\d[.,]$/.test(text.slice(Math.max(0, start - 2), start))) return false;
  return !(/\d/.test(text[end - 1] ?? "") && /^[.,]\d/.test(text.slice(end, end + 2)));
}

/** Letters and digits of scripts that put spaces between words. */
function isWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character) && !/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(character);
}
