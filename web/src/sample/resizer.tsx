/** The edge between the page and the pane; dragged, or moved by arrow keys. */

import { useEffect, useState } from "preact/hooks";

const KEY = "hl-pane-width";
const MIN = 25; // percent of the window
const MAX = 85;
const START = 52;

export function Resizer() {
  const [percent, setPercent] = useState(kept);
  useEffect(() => {
    document.documentElement.style.setProperty("--pane-width", `${percent}%`);
    keep(percent);
  }, [percent]);
  const drag = (event: PointerEvent) => {
    const handle = event.currentTarget as HTMLElement;
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = ({ clientX }) => setPercent(limited(100 - (100 * clientX) / innerWidth));
    handle.onpointerup = handle.onpointercancel = () => (handle.onpointermove = null);
    event.preventDefault();
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowLeft: 3, ArrowRight: -3 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setPercent(limited(percent + step));
  };
  return (
    <div
      class="resizer"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label="Width of the sample pane"
      aria-valuemin={MIN}
      aria-valuemax={MAX}
      aria-valuenow={Math.round(percent)}
      onPointerDown={drag}
      onKeyDown={press}
      onDblClick={() => setPercent(START)}
    />
  );
}

function limited(percent: number): number {
  return Math.min(MAX, Math.max(MIN, percent));
}

/** The width of last time. A sandboxed page has no storage. */
function kept(): number {
  try {
    const text = sessionStorage.getItem(KEY);
    return text === null ? START : limited(Number(text) || START);
  } catch {
    return START;
  }
}

function keep(percent: number): void {
  try {
    sessionStorage.setItem(KEY, String(percent));
  } catch {
    // the width lasts as long as the page
  }
}
