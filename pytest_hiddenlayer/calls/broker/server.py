"""The broker: one process holds the models and serves the calls of all xdist workers.

Without it, each worker would load every model and know nothing of the others' calls. The
controller holds the models instead, with their limits, budget and cache, and serves the workers
over a socket that only this user can open. If a worker ends, only its own calls are cancelled.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from ...errors import ProviderError
from ...io.codecs import completion_to_json, request_from_json
from ...protocols import Provider, capabilities_of
from ...registry import providers
from ...types import ModelName
from ..cost.budget import Budget
from ..pool import ModelPool
from ..protocols import prioritized
from .protocol import MAX_MESSAGE_BYTES, encode_line, error_to_json
from .socket_folder import remove_abandoned
from .streams import Connect, Writer


class Models(Protocol):
    """What the broker uses of a `ModelPool`."""

    def opened(self, name: ModelName) -> Provider | None:
        """The provider of a model if it is open already, else None."""
        ...

    def provider(self, name: ModelName) -> Provider:
        """The open provider of a model. Raises what opening it raised. May take seconds."""
        ...

    def shared_budget(self) -> Budget | None:
        """The run's budget; None if it has none."""
        ...


class Broker:
    """Serves the models of a pool to other processes until closed."""

    def __init__(self, pool: ModelPool, path: Path) -> None:
        self._pool, self.path = pool, path
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start listening. Raises OSError if the system has no Unix sockets."""
        remove_abandoned(self.path.parent.parent)
        self.path.parent.mkdir(mode=0o700)
        self._server = self._pool.event_loop.run(self._listen())

    def close(self) -> None:
        """Stop listening. The pool stays open."""
        server, self._server = self._server, None
        try:
            if server is not None and not server.get_loop().is_closed():
                self._pool.event_loop.run(self._stop(server))
            elif server is not None:  # the models were closed, and with them what it served
                server.close()
        finally:
            shutil.rmtree(self.path.parent, ignore_errors=True)

    def serve(self, connect: Connect, pool: Models) -> None:
        """Serve the models of `pool` over one more connection, such as a channel to another computer."""

        async def connected() -> None:
            await self._connected(*await connect(), pool)

        self._pool.event_loop.start(connected())

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._connected, path=str(self.path), limit=MAX_MESSAGE_BYTES)

    async def _stop(self, server: asyncio.Server) -> None:
        server.close()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: Writer, pool: Models | None = None) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await _Connection(pool or self._pool, writer).serve(reader)
        finally:
            self._serving.discard(task)
            with suppress(OSError):
                writer.close()


class _Connection:
    """One worker's calls."""

    def __init__(self, pool: Models, writer: Writer) -> None:
        self._pool, self._writer = pool, writer
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._reserved = Decimal(0)  # by the worker, for calls that it makes itself

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Serve calls until the worker ends; then cancel those in flight."""
        try:
            while text := await reader.readline():
                message = json.loads(text)
                if message["do"] == "cancel":
                    if (call := self._calls.get(message["id"])) is not None:
                        call.cancel()
                else:
                    self._calls[message["id"]] = asyncio.create_task(self._answer(message))
        except (ConnectionError, ValueError):
            pass  # a killed worker may leave a partial line
        finally:
            for call in list(self._calls.values()):
                call.cancel()
            if self._reserved and (budget := self._pool.shared_budget()) is not None:
                budget.mark_unconfirmed(self._reserved)

    async def _answer(self, message: dict[str, Any]) -> None:
        number = message["id"]
        try:
            reply = {"ok": await self._result(message)}
        except Exception as error:  # the worker reports it, whatever it is
            reply = {"error": error_to_json(error)}
        finally:
            self._calls.pop(number, None)
        with suppress(ConnectionError):
            self._writer.write(encode_line({"id": number, **reply}))
            await self._writer.drain()

    async def _result(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["do"] in ("reserve", "commit", "hold"):
            return await self._settle(message)
        if message["provider"] not in providers.names():
            return {"model": None}  # registered by a conftest that only workers load
        provider = await self._provider(message)
        if message["do"] == "open":
            return {
                "model": provider.model,
                "supports_json_schema": capabilities_of(provider).supports_json_schema,
            }
        if message["do"] == "complete":
            client = prioritized(provider, message["order"])
            return completion_to_json(await client.complete(request_from_json(message["request"])))
        raise ProviderError(f"the broker does not know {message['do']!r}")

    async def _settle(self, message: dict[str, Any]) -> dict[str, Any]:
        """Reserve or settle an amount for a call that the worker makes itself. Raises BudgetExceededError."""
        budget = self._pool.shared_budget()
        if budget is None:
            raise ProviderError("this run has no budget")
        if message["do"] == "reserve":
            amount = await budget.reserve_in_turn(Decimal(message["amount"]), message["order"])
            self._reserved += amount
            return {"amount": str(amount)}
        reserved = Decimal(message["reserved"])
        self._reserved -= reserved
        if message["do"] == "hold":
            budget.mark_unconfirmed(reserved)
        else:
            budget.commit(reserved, None if message["cost"] is None else Decimal(message["cost"]))
        return {}

    async def _provider(self, message: dict[str, Any]) -> Provider:
        """The open model. Opening it may take seconds, so that it happens in another thread."""
        name = ModelName(provider=message["provider"], model=message["model"])
        opened = self._pool.opened(name)
        return opened if opened is not None else await asyncio.to_thread(self._pool.provider, name)
