/** A chart in the page: drawn by Observable Plot as wide as its place, with its figures as a table. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { plot, type PlotOptions } from "@observablehq/plot";
import { visible } from "../../sample/text/visible_text";

interface ChartProps {
  title: string;
  label: string; // for screen readers: what the chart shows
  options: ((width: number) => PlotOptions) | null; // null: there is nothing to draw
  children?: ComponentChildren; // controls and notes above the chart
  table?: ComponentChildren; // the same figures
  depends: string; // changes whenever the chart must be drawn again, also while a run goes on
}

export function Chart({ title, label, options, children, table, depends }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  useEffect(() => {
    if (width > 0) place.current?.replaceChildren(...(options ? [drawn(options(width), width, label)] : []));
  }, [width, depends, label]);
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        {children}
      </figcaption>
      {options === null && <p>Nothing can be drawn: every value is unknown.</p>}
      <div class={options ? "chart-place" : ""} ref={place} />
      {table && (
        <details>
          <summary>Figures as a table</summary>
          <div class="scroll">{table}</div>
        </details>
      )}
    </figure>
  );
}

/**
 * The chart as an element. Plot puts an inline `<style>` into it, which the page's content security
 * policy refuses; it is removed before the chart is in the page, and style.css has its rules.
 */
function drawn(options: PlotOptions, width: number, label: string): Element {
  const chart = plot({ className: "hl-plot", width, ...options });
  for (const style of chart.querySelectorAll("style")) style.remove();
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", visible(label));
  return chart;
}

/** The width of an element in pixels, which changes with the window; 0 before it is drawn. */
function useWidth(element: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return width;
}

export interface Option {
  value: string;
  title: string;
}

/** A labelled choice. */
export function Choice({ label, value, options, onChoose }: { label: string; value: string; options: readonly Option[]; onChoose: (value: string) => void }) {
  return (
    <label class="choice">
      {label}{" "}
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map(({ value: name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}
