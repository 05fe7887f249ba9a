"""One process asks for all: a worker's side."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from ...errors import ProviderError
from ...types import Completion, ModelName, Request
from .protocol import completion_of, error_of, line, request_json
from .server import LONGEST

GONE = "the process that holds the models has ended; start a new run"


class BrokerClient:
    """One connection to the broker, shared by all lines of this process; used on one event loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._connecting: asyncio.Lock | None = None

    async def open(self, name: ModelName) -> RemoteModelClient | None:
        """The line to a model, opened by the broker; None where it does not know the provider.

        Raises what opening it raised there.
        """
        told = await self.call("open", name)
        if told["model"] is None:
            return None
        return RemoteModelClient(client=self, name=name, model=told["model"], structured=told["structured"])

    async def call(self, do: str, name: ModelName, **rest: Any) -> dict[str, Any]:
        """What the broker replies. Raises what it raised, and ProviderError where it has ended."""
        writer = await self._connected()
        number = next(self._numbers)
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply
        writer.write(line({"id": number, "do": do, "provider": name.provider, "model": name.model, **rest}))
        try:
            return await reply
        except asyncio.CancelledError:
            writer.write(line({"id": number, "do": "cancel"}))
            raise
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """End the connection."""
        if self._reading is not None:
            self._reading.cancel()
        if self._writer is not None:
            self._writer.close()

    async def _connected(self) -> asyncio.StreamWriter:
        self._connecting = self._connecting or asyncio.Lock()
        async with self._connecting:
            if self._writer is None:
                try:
                    reader, self._writer = await asyncio.open_unix_connection(str(self.path), limit=LONGEST)
                except OSError as error:
                    raise ProviderError(f"{GONE} ({error})") from error
                self._reading = asyncio.create_task(self._read(reader))
            if self._reading is not None and self._reading.done():
                raise ProviderError(GONE)
            return self._writer

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while text := await reader.readline():
                message = json.loads(text)
                waiting = self._waiting.get(message["id"])
                if waiting is None or waiting.done():
                    continue
                if "error" in message:
                    waiting.set_exception(error_of(message["error"]))
                else:
                    waiting.set_result(message["ok"])
        except (ConnectionError, ValueError):
            pass
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(ProviderError(GONE))


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteModelClient:
    """A line that another process holds; fulfils the Provider protocol."""

    client: BrokerClient
    name: ModelName
    model: str
    structured: bool
    order: int = 0

    def in_order(self, order: int) -> RemoteModelClient:
        """The same line, for the case with this turn."""
        return replace(self, order=order)

    async def complete(self, request: Request) -> Completion:
        """The completion, by the broker. Raises ProviderError."""
        told = await self.client.call("complete", self.name, order=self.order, request=request_json(request))
        return completion_of(told)

    async def close(self) -> None:
        """The line stays open: it is the broker's."""
