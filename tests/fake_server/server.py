"""A minimal HTTP/1.1 server: cheap, and able to break a connection at any byte."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .batches import PATHS, Batches
from .faults import draw, fault
from .replies import Reply, answer, last_text

ACCEPT_ITERATIONS = 5  # of the event loop: asyncio leaks a connection if its server closes while it is accepted


@dataclass(frozen=True)
class Config:
    """How the server behaves."""

    port: int = 0  # 0: a free one
    latency_s: float = 0.0  # before every response, faulty ones included
    faults: Mapping[str, float] = field(default_factory=dict)  # kind → share of the requests; drawn per attempt
    retry_after: str | None = None  # value of the header with 429 and 503
    most_in_flight: int | None = None  # more requests in flight get 429
    key: str | None = None  # a request with another key gets 401, and the message repeats that key
    models: tuple[str, ...] = ("fake-1",)
    digest: str = "0" * 64  # of the weights of every model, as in Ollama's /api/tags and in /v1/models
    context: int = 8192  # tokens, as in Ollama's /api/show
    batches: bool = True  # whether the batch endpoints exist
    batch_s: float = 0.0  # from the creation of a batch to its end
    batch_refused: str | None = None  # message with which every whole batch is rejected
    batch_faults: Mapping[str, float] = field(default_factory=dict)  # as `faults`, for GET requests about batches
    make_s: float = 0.0  # before a POST that creates a file or a batch is handled
    refuse: Callable[[str, Mapping[str, Any]], Reply | None] | None = (
        None  # (path, body) → a refusal; see conformance
    )
    write: Callable[[str, Mapping[str, Any]], str] | None = None  # (prompt, body) → the text of the answer
    lose_batches: int = 0  # so many first batches are created, but the connection breaks before the response


@dataclass
class Stats:
    """What the server has received so far."""

    requests: int = 0  # without those that only read
    in_flight: int = 0
    max_in_flight: int = 0
    connections: int = 0
    statuses: Counter[str] = field(default_factory=Counter)  # "drop" if the connection was closed
    attempts: Counter[str] = field(default_factory=Counter)  # by the last message
    last: dict[str, Any] = field(default_factory=dict)  # path, headers, body
    first_s: float = 0.0  # when the first prompt arrived, on the clock of this process
    last_s: float = 0.0  # when the last response to a prompt was sent
    batches: list[int] = field(default_factory=list)  # number of requests per batch
    batch_calls: Counter[str] = field(default_factory=Counter)  # method and path; not counted in `requests`


class Server:
    """Listens on a port of 127.0.0.1 between `start` and `stop`."""

    def __init__(self, config: Config) -> None:
        self.config, self.stats = config, Stats()
        self.batches = Batches(config, self.stats)
        self.open: set[asyncio.Transport] = set()
        self.finished = asyncio.Event()

    async def start(self) -> int:
        """Start to listen and return the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self.config.port, backlog=4096
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Close every connection."""
        for _ in range(ACCEPT_ITERATIONS):
            await asyncio.sleep(0)
        self._server.close()
        for transport in list(self.open):
            transport.abort()
        await asyncio.sleep(0)  # the transports close their sockets in the next iteration of the loop


class _Connection(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self._config, self._stats, self._open = server.config, server.stats, server.open
        self._batches, self._finished = server.batches, server.finished
        self._received = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(transport)
        self._stats.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self._transport)
        for task in self._tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self._received = rest[length:]
        task = asyncio.get_running_loop().create_task(self._answer(*first.split()[:2], headers, rest[:length]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> None:
        stats = self._stats
        if path == "/stats":
            reported = {name: value for name, value in vars(stats).items() if name != "attempts"}
            return self._write(Reply(json.dumps(reported).encode()))
        if path == "/finish":
            self._batches.waits_s = 0.0
            self._finished.set()
            return self._write(Reply(b"{}"))
        if method == "POST" and path.removeprefix("/v1").startswith(PATHS):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._finished.wait(), self._config.make_s)
        if (reply := self._batch_reply(method, path, headers, raw)) is not None:
            return self._write(reply)
        body = json.loads(raw) if raw else {}
        stats.last = {"path": path, "headers": headers, "body": body}
        stats.requests += method != "GET"
        stats.in_flight += 1
        stats.max_in_flight = max(stats.max_in_flight, stats.in_flight)
        stats.first_s = stats.first_s or time.monotonic()
        try:
            reply = self._reply(path.partition("?")[0], headers, body)
            if self._config.latency_s:
                await asyncio.sleep(self._config.latency_s)
        finally:
            stats.in_flight -= 1
            stats.last_s = time.monotonic()
        stats.statuses["drop" if reply.drop else str(reply.status)] += 1
        if reply.pause_s:
            await self._trickle(reply)
        else:
            self._write(reply)

    def _batch_reply(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Reply | None:
        if not path.removeprefix("/v1").startswith(PATHS):
            return None
        key = _key(headers)
        if self._config.key not in (None, key):
            return fault("401", self._config.retry_after, key, path)
        return self._batches.answer(method, path, headers, raw)

    def _reply(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Reply:
        config, prompt = self._config, last_text(body)
        key = _key(headers)
        if config.key is not None and key != config.key:
            return fault("401", config.retry_after, key, path)
        if config.most_in_flight is not None and self._stats.in_flight > config.most_in_flight:
            return fault("429", config.retry_after, key, path)
        if prompt:
            self._stats.attempts[prompt] += 1
            kind = draw(prompt, self._stats.attempts[prompt], config.faults)
            if kind is not None:
                return fault(
                    kind, config.retry_after, key, path, whole=lambda: answer(path, body, config, prompt).body
                )
        return answer(path, body, config, prompt)

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
