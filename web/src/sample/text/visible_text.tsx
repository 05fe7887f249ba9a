/** Text of models, tasks and files, as written: characters that hide or reorder text are shown by name. */

const HIDDEN =
  /(?:[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb]|\r(?!\n)|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\u{e0001}|[\u{e0020}-\u{e007f}]|[\u{e0100}-\u{e01ef}])+/gu;
const MAX_MARKED = 200; // runs of hidden characters per block; further ones are plain text, so that the page stays quick

/** A hidden character's name: `␛` of the control pictures, else `U+202E`. */
function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** `U+001B U+202E`, of at most 20 characters. */
function codePoints(run: string): string {
  const shown = [...run].slice(0, 20).map((character) => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`);
  return `Characters that cannot be seen: ${shown.join(" ")}`;
}

function namesOf(run: string): string {
  const names = [...run].map(nameOf);
  return names.join(names.every((name) => name.length === 1) ? "" : " ");
}

/** A text in which hidden characters are replaced by their names, for titles and names of controls. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (run) => `[${namesOf(run)}]`);
}

/** A text with its hidden characters marked. */
export function VisibleText({ text }: { text: string }) {
  if (text.search(HIDDEN) < 0) return <>{text}</>;
  const parts: (string | preact.JSX.Element)[] = [];
  let end = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (parts.length >= 2 * MAX_MARKED) break;
    if (match.index > end) parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    parts.push(
      <span class="hidden-characters" title={codePoints(match[0])}>
        {namesOf(match[0])}
      </span>,
    );
  }
  if (end < text.length) parts.push(visible(text.slice(end)));
  return <>{parts}</>;
}
