/** A button that opens a panel below it. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

interface MenuProps {
  title: string;
  label?: string; // of the panel, by default the title
  active?: boolean; // something in the panel is set
  open?: boolean; // at first
  onClose?: (byKeyboard: boolean) => void; // the focus goes back to the button
  children: (close: () => void) => ComponentChildren; // called while the panel is open
}

/** Escape, a click elsewhere or leaving by the Tab key closes the panel; focus goes in and comes back. */
export function Menu({ title, label = title, active = false, open: first = false, onClose, children }: MenuProps) {
  const [open, setOpen] = useState(first);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();

  const close = (refocus: boolean) => {
    setOpen(false);
    if (refocus) root.current?.querySelector("button")?.focus();
    onClose?.(refocus);
  };
  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>(".menu-panel input, .menu-panel button")?.focus();
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) close(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);

  return (
    <div
      class="menu"
      ref={root}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.stopPropagation();
        close(true);
      }}
    >
      <button
        type="button"
        class={active ? "menu-button active" : "menu-button"}
        aria-expanded={open}
        aria-haspopup="dialog"
        aria-controls={id}
        onClick={() => (open ? close(false) : setOpen(true))}
      >
        <span class="menu-title">{title}</span>
        <span class="menu-arrow" aria-hidden="true">
          ▾
        </span>
      </button>
      {open && (
        <div class="menu-panel" id={id} role="dialog" aria-label={label}>
          {children(() => close(false))}
        </div>
      )}
    </div>
  );
}
