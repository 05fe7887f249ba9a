"""The broker's client: gives an xdist worker the models that the broker's process holds."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from ...errors import RunEndedError
from ...io.codecs import completion_from_json, request_to_json
from ...protocols import ProviderCapabilities
from ...types import Completion, ModelName, Request
from ..protocols import Prioritizable
from .protocol import encode_line, error_from_json
from .streams import Connect, Writer, unix_socket

GONE = "the process that holds the models has ended; start a new run"


class BrokerClient:
    """One connection to the broker, shared by all models of this process; used on one event loop."""

    def __init__(self, where: Path | Connect) -> None:
        """`where` is the path of the broker's socket, or what opens another connection to it."""
        self._connect = unix_socket(where) if isinstance(where, Path) else where
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._writer: Writer | None = None
        self._reading: asyncio.Task[None] | None = None
        self._connecting: asyncio.Lock | None = None

    async def open(self, name: ModelName) -> RemoteModelClient | None:
        """The client of a model that the broker opens; None if the broker does not know the provider.

        Raises what opening it raised there.
        """
        reply = await self.call("open", name)
        if reply["model"] is None:
            return None
        capabilities = ProviderCapabilities(supports_json_schema=reply["supports_json_schema"])
        return RemoteModelClient(broker=self, name=name, model=reply["model"], capabilities=capabilities)

    async def call(self, do: str, name: ModelName, **rest: Any) -> dict[str, Any]:
        """Return the broker's reply. Raises what the call raised there; RunEndedError if the broker has ended."""
        writer = await self._connected()
        number = next(self._numbers)
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply
        writer.write(encode_line({"id": number, "do": do, "provider": name.provider, "model": name.model, **rest}))
        try:
            return await reply
        except asyncio.CancelledError:
            writer.write(encode_line({"id": number, "do": "cancel"}))
            raise
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """Close the connection."""
        if self._reading is not None:
            self._reading.cancel()
        if self._writer is not None:
            self._writer.close()

    async def _connected(self) -> Writer:
        self._connecting = self._connecting or asyncio.Lock()
        async with self._connecting:
            if self._writer is None:
                try:
                    reader, self._writer = await self._connect()
                except OSError as error:
                    raise RunEndedError(f"{GONE} ({error})") from error
                self._reading = asyncio.create_task(self._read(reader))
            if self._reading is not None and self._reading.done():
                raise RunEndedError(GONE)
            return self._writer

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while text := await reader.readline():
                message = json.loads(text)
                reply = self._waiting.get(message["id"])
                if reply is None or reply.done():
                    continue
                if "error" in message:
                    reply.set_exception(error_from_json(message["error"]))
                else:
                    reply.set_result(message["ok"])
        except (ConnectionError, ValueError):
            pass
        finally:
            for reply in self._waiting.values():
                if not reply.done():
                    reply.set_exception(RunEndedError(GONE))


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteModelClient(Prioritizable):
    """A model that the broker's process holds; implements Provider."""

    broker: BrokerClient
    name: ModelName
    model: str
    capabilities: ProviderCapabilities
    order: int = 0

    def prioritized(self, order: int) -> RemoteModelClient:
        """This client for the case with this order."""
        return replace(self, order=order)

    async def complete(self, request: Request) -> Completion:
        """Return the completion, from the broker. Raises ProviderError, and RunEndedError."""
        values = await self.broker.call("complete", self.name, order=self.order, request=request_to_json(request))
        return completion_from_json(values)

    async def close(self) -> None:
        """Do nothing: the broker closes the model."""
