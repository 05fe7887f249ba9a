"""HTTP/1.1 by hand, so that it is cheap and can break off anywhere."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .batches import PATHS, Batches
from .faults import draw, fault
from .replies import Reply, answer, last_text


@dataclass(frozen=True)
class Config:
    """How the stand-in behaves."""

    latency_s: float = 0.0  # before every answer, faults included
    faults: Mapping[str, float] = field(default_factory=dict)  # kind → share of the requests, each attempt drawn anew
    retry_after: str | None = None  # the header's value with 429 and 503
    most_in_flight: int | None = None  # above it: 429
    key: str | None = None  # any other is answered 401, which repeats what came
    models: tuple[str, ...] = ("standin-1",)
    digest: str = "0" * 64  # of every model's weights, as Ollama's /api/tags tells it
    context: int = 8192  # tokens, as Ollama's /api/show tells it
    batches: bool = True  # whether there are batch endpoints
    batch_s: float = 0.0  # from a batch's making to its end
    batch_refused: str | None = None  # what every batch is refused with as a whole
    batch_faults: Mapping[str, float] = field(default_factory=dict)  # as `faults`, of looking at batches
    make_s: float = 0.0  # before a request that makes something of a batch is looked at
    lose_batches: int = 0  # the first batches are made, and the connection breaks off before that is told


@dataclass
class Seen:
    """What was asked so far."""

    requests: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    connections: int = 0
    statuses: Counter[str] = field(default_factory=Counter)  # "drop" where the connection was broken off
    attempts: Counter[str] = field(default_factory=Counter)  # by the last message
    last: dict[str, Any] = field(default_factory=dict)  # path, headers, body
    first_s: float = 0.0  # when the first prompt came, on this process's clock
    last_s: float = 0.0  # when the last answer to one went
    batches: list[int] = field(default_factory=list)  # requests of each batch
    batch_calls: Counter[str] = field(default_factory=Counter)  # method and path, which are not counted above


class Server:
    """Listens on a free port of loopback between `start` and `end`."""

    def __init__(self, config: Config) -> None:
        self.config, self.seen = config, Seen()
        self.batches = Batches(config, self.seen)
        self.open: set[asyncio.Transport] = set()
        self.finished = asyncio.Event()

    async def start(self) -> int:
        """Listen. The port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=4096)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def end(self) -> None:
        """Break every connection off."""
        self._server.close()
        for transport in list(self.open):
            transport.abort()
        await asyncio.sleep(0)  # the transports close their sockets in the loop's next round


class _Connection(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self._config, self._seen, self._open = server.config, server.seen, server.open
        self._batches, self._finished = server.batches, server.finished
        self._got = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(transport)
        self._seen.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self._transport)
        for task in self._tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, rest = self._got.partition(b"\r\n\r\n")
        if not end:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self._got = rest[length:]
        task = asyncio.get_running_loop().create_task(self._answer(*first.split()[:2], headers, rest[:length]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> None:
        seen = self._seen
        if path == "/stats":
            told = {name: value for name, value in vars(seen).items() if name != "attempts"}
            return self._write(Reply(json.dumps(told).encode()))
        if path == "/finish":
            self._batches.waits_s = 0.0
            self._finished.set()
            return self._write(Reply(b"{}"))
        if method == "POST" and path.removeprefix("/v1").startswith(PATHS):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._finished.wait(), self._config.make_s)
        if (reply := self._of_batches(method, path, headers, raw)) is not None:
            return self._write(reply)
        body = json.loads(raw) if raw else {}
        seen.last = {"path": path, "headers": headers, "body": body}
        seen.requests += 1
        seen.in_flight += 1
        seen.max_in_flight = max(seen.max_in_flight, seen.in_flight)
        seen.first_s = seen.first_s or time.monotonic()
        try:
            reply = self._reply(path, headers, body)
            if self._config.latency_s:
                await asyncio.sleep(self._config.latency_s)
        finally:
            seen.in_flight -= 1
            seen.last_s = time.monotonic()
        seen.statuses["drop" if reply.drop else str(reply.status)] += 1
        if reply.pause_s:
            await self._trickle(reply)
        else:
            self._write(reply)

    def _of_batches(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Reply | None:
        if not path.removeprefix("/v1").startswith(PATHS):
            return None
        key = _key(headers)
        if self._config.key not in (None, key):
            return fault("401", self._config.retry_after, key, path)
        return self._batches.answer(method, path, headers, raw)

    def _reply(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Reply:
        config, said = self._config, last_text(body)
        key = _key(headers)
        if config.key is not None and key != config.key:
            return fault("401", config.retry_after, key, path)
        if config.most_in_flight is not None and self._seen.in_flight > config.most_in_flight:
            return fault("429", config.retry_after, key, path)
        if said:
            self._seen.attempts[said] += 1
            kind = draw(said, self._seen.attempts[said], config.faults)
            if kind is not None:
                return fault(kind, config.retry_after, key, path, whole=lambda: answer(path, body, config, said).body)
        return answer(path, body, config, said)

    def _write(self, reply: Reply) -> None:
        if reply.drop:
            if reply.cut is not None:
                self._transport.write(reply.head() + reply.body[: reply.cut])
                self._transport.close()
            else:
                self._transport.abort()
            return
        self._transport.write(reply.head() + reply.body)

    async def _trickle(self, reply: Reply) -> None:
        self._transport.write(reply.head())
        for byte in reply.body:
            self._transport.write(bytes([byte]))
            await asyncio.sleep(reply.pause_s)


def _key(headers: Mapping[str, str]) -> str:
    return headers.get("authorization", "").removeprefix("Bearer ") or headers.get("x-api-key", "")
