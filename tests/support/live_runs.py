"""Runs that go on for tests of the live report: in this process, or of pytest with answers that wait for a file."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from pytest_hiddenlayer.report.live.live_run import Ending, LiveRun
from pytest_hiddenlayer.report.live.live_server import LiveServer
from pytest_hiddenlayer.report.page.bundle import Bundle
from pytest_hiddenlayer.results.log.run_log import RunLog
from pytest_hiddenlayer.types import Record

from .folder import Folder
from .labelling import ask

SECONDS = 60
BUNDLE = Bundle(script="console.log('page')", style="p{margin:0}", licenses="")
PROVIDER = """
import asyncio, pathlib
from pytest_hiddenlayer import Completion, Usage, provider

@provider("waiting")
class Waiting:
    '''Answers "a0" to "q0." once the file `go` or `go-0` exists.'''

    def __init__(self, model=None):
        self.model = "m"

    async def complete(self, request):
        number = request.messages[-1].content.strip("q.")
        files = [pathlib.Path("go"), pathlib.Path(f"go-{number}")]
        while not any(file.exists() for file in files):
            await asyncio.sleep(0.02)
        return Completion(text=f"a{number}", finish_reason="stop", usage=Usage(calls=1), latency_s=0.1, model="m",
                          cost_usd=0.5)
"""


class GrowingRun:
    """A run whose records the test writes, and the server of its page."""

    def __init__(self, root: Path, configs: dict[Any, Any] | None = None, bundle: Bundle = BUNDLE) -> None:
        self.log = RunLog(root, "run", ["pytest", "evals"])
        self.run = LiveRun(self.log.folder, lambda: configs or {})
        self.server = LiveServer(self.run, bundle)
        self._stopped = False

    def add(self, *records: Record) -> None:
        """Write records to the log."""
        self.log.append_all(records)

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
        """(status, text, headers) of a request below the token."""
        return ask(self.server, method, f"/{self.server.token}/{path}", **headers)

    def json(self, path: str) -> Any:
        """The JSON value of a response."""
        status, text, _ = self.get(path)
        assert status == 200, (status, text)
        return json.loads(text)

    def stop(self, grace_s: float = 0.0, **ending: Any) -> None:
        """End the run; stopping twice does nothing."""
        if not self._stopped:
            self._stopped = True
            self.server.stop(Ending(**{"cells": [], "complete": True, "report": None, **ending}), grace_s)
            self.log.close()


class BackgroundRun:
    """pytest or the command in a folder, with `--hl-live`, while the test looks at its page."""

    def __init__(self, folder: Folder, start: Callable[[], pytest.RunResult]) -> None:
        self.folder = folder
        self._result: list[pytest.RunResult] = []
        self._thread = threading.Thread(target=lambda: self._result.append(start()), daemon=True)
        self._thread.start()
        self.address = wait_for(self._find_address)

    def _find_address(self) -> str | None:
        for ending in ("out", "err"):
            path = self.folder.path.with_name(f"{self.folder.path.name}.{ending}")
            printed = path.read_text(errors="replace") if path.exists() else ""
            if found := re.search(r"live report: (http://\S+/)\s", printed):
                return found[1]
        return None

    def state(self, rows: int = 0) -> Any:
        """The state of the run."""
        port, token = re.findall(r":(\d+)/([^/]+)/", self.address)[0]
        return json.loads(ask(_Port(int(port)), "GET", f"/{token}/state?rows={rows}&version=0")[1])

    def wait_for_answers(self, n: int) -> Any:
        """The state once n answers are there."""
        return wait_for(lambda: state if (state := self.state())["progress"]["done"] >= n else None)

    def go(self, numbers: Iterable[int] | None = None) -> None:
        """Let these samples be answered; by default all of them."""
        for name in ["go"] if numbers is None else [f"go-{number}" for number in numbers]:
            self.folder.write(name, "")

    def result(self) -> pytest.RunResult:
        """What the run printed, when it has ended."""
        self._thread.join(SECONDS)
        assert self._result, "the run goes on"
        return self._result[0]


class _Port:
    def __init__(self, port: int) -> None:
        self.server_port = port


def wait_for(find: Callable[[], Any]) -> Any:
    """The first value that is true. Fails after 60 seconds."""
    end = time.monotonic() + SECONDS
    while not (value := find()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
    return value
