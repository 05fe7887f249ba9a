"""A fake model server on loopback: the documented wire formats, fixed answers, faults on demand.

    with fake_server(latency_s=0.2, faults={"429": 0.1}) as server:
        server.url, server.stats()

It runs no model. It speaks OpenAI's chat completions, responses, models, files and batches (below /v1),
Anthropic's messages and message batches (below /v1) and Ollama's chat, tags, show and version (below
/api). A prompt can say what the server answers and when it fails: see `replies` and `faults`.
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
class FakeServer:
    """A running fake server."""

    url: str  # without a final slash; OpenAI's base URL is this and /v1

    def stats(self) -> dict[str, Any]:
        """Return what the server has received so far: the fields of `server.Stats`."""
        with urllib.request.urlopen(f"{self.url}/stats", timeout=60) as response:
            stats: dict[str, Any] = json.load(response)
            return stats

    def finish(self) -> None:
        """Create and end all batches at once, including those that are created later."""
        urllib.request.urlopen(f"{self.url}/finish", timeout=60).close()


@contextmanager
def fake_server(*, process: bool = False, **config: Any) -> Iterator[FakeServer]:
    """Run the server in a thread, or in a separate process with `process`; `config` is that of `server.Config`."""
    with _process(config) if process else _thread(config) as port:
        yield FakeServer(f"http://127.0.0.1:{port}")


@contextmanager
def _thread(config: dict[str, Any]) -> Iterator[int]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fake-server", daemon=True)
    thread.start()
    server = Server(Config(**config))
    try:
        yield asyncio.run_coroutine_threadsafe(server.start(), loop).result(60)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


@contextmanager
def _process(config: dict[str, Any]) -> Iterator[int]:
    command = [sys.executable, "-m", "fake_server", json.dumps(config)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as child:
        assert child.stdout is not None
        try:
            yield int(child.stdout.readline())
        finally:
            child.kill()
