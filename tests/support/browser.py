"""Drives Chromium over a pipe (DevTools protocol), for tests that press keys and read pages."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SECONDS = 60
START = "import os, sys; i, o, *c = sys.argv[1:]; os.dup2(int(i), 3); os.dup2(int(o), 4); os.execv(c[0], c)"


class Browser:
    """One page of a headless Chromium; `with` ends it."""

    def __init__(self, width: int = 1200, height: int = 800) -> None:
        self.width, self.height = width, height
        self._folder = tempfile.mkdtemp()
        self._rest, self._events, self._number, self._session = b"", [], 0, None

    def __enter__(self) -> Browser:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        # Chromium reads from 3 and writes to 4; copies far above stand in nobody's way.
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 50) for end in (theirs_in, theirs_out)]
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--disable-extensions"]
        flags += ["--disable-ipc-flooding-protection"]  # tests change the address of a page often
        flags += [f"--window-size={self.width},{self.height}", f"--user-data-dir={self._folder}", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", START, *map(str, high), CHROMIUM, *flags],
            pass_fds=high,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        for end in (theirs_in, theirs_out, *high):
            os.close(end)
        try:
            self._attach()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _attach(self) -> None:
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(t["targetId"] for t in targets if t["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)
        shutil.rmtree(self._folder, ignore_errors=True)

    def open(self, address: str) -> None:
        """Open an address, and wait until it is loaded."""
        with self.loading():
            self.call("Page.navigate", url=address)

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    @property
    def text(self) -> str:
        """The visible text of the page."""
        return str(self.evaluate("document.body.innerText"))

    def press(self, key: str) -> None:
        """Press a key in the focused element."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        named = {"key": key, "windowsVirtualKeyCode": {"Enter": 13, "Tab": 9}.get(key, 0)}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **named)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def loading(self) -> _Loading:
        """`with browser.loading():` returns when a page has loaded."""
        return _Loading(self)

    def requests(self) -> list[str]:
        """The addresses that pages have requested so far."""
        asked = (event for event in self._events if event.get("method") == "Network.requestWillBeSent")
        return [event["params"]["request"]["url"] for event in asked]

    def complaints(self) -> list[str]:
        """Console messages of the pages, such as a refused script."""
        return [event["params"]["entry"]["text"] for event in self._events if event.get("method") == "Log.entryAdded"]

    def errors(self) -> list[str]:
        """Exceptions that no code of the pages caught, console errors and warnings, and opened dialogs, as JSON."""
        return [json.dumps(event["params"]) for event in self._events if _is_error(event)]

    def picture(self, path: Path) -> None:
        """Save a screenshot."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of one command of the protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        session = {"sessionId": self._session} if self._session else {}
        os.write(self._out, json.dumps({**message, **session}).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self._events.append(answer)

    def wait(self, method: str, start: int) -> None:
        """Wait for an event after the first `start` ones."""
        while not any(event.get("method") == method for event in self._events[start:]):
            self._events.append(self._read())

    def count(self) -> int:
        """Events so far."""
        return len(self._events)

    def _read(self) -> dict[str, Any]:
        end = time.monotonic() + SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser says nothing"
            self._rest += os.read(self._in, 65536)
        line, self._rest = self._rest.split(b"\0", 1)
        return dict(json.loads(line))


def _is_error(event: dict[str, Any]) -> bool:
    if event.get("method") == "Runtime.consoleAPICalled":
        return event["params"]["type"] in ("error", "warning", "assert")
    return event.get("method") in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening")


class _Loading:
    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def __enter__(self) -> None:
        self.start = self.browser.count()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.browser.wait("Page.loadEventFired", self.start)
