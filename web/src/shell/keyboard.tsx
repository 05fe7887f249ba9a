/** Keys that work everywhere in the page, and the list of all keys. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { showView, type Tab } from "../view";

/** Part of the page → [keys, what they do]. */
const KEYS: { [part: string]: [string, string][] } = {
  Everywhere: [
    ["1 to 4", "show the first to fourth part of the report"],
    ["t", "change the colours"],
    ["?", "show this list"],
    ["Esc", "close what is open"],
  ],
  "Table of samples": [
    ["/", "go to the search"],
    ["↑ ↓", "go from row to row"],
    ["Enter", "open the sample of the row"],
  ],
  "Open sample": [
    ["j k", "next and previous sample"],
    ["→ ←", "the same, with the focus in the sample"],
  ],
  "Changed samples": [
    ["j, ↓", "the next changed sample"],
    ["k, ↑", "the one before"],
    ["Enter", "open or close it"],
  ],
};

interface Props {
  tabs: readonly Tab[];
}

export function Keyboard({ tabs }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (isTyping(event)) return;
      const tab = tabs[Number(event.key) - 1];
      if (tab) showView({ tab, sample: null });
      else if (event.key === "?") dialog.current?.showModal();
      else if (event.key === "t") document.querySelector<HTMLElement>(".page-tools .theme button")?.click();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [tabs.join()]);
  return (
    <>
      <button type="button" class="tool" title="Keys (?)" aria-label="Keys" onClick={() => dialog.current?.showModal()}>
        ?
      </button>
      <dialog ref={dialog} class="keys-dialog" aria-labelledby="keys-title" onClick={(event) => event.target === dialog.current && dialog.current?.close()}>
        <div>
          <header>
            <h2 id="keys-title">Keys</h2>
            <button type="button" aria-label="Close" title="Close (Esc)" onClick={() => dialog.current?.close()}>
              ✕
            </button>
          </header>
          {Object.entries(KEYS).map(([part, keys]) => (
            <table key={part}>
              <caption>{part}</caption>
              <tbody>
                {keys.map(([key, does]) => (
                  <tr key={key}>
                    <th scope="row">
                      <kbd>{key}</kbd>
                    </th>
                    <td>{does}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ))}
        </div>
      </dialog>
    </>
  );
}

/** Whether a key belongs to a text field, a dialog or the browser. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null;
  const field = target?.closest("input, textarea, select, [contenteditable], dialog");
  return Boolean(field) || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented;
}
