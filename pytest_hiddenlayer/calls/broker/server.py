"""One process asks for all: the broker's side.

Under xdist each worker would load its own model and know nothing of the others' calls. The
controller holds the lines instead, with their limits, budget, cache and models, and serves
the workers' calls over a socket that only this user can open. A worker that ends takes its
calls with it, and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...engine.runtime import Runtime
from ...errors import ProviderError
from ...protocols import Provider
from ...registry import providers
from ...types import ModelName
from .protocol import error_json, line, request_of

LONGEST = 64 * 1024 * 1024
"""Bytes of one message at most."""


def socket_path(run_id: str) -> Path:
    """Where the broker of a run listens: short, as such paths must be. Nothing is made."""
    return Path(tempfile.gettempdir()) / f"hl-{run_id[-8:]}-{os.getpid()}" / "s"


class Broker:
    """Serves the lines of a runtime to other processes, until closed."""

    def __init__(self, runtime: Runtime, path: Path) -> None:
        self._runtime, self.path = runtime, path
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to listen. Raises OSError where there are no such sockets."""
        self.path.parent.mkdir(mode=0o700)
        self._server = self._runtime.run(self._listen())

    def close(self) -> None:
        """Stop listening; the runtime is closed by its owner."""
        if self._server is not None:
            self._runtime.run(self._stop())
            self._server = None
        shutil.rmtree(self.path.parent, ignore_errors=True)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._connected, path=str(self.path), limit=LONGEST)

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await _Connection(self._runtime, writer).serve(reader)
        finally:
            self._serving.discard(task)
            with suppress(OSError):
                writer.close()


class _Connection:
    """One worker's calls."""

    def __init__(self, runtime: Runtime, writer: asyncio.StreamWriter) -> None:
        self._runtime, self._writer = runtime, writer
        self._calls: dict[int, asyncio.Task[None]] = {}

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Answer until the worker ends; then end what it asked for."""
        try:
            while text := await reader.readline():
                message = json.loads(text)
                if message["do"] == "cancel":
                    if (call := self._calls.get(message["id"])) is not None:
                        call.cancel()
                else:
                    self._calls[message["id"]] = asyncio.create_task(self._answer(message))
        except (ConnectionError, ValueError):
            pass  # a worker that was killed may leave half a line
        finally:
            for call in list(self._calls.values()):
                call.cancel()

    async def _answer(self, message: dict[str, Any]) -> None:
        number = message["id"]
        try:
            reply = {"ok": await self._done(message)}
        except Exception as error:  # whatever it is, it is the worker's to report
            reply = {"error": error_json(error)}
        finally:
            self._calls.pop(number, None)
        with suppress(ConnectionError):
            self._writer.write(line({"id": number, **reply}))
            await self._writer.drain()

    async def _done(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["provider"] not in providers.names():
            return {"model": None}  # registered by a conftest that only workers load
        provider = await self._provider(message)
        if message["do"] == "open":
            return {"model": provider.model, "structured": bool(getattr(provider, "structured", False))}
        if message["do"] == "complete":
            in_order = getattr(provider, "in_order", None)
            ours: Provider = provider if in_order is None else in_order(message["order"])
            return asdict(await ours.complete(request_of(message["request"])))
        raise ProviderError(f"the broker does not know {message['do']!r}")

    async def _provider(self, message: dict[str, Any]) -> Provider:
        """The line; opening it may take seconds, in which the others go on."""
        name = ModelName(provider=message["provider"], model=message["model"])
        found = self._runtime.opened(name)
        return found if found is not None else await asyncio.to_thread(self._runtime.provider, name)
