"""The models that a host answers with: clients of the controller, whose attempts the host makes."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from ....calls.broker.protocol import error_from_json
from ....calls.client import ModelClient
from ....calls.cost.budget import Budget
from ....calls.factory import answers_locally, base_url
from ....calls.pool import ModelPool
from ....errors import HiddenLayerError, ProviderError
from ....io.codecs import completion_from_json, request_to_json
from ....options import RunOptions
from ....protocols import Provider, ProviderCapabilities
from ....registry import providers
from ....types import Completion, ModelName, Request

OPEN_S = 600.0
"""Seconds within which a host has to open a model: it may load gigabytes."""


class AgentCalls:
    """Calls to a host's agent, and those that wait for its reply."""

    def __init__(self, send: Callable[[tuple[Any, ...]], None], host: str) -> None:
        self._send, self._host = send, host
        self._numbers = count()
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._closed = False

    def call(self, kind: str, *values: Any) -> tuple[int, Future[dict[str, Any]]]:
        """Return (number of the call, its future reply). The future raises ProviderError if the host is lost."""
        number, reply = next(self._numbers), Future[dict[str, Any]]()
        self._waiting[number] = reply
        try:
            self._send((kind, number, *values))
        except OSError:
            self._closed = True
        if self._closed:
            self.close()
        return number, reply

    def cancel(self, number: int) -> None:
        """Have the host cancel a call."""
        self._waiting.pop(number, None)
        if not self._closed:
            self._send(("cancel", number))

    def on_reply(self, number: int, text: str) -> None:
        """Take a reply of the host."""
        if (reply := self._waiting.pop(number, None)) is not None and not reply.cancelled():
            reply.set_result(json.loads(text))

    def on_error(self, number: int, text: str) -> None:
        """Take an error of the host."""
        if (reply := self._waiting.pop(number, None)) is not None and not reply.cancelled():
            reply.set_exception(error_from_json(json.loads(text)))

    def close(self) -> None:
        """Fail all calls that wait: the host is lost."""
        self._closed = True
        while self._waiting:
            _, reply = self._waiting.popitem()
            if not reply.done():
                reply.set_exception(ProviderError(f"host {self._host} is lost"))


@dataclass(frozen=True, kw_only=True, slots=True)
class HostProvider:
    """A model that a host holds; implements Provider."""

    agent: AgentCalls
    name: ModelName
    model: str
    capabilities: ProviderCapabilities

    async def complete(self, request: Request) -> Completion:
        """Return the completion of one attempt on the host. Raises ProviderError."""
        text = json.dumps(request_to_json(request))
        number, reply = self.agent.call("complete", self.name.provider, self.name.model, text)
        try:
            values: dict[str, Any] = await asyncio.wrap_future(reply)
            return completion_from_json(values)
        except asyncio.CancelledError:
            self.agent.cancel(number)
            raise


@dataclass(kw_only=True, slots=True)
class HostModels:
    """The models for the workers of one host: its own, and those of the controller."""

    shared: ModelPool
    options: RunOptions
    agent: AgentCalls
    own: dict[ModelName, ModelClient | HiddenLayerError] = field(default_factory=dict)
    local: dict[ModelName, bool] = field(default_factory=dict)  # whether the host answers with a model itself
    opening: threading.RLock = field(default_factory=threading.RLock)

    @property
    def concurrency(self) -> int:
        """The highest number of calls that one of the models may have in flight now; 0 before one is open."""
        own = [client.bound for client in list(self.own.values()) if isinstance(client, ModelClient)]
        return max([self.shared.concurrency, *own])

    def opened(self, name: ModelName) -> Provider | None:
        """The client of a model if it is open already, else None."""
        if not self._is_own(name):
            return self.shared.opened(name)
        found = self.own.get(name)
        return None if isinstance(found, HiddenLayerError) else found

    def provider(self, name: ModelName) -> Provider:
        """The client of a model. If opening it failed, every call raises that error again."""
        if not self._is_own(name):
            return self.shared.provider(name)
        with self.opening:
            if name not in self.own:
                try:
                    self.own[name] = self._open(name)
                except HiddenLayerError as error:
                    self.own[name] = error
            found = self.own[name]
        if isinstance(found, HiddenLayerError):
            raise found.with_traceback(None)
        return found

    def shared_budget(self) -> Budget | None:
        """The run's budget; None if it has none."""
        return self.shared.shared_budget()

    def _is_own(self, name: ModelName) -> bool:
        if name not in self.local:
            self.local[name] = name.provider in providers.names() and answers_locally(name, self.options)
        return self.local[name]

    def _open(self, name: ModelName) -> ModelClient:
        _, reply = self.agent.call("open", name.provider, name.model, base_url(name.provider, self.options))
        values = reply.result(timeout=OPEN_S)
        declared = values["capabilities"]
        declared["concurrency"] = tuple(declared["concurrency"])
        provider = HostProvider(
            agent=self.agent, name=name, model=values["model"], capabilities=ProviderCapabilities(**declared)
        )
        return self.shared.client_for(name, provider)
