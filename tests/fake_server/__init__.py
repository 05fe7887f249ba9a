"""A stand-in for model servers, on loopback: the documented wire formats, fixed answers, faults on demand.

    with standin(latency_s=0.2, faults={"429": 0.1}) as server:
        server.url, server.stats()

It is no model. It speaks OpenAI's chat completions, responses, models, files and batches (below /v1),
Anthropic's messages and message batches (below /v1) and Ollama's chat, tags, show and version (below
/api). What it answers and when it fails can be written into the prompt: see `replies` and `faults`.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .server import Config, Server


@dataclass(frozen=True)
class Running:
    """A running stand-in."""

    url: str  # without a slash at its end; OpenAI's base URL is this and /v1

    def stats(self) -> dict[str, Any]:
        """What it was asked so far: the fields of `server.Seen`."""
        with urllib.request.urlopen(f"{self.url}/stats", timeout=60) as reply:
            found: dict[str, Any] = json.load(reply)
            return found

    def finish(self) -> None:
        """Make and end all batches, those to come too, without waiting."""
        urllib.request.urlopen(f"{self.url}/finish", timeout=60).close()


@contextmanager
def standin(*, process: bool = False, **config: Any) -> Iterator[Running]:
    """Run the server in a thread, or with `process` in a process of its own; `config` is `server.Config`'s."""
    with _process(config) if process else _thread(config) as port:
        yield Running(f"http://127.0.0.1:{port}")


@contextmanager
def _thread(config: dict[str, Any]) -> Iterator[int]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="standin", daemon=True)
    thread.start()
    server = Server(Config(**config))
    try:
        yield asyncio.run_coroutine_threadsafe(server.start(), loop).result(60)
    finally:
        asyncio.run_coroutine_threadsafe(server.end(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


@contextmanager
def _process(config: dict[str, Any]) -> Iterator[int]:
    command = [sys.executable, "-m", "fake_server", json.dumps(config)]
    place = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=place) as child:
        assert child.stdout is not None
        try:
            yield int(child.stdout.readline())
        finally:
            child.kill()
