"""The browser in which the tests of pages open them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.browser import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a module."""
    with Browser(1400, 1000) as browser:
        yield browser


@pytest.fixture
def quiet(browser: Browser) -> Iterator[None]:
    """No page makes the browser complain, throws, opens a dialog, or asks for anything but itself."""
    complaints, errors, asked = len(browser.complaints()), len(browser.errors()), len(browser.requests())
    yield
    assert browser.complaints()[complaints:] == []
    assert browser.errors()[errors:] == []
    addresses = [url for url in browser.requests()[asked:] if not url.startswith(("about:", "http://127.0.0.1:"))]
    assert [url for url in addresses if not (url.startswith("file:") and ".html" in url)] == []
