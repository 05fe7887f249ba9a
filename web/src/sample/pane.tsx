/** The side pane with one record: what was asked, what was answered, and how it came about. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { PageProps } from "../app";
import { columnOf, keyAt, rowOf, valueAt } from "../columns";
import type { SampleRecord } from "../data";
import { count } from "../numbers";
import { neighbours, subscribe } from "../samples/order";
import { showView, useView } from "../view";
import { Resizer } from "./resizer";
import { SampleBody } from "./sections";
import { visible } from "./text/visible_text";

type Loaded = { row: number; record: SampleRecord } | { row: number; error: string };

export function SamplePane({ source, index, sampleKey }: PageProps & { sampleKey: string }) {
  const { call, compared } = useView();
  const row = useMemo(() => rowOf(index, sampleKey), [index, sampleKey]);
  const loaded = useRecord(source, row);
  const steps = useSteps(index.n, row);
  const pane = useRef<HTMLElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  useFocus(title);
  useKeys(pane, (by) => step(index, by === 1 ? steps.next : steps.previous));
  useEffect(() => pane.current?.scrollTo(0, 0), [row]);
  const name = row < 0 ? "Sample" : visible(String(valueAt(columnOf(index, "sample"), row)));
  return (
    <>
      <Resizer />
      <aside class="sample-pane" aria-label="Sample" ref={pane}>
        <div class="pane-bar">
          <h2 ref={title} tabIndex={-1} title={name}>
            {name}
          </h2>
          <StepButton index={index} to={steps.previous} title="Previous sample (k)" shape="‹" />
          <StepButton index={index} to={steps.next} title="Next sample (j)" shape="›" />
          <span class="muted" aria-live="polite">
            {steps.position > 0 ? `${count(steps.position)} of ${count(steps.total)}` : row >= 0 ? "not in the table as filtered" : ""}
          </span>
          <button type="button" class="close" title="Close (Escape)" aria-label="Close the sample" onClick={() => showView({ sample: null })}>
            <span aria-hidden="true">✕</span>
          </button>
        </div>
        {row < 0 ? (
          <p class="notice warning" role="alert">
            This page holds no such sample. The address may come from the report of another run.
          </p>
        ) : loaded === null ? (
          <p class="muted pane-body">Reading …</p>
        ) : "error" in loaded ? (
          <p class="notice error" role="alert">
            This record cannot be read: {visible(loaded.error)}
          </p>
        ) : (
          <SampleBody key={loaded.row} index={index} source={source} record={loaded.record} row={loaded.row} call={loaded.row === row ? call : null} compared={loaded.row === row ? compared : null} />
        )}
      </aside>
    </>
  );
}

function step(index: PageProps["index"], row: number | null): void {
  if (row !== null) showView({ sample: keyAt(index, row) });
}

function StepButton({ index, to, title, shape }: { index: PageProps["index"]; to: number | null; title: string; shape: string }) {
  return (
    <button type="button" class="step" title={title} aria-label={title} disabled={to === null} onClick={() => step(index, to)}>
      <span aria-hidden="true">{shape}</span>
    </button>
  );
}

/** The row's record. The record before stays until it is read. */
function useRecord(source: PageProps["source"], row: number): Loaded | null {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  useEffect(() => {
    let isCurrent = true;
    if (row >= 0) {
      source.record(row).then(
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
function useSteps(n: number, row: number): ReturnType<typeof neighbours> {
  const [, redraw] = useState(0);
  useEffect(() => subscribe(() => redraw((times) => times + 1)), []);
  const steps = neighbours(row);
  if (steps.total || row < 0) return steps;
  return { previous: row > 0 ? row - 1 : null, next: row + 1 < n ? row + 1 : null, position: row + 1, total: n };
}

/** Focus goes to the title when the pane opens, and back when it closes. */
function useFocus(title: { current: HTMLElement | null }): void {
  useEffect(() => {
    const before = document.activeElement;
    title.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
}

/** j and k step from anywhere, the left and right arrows inside of the pane; Escape closes. Not while typing. */
function useKeys(pane: { current: HTMLElement | null }, go: (by: 1 | -1) => void): void {
  const latest = useRef(go);
  latest.current = go;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isField(target)) return;
      const isInside = target === document.body || pane.current?.contains(target);
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
