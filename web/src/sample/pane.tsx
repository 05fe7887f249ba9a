/** The side pane with one record: what was asked, what was answered, and how it came about. */

import { Component, type ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { PageProps } from "../app";
import { columnOf, keyAt, rowOf, valueAt } from "../columns";
import { count } from "../numbers";
import { showView, useView } from "../view";
import { useFocus, useHeight, useKeys, useRecord, useSteps } from "./hooks";
import { Resizer } from "./resizer";
import { SampleBody } from "./sections";
import { visible } from "./text/visible_text";

export function SamplePane({ source, index, sampleKey }: PageProps & { sampleKey: string }) {
  const { call, compared } = useView();
  const row = useMemo(() => rowOf(index, sampleKey), [index, sampleKey]);
  const loaded = useRecord(source, row);
  const steps = useSteps(index.n, row);
  const pane = useRef<HTMLElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  useFocus(title);
  useHeight(pane);
  useKeys(pane, (by) => step(index, by === 1 ? steps.next : steps.previous));
  useEffect(() => {
    pane.current?.scrollTo(0, 0);
    if (document.activeElement === document.body) title.current?.focus({ preventScroll: true }); // the focused part is gone
  }, [loaded]);
  const name = row < 0 ? "Sample" : visible(String(valueAt(columnOf(index, "sample"), row)));
  return (
    <>
      <Resizer />
      <aside class="sample-pane" aria-label="Sample" aria-busy={row >= 0 && loaded?.row !== row} ref={pane}>
        <div class="pane-bar">
          <h2 ref={title} tabIndex={-1} title={name}>
            {name}
          </h2>
          <StepButton index={index} to={steps.previous} title="Previous sample (k)" shape="‹" />
          <StepButton index={index} to={steps.next} title="Next sample (j)" shape="›" />
          <span class="off-screen" role="status">
            {[name, row < 0 ? "" : visible(String(valueAt(columnOf(index, "outcome"), row) ?? "")), row < 0 ? "" : `sample ${steps.position || "?"} of ${steps.total}`].filter(Boolean).join(", ")}
          </span>
          <span class="muted">
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
          <Guard key={loaded.row}>
            <SampleBody
              index={index}
              source={source}
              record={loaded.record}
              row={loaded.row}
              call={loaded.row === row ? call : null}
              compared={loaded.row === row ? compared : null}
            />
          </Guard>
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

/** Says what is wrong with a record that cannot be drawn, instead of an empty page. */
class Guard extends Component<{ children: ComponentChildren }, { error: string | null }> {
  override state = { error: null };

  static override getDerivedStateFromError(error: unknown) {
    return { error: String(error) };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <p class="notice error" role="alert">
        This record cannot be shown: {visible(this.state.error)}
      </p>
    );
  }
}
