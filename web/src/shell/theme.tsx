/** Light, dark, or as the system has it. The choice is remembered where the browser allows it. */

import { useEffect, useState } from "preact/hooks";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const SIGNS: { [theme in Theme]: string } = { auto: "◐", light: "☀", dark: "☾" };
const KEY = "hiddenlayer-theme";

export function ThemeButton() {
  const [theme, setTheme] = useState(remembered);
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    remember(theme);
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme;
  return (
    <button type="button" class="tool" title={`Colours: ${theme}. Change to ${next}`} onClick={() => setTheme(next)}>
      <span aria-hidden="true">{SIGNS[theme]}</span>
      <span class="visually-hidden">Colours: </span> {theme}
    </button>
  );
}

/** The remembered theme. A sandboxed frame has no storage: reading it raises an error. */
function remembered(): Theme {
  try {
    return THEMES.find((name) => name === localStorage.getItem(KEY)) ?? "auto";
  } catch {
    return "auto";
  }
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // without storage, the choice lasts as long as the page
  }
}
