"""The base class of providers that send JSON through an SDK client."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ...errors import ProviderError, TransientError
from ...types import Completion, Request, Usage
from .client import Client
from .parsing import answer_tokens, cut_at_stop, parse_logprobs, token_texts
from .refusals import Refusals, with_changes
from .server import Server
from .streaming import StreamAccumulator, accumulate

CUT_WARNING = "the response was cut at a stop text after it had come: the server went on, and those tokens count"


class BaseHTTPProvider(ABC):
    """One model on one server; one attempt per call, streamed or not."""

    modules: ClassVar[tuple[str, ...]] = ()  # that opening a provider imports
    _path: ClassVar[str]  # below the URL of the SDK client
    _accumulator: ClassVar[type[StreamAccumulator]]
    _stream_fields: ClassVar[Mapping[str, Any]] = {"stream": True}  # added to the body of a streamed request
    _server: Server
    _client: Client
    _refusals: Refusals
    model: str
    stream = False  # whether responses are streamed, so that the time to the first token is known

    async def complete(self, request: Request) -> Completion:
        """Return one completion by one attempt. Raises ProviderError; TransientError if a retry may succeed.

        A parameter that the server refuses is left out, and the request is sent again.
        """
        body = self._body(request)
        if self.stream:
            body |= self._stream_fields
        try:
            return await self._refusals.send(body, lambda adapted: self._attempt(adapted, request))
        except TransientError as error:
            raise self._client.with_hint(error) from error

    async def _attempt(self, body: dict[str, Any], request: Request) -> Completion:
        start_s = time.perf_counter()
        if not self.stream:
            response = await self._client.post(self._path, body, self._headers(body))
            return self._read(response, request, time.perf_counter() - start_s)
        events = self._client.events(self._path, body, self._headers(body))
        response, first_s = await accumulate(self._server, events, self._accumulator())
        completion = self._read(response, request, time.perf_counter() - start_s)
        return replace(completion, time_to_first_token_s=first_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    @abstractmethod
    def _body(self, request: Request) -> dict[str, Any]:
        """Return the JSON body of a request. Raises ProviderError if the API cannot express it."""

    def _headers(self, body: Mapping[str, Any]) -> dict[str, str] | None:
        """Return the headers that this body needs in addition to those of the client; None for none."""
        return None

    def body_in_batch(self, request: Request) -> dict[str, Any]:
        """Return the body of a request in a batch, without what the server refuses as far as is known."""
        return self._refusals.adapt(self._body(request)).body

    def read_in_batch(self, response: Mapping[str, Any], request: Request) -> Completion:
        """Return the completion in a response of a batch. Raises as `_read` does."""
        return with_changes(self._read(response, request, 0.0), self._refusals.adapt(self._body(request)))

    def error_in_batch(self, error: ProviderError, request: Request) -> ProviderError:
        """Return a TransientError for an error of a batch if the request may be accepted in another form."""
        return self._refusals.error_in_batch(error, self._body(request))

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
        reasoning: str | None = None,
        warnings: tuple[str, ...] = (),
        price_unknown: str = "",
    ) -> Completion:
        """Return a completion that ends before the first stop text of the request, even if the server goes on.

        `tokens` is OpenAI's list of tokens with their log-probabilities; it may begin with those of
        `reasoning`, which is not in `text`.
        """
        if reasoning is not None:
            tokens = answer_tokens(tokens, text)
        shortened, tokens = cut_at_stop(text, tokens, request.params.stop)
        if shortened != text:
            text, warnings = shortened, (*warnings, CUT_WARNING)
            reason = "stop" if reason == "length" else reason
        logprobs, top_logprobs = parse_logprobs(tokens, request.top_logprobs)
        return Completion(
            text=text,
            finish_reason=reason,
            usage=usage,
            latency_s=latency_s,
            model=response.get("model") or self.model,
            logprobs=logprobs,
            token_texts=token_texts(tokens) if request.token_logprobs else None,
            top_logprobs=top_logprobs,
            cost_usd=self._server.cost_usd,
            warnings=warnings,
            reasoning=reasoning,
            price_unknown=price_unknown,
        )
