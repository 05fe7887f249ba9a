/** What the pane reads and reacts to: records, steps, focus, keys, and the room that it has. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { SampleRecord } from "../data";
import { waitFor } from "../quiet";
import { neighbours, subscribe } from "../samples/order";
import type { Source } from "../source";
import { showView } from "../view";
import { readRecord } from "./record";

export type Loaded = { row: number; record: SampleRecord } | { row: number; error: string };

/** The row's record. The record before stays until it is read. */
export function useRecord(source: Source, row: number): Loaded | null {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  // A layout effect, so that reading starts before the browser draws the page without the record.
  useLayoutEffect(() => {
    let isCurrent = true;
    if (row >= 0) {
      const read = readRecord(source, row);
      waitFor(read);
      read.then(
        (record) => isCurrent && setLoaded({ row, record }),
        (error: unknown) => isCurrent && setLoaded({ row, error: String(error) }),
      );
    }
    return () => {
      isCurrent = false;
    };
  }, [source, row]);
  return loaded;
}

/** The rows around a row in the order of the table; in that of the index as long as no table was drawn. */
export function useSteps(n: number, row: number): ReturnType<typeof neighbours> {
  const [, redraw] = useState(0);
  useEffect(() => subscribe(() => redraw((times) => times + 1)), []);
  const steps = neighbours(row);
  if (steps.total || row < 0) return steps;
  return { previous: row > 0 ? row - 1 : null, next: row + 1 < n ? row + 1 : null, position: row + 1, total: n };
}

/** Focus goes to the title when the pane opens, and back when it closes. */
export function useFocus(title: { current: HTMLElement | null }): void {
  useLayoutEffect(() => {
    const before = document.activeElement;
    title.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
}

const SCROLLED = ".debate-scroll, .table-scroll"; // there the arrows scroll

/** j and k step from anywhere, the left and right arrows inside of the pane; Escape closes. Not while typing. */
export function useKeys(pane: { current: HTMLElement | null }, go: (by: 1 | -1) => void): void {
  const latest = useRef(go);
  latest.current = go;
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isField(target)) return;
      if (document.querySelector("dialog[open]")) return; // Escape closes that one
      const isInside = target === document.body || (pane.current?.contains(target) && !target.matches(SCROLLED));
      if (event.key === "Escape") showView({ sample: null });
      else if (event.key === "j" || (event.key === "ArrowRight" && isInside)) latest.current(1);
      else if (event.key === "k" || (event.key === "ArrowLeft" && isInside)) latest.current(-1);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

function isField(element: HTMLElement): boolean {
  return element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button])");
}

/** The pane is as high as the window below the page's header, so that a short page does not scroll. */
export function useHeight(pane: { current: HTMLElement | null }): void {
  useLayoutEffect(() => {
    const measure = () => {
      const top = pane.current?.parentElement?.getBoundingClientRect().top ?? 0;
      document.documentElement.style.setProperty("--pane-top", `${Math.max(0, Math.ceil(top))}px`);
    };
    measure();
    for (const event of ["scroll", "resize"]) addEventListener(event, measure, { passive: true });
    return () => {
      for (const event of ["scroll", "resize"]) removeEventListener(event, measure);
    };
  }, []);
}
