"""The base class of providers that send JSON through an SDK client."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ...types import Completion, Request, Usage
from .client import Client
from .parsing import parse_logprobs
from .server import Server
from .streaming import StreamAccumulator, accumulate


class BaseHTTPProvider(ABC):
    """One model on one server; one attempt per call, streamed or not."""

    _path: ClassVar[str]  # below the URL of the SDK client
    _accumulator: ClassVar[type[StreamAccumulator]]
    _stream_fields: ClassVar[Mapping[str, Any]] = {"stream": True}  # added to the body of a streamed request
    _server: Server
    _client: Client
    model: str
    stream = False  # whether responses are streamed, so that the time to the first token is known

    async def complete(self, request: Request) -> Completion:
        """Return one completion by one attempt. Raises ProviderError; TransientError if a retry may succeed."""
        start_s = time.perf_counter()
        body, headers = self._body(request), self._headers(request)
        if not self.stream:
            response = await self._client.post(self._path, body, headers)
            return self._read(response, request, time.perf_counter() - start_s)
        events = self._client.events(self._path, {**body, **self._stream_fields}, headers)
        response, first_s = await accumulate(self._server, events, self._accumulator())
        completion = self._read(response, request, time.perf_counter() - start_s)
        return replace(completion, time_to_first_token_s=first_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    @abstractmethod
    def _body(self, request: Request) -> dict[str, Any]:
        """Return the JSON body of a request. Raises ProviderError if the API cannot express it."""

    def _headers(self, request: Request) -> dict[str, str] | None:
        """Return the headers that this request needs in addition to those of the client; None for none."""
        return None

    @abstractmethod
    def _read(self, response: Mapping[str, Any], request: Request, latency_s: float) -> Completion:
        """Return the completion in a response, single or of a batch. Raises TransientError if it is malformed."""

    def _completion(
        self,
        response: Mapping[str, Any],
        request: Request,
        latency_s: float,
        *,
        text: str,
        reason: str,
        usage: Usage,
        tokens: Sequence[Mapping[str, Any]] | None = None,
    ) -> Completion:
        """Return a completion; `tokens` is OpenAI's list of tokens with their log-probabilities."""
        logprobs, top_logprobs = parse_logprobs(tokens, request.top_logprobs)
        return Completion(
            text=text,
            finish_reason=reason,
            usage=usage,
            latency_s=latency_s,
            model=response.get("model") or self.model,
            logprobs=logprobs,
            top_logprobs=top_logprobs,
            cost_usd=self._server.cost_usd,
        )
