"""Uses every part of an open page, and checks that nothing in it came to life."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from .browser import Browser
from .report_pages import wait_until

# Texts of the page, and what no text may have made: event handlers, elements that load something, odd links.
LOOK = """(place => {
  // the program itself: the one long script without attributes at the end of the body
  const programs = [...document.scripts].filter(e => e.parentNode === document.body && !e.attributes.length
    && e.textContent.length > 100000);
  const own = programs.length === 1 ? programs[0] : undefined;
  const elements = [...document.querySelectorAll(`${place}, ${place} *`)];
  const odd = elements.filter(e => [...e.attributes].some(a => a.name.startsWith('on'))
    || e.matches('img, iframe, object, embed, audio, video, base, form, foreignObject, math, template, portal')
    || (e.matches('script') && e.type !== 'text/plain' && e !== own)
    || (e.matches('link, meta[http-equiv]') && e.parentNode !== document.head)
    || e.parentNode !== document.head
      && /^\\s*(javascript|data|vbscript|http)/i.test(e.getAttribute('href') ?? e.getAttribute('xlink:href') ?? ''));
  const titles = elements.flatMap(e => ['title', 'aria-label'].flatMap(name => e.getAttribute(name) ?? []));
  const values = elements.filter(e => e.matches('input, textarea')).map(e => e.value);
  const polluted = Object.keys(Object.prototype).concat(Object.keys(Array.prototype));
  const parts = place === 'html' ? [...document.body.children].filter(e => !e.matches('script')) : [];
  const texts = (parts.length ? parts : [...document.querySelectorAll(place)]).map(e => e.textContent);
  return {text: [document.title, ...texts, ...titles, ...values].join('\\n'),
          odd: odd.map(e => e.outerHTML.slice(0, 200)), ran: window.ran ?? null, polluted};
})"""
KEEP = """(() => {
  window.kept = [];
  const keep = text => { window.kept.push(text); return Promise.resolve(); };
  Object.defineProperty(navigator, 'clipboard', {value: {writeText: keep}, configurable: true});
  URL.createObjectURL = blob => { blob.text().then(keep); return '#'; };
  HTMLAnchorElement.prototype.click = function () {
    if (!this.download) this.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}));
  };
})()"""
READ = """document.querySelector('.sample-pane')?.getAttribute('aria-busy') !== 'true'
  && !!document.querySelector('.sample-result, .sample-pane [role=alert]')"""
HIDDEN = re.compile(
    "[\\s\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    "\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]+"
)


class InertPage:
    """Collects what an open page shows, and asserts after each step that nothing ran."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.texts: list[str] = []
        browser.evaluate(KEEP)

    def look(self, place: str = "html") -> None:
        """Check a part of the page as it is now."""
        seen = self.browser.evaluate(f"{LOOK}({place!r})")
        found = {name: seen[name] for name in ("ran", "polluted", "odd")}
        assert found == {"ran": None, "polluted": [], "odd": []}, found
        self.texts.append(seen["text"])

    def go(self, address: str) -> None:
        """Change the hash of the address, and wait until the page has followed."""
        self.browser.evaluate(
            "window.moved = 0; window.before = location.hash; "
            "addEventListener('hashchange', () => { window.moved = 1 }, {once: true}); "
            f"location.hash = {json.dumps(address)}; if (location.hash === window.before) window.moved = 1"
        )
        wait_until(self.browser, "window.moved === 1")
        self.drawn()

    def drawn(self) -> None:
        """Wait for two frames."""
        self.browser.evaluate("window.drawn = 0; requestAnimationFrame(() => setTimeout(() => { window.drawn = 1 }))")
        wait_until(self.browser, "window.drawn === 1")

    def unfold(self, within: str = "body") -> None:
        """Open all folded parts."""
        opened = f"document.querySelectorAll({within + ' details:not([open])'!r})"
        for _ in range(3):
            if not self.browser.evaluate(f"[...{opened}].map(e => {{ e.open = true }}).length"):
                break
            self.drawn()

    def press_all(self, selector: str, most: int = 60) -> None:
        """Click each of these elements that is still in the page."""
        find = f"[...document.querySelectorAll({selector!r})].slice(0, {most})"
        n = self.browser.evaluate(f"(window.pressed = {find}).length")
        for at in range(n):
            self.browser.evaluate(f"window.pressed[{at}].isConnected && window.pressed[{at}].click()")
        self.drawn()

    def hover(self, selector: str, most: int = 12, place: str = "html") -> None:
        """Move the mouse over elements, so that tips are shown, and look at them."""
        places = self.browser.evaluate(
            f"[...document.querySelectorAll({selector!r})].slice(0, {most}).map(e => "
            "{ e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(); "
            "return [r.x + r.width / 2, r.y + r.height / 2]; })"
        )
        for x, y in places:
            self.browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=max(0, x), y=max(0, y))
        self.drawn()
        self.look(place)

    def missing(self, payloads: Sequence[str]) -> list[str]:
        """The payloads that no part of the page showed; of one with hidden characters, its longest part counts."""
        text = "\n".join(self.texts)
        parts = {payload: max(HIDDEN.split(payload[:180]), key=len) for payload in payloads}
        return [payload[:60] for payload, part in parts.items() if part not in text]


def use(page: InertPage, n_rows: int, *, menus: bool = True, buttons: bool = True) -> None:
    """Every tab, dialog and tip of a page and its first samples; with `menus` and `buttons`, all of those too."""
    for tab in ("overview", "changes", "run"):
        page.go(f"#tab={tab}")
        page.unfold()
        page.look()
    page.go("#tab=overview")
    page.press_all("main button", 60 if buttons else 10)
    page.unfold()
    page.hover("main svg :is(circle, path, rect, text)", 20)
    page.go("#tab=overview&o.cells=list")
    page.look()
    for address in page.browser.evaluate(
        "[...document.querySelectorAll('main a[href*=\"o.cell=\"]')].map(a => a.hash)"
    )[:8]:
        page.go(address)
        page.look()
    page.go("#tab=changes")
    page.unfold()
    page.press_all("main button", 60 if buttons else 10)
    page.unfold()
    page.look()
    use_samples(page, menus)
    for row in range(n_rows):
        use_sample(page, row, buttons)


def use_samples(page: InertPage, menus: bool) -> None:
    """The table of samples, with `menus` all columns, filters and exports."""
    page.go("#tab=samples")
    wait_until(page.browser, "document.querySelectorAll('.tabulator-row').length > 0")
    page.look()
    page.hover(".tabulator-cell, .tabulator-col", 30)
    n = page.browser.evaluate("document.querySelectorAll('.menu-button').length") if menus else 0
    for at in range(n):
        page.browser.evaluate(f"document.querySelectorAll('.menu-button')[{at}]?.click()")
        page.drawn()
        page.press_all(".menu-panel input[type=checkbox]", 40)
        page.press_all(".menu-panel .other-columns button", 3)
        page.look()
        page.press_all(".export button")
        page.browser.evaluate(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}))"
        )
    page.drawn()
    page.go("#tab=samples")


def use_sample(page: InertPage, row: int, buttons: bool) -> None:
    """One sample with every part unfolded."""
    key = page.browser.evaluate(f"document.querySelector('.tabulator-row[data-row=\"{row}\"] a')?.hash ?? null")
    if key is None:  # the table draws only the rows in sight
        page.press_all(".sample-pane [aria-label^='Next sample']")
    else:
        page.go(key)
    wait_until(page.browser, READ)  # the last sample is shown until this one is read
    page.unfold(".sample-pane")
    page.look(".sample-pane")
    page.press_all(f".sample-pane :is({'button:not(.close, .step), ' if buttons else ''}input[type=checkbox])")
    page.unfold(".sample-pane")
    page.hover(".sample-pane [title]", 3 if buttons else 0, place=".sample-pane")
