"""The pane of one sample in a page that a browser has open."""

from __future__ import annotations

import json
from urllib.parse import quote

from .browser import Browser
from .report_pages import wait_until


def key_of(name: str, label: str) -> str:
    """The key in addresses of a record that `support.records.record` made."""
    return "\t".join(["run", "t", label, "scripted", "m", name, "1"])


def show(browser: Browser, name: str, label: str = "single", view: str = "") -> str:
    """Open a sample's pane by its address; returns the pane's text."""
    go(browser, "#tab=samples")
    wait_until(browser, "!document.querySelector('.sample-pane')")
    go(browser, f"#tab=samples&sample={quote(key_of(name, label))}{view}")
    wait_until(browser, "!!document.querySelector('.sample-result')")
    return text_of(browser, ".sample-pane")


def go(browser: Browser, address: str) -> None:
    """Change the hash of the page's address."""
    browser.evaluate(f"location.hash = {json.dumps(address)}")


def text_of(browser: Browser, selector: str) -> str:
    """The visible text of the first such element."""
    return str(browser.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))


def click(browser: Browser, selector: str) -> None:
    """Click the first such element."""
    browser.evaluate(f"document.querySelector({json.dumps(selector)}).click()")


def title_is(browser: Browser, name: str) -> None:
    """Wait until the pane shows this sample."""
    wait_until(browser, f"document.querySelector('.pane-bar h2')?.textContent === {json.dumps(name)}")
