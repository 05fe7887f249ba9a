"""Models of an Ollama server, through its own chat API; responses are streamed to measure the time to first token."""

from __future__ import annotations

import time
from typing import Any

from ..errors import ProviderError, TransientError
from ..protocols import ProviderCapabilities
from ..types import Completion, Request, Usage
from . import ollama_server
from .http.base_provider import CUT_WARNING
from .http.errors import clean
from .http.hints import rejection_hint
from .http.optional_parameters import OLLAMA
from .http.parsing import answer_tokens, chat_messages, count, cut_at_stop, finish_reason, parse_logprobs, token_texts
from .http.refusals import Refusals
from .http.server import require_sdk, validate_model
from .http.streaming import check_number_of_logprobs
from .ollama_server import context_size

MAX_TOKENS = 1024  # default of new tokens: some models never stop
MAX_THINKING_TOKENS = 4096  # the same for a model that thinks: its thoughts count
KEEP_ALIVE = "10m"  # how long the server keeps the model loaded after a call


class OllamaProvider:
    """One model of an Ollama server; one attempt per call. The price of cloud models is unknown."""

    local = True

    def __init__(self, model: str | None = None, *, base_url: str | None = None, send_key: bool = True) -> None:
        require_sdk("ollama", "ollama", "httpx", "aiohttp")
        self._server = ollama_server.find_server(model, base_url, send_key=send_key)
        self._context, thinks = ollama_server.show_model(self._server)
        self._max_tokens = MAX_THINKING_TOKENS if thinks else MAX_TOKENS
        self._refusals = Refusals(OLLAMA)
        self.model = self._server.model
        self.capabilities = ProviderCapabilities(
            endpoint=self._server.url,
            fingerprint=self._server.fingerprint,  # changes if `ollama pull` brings other weights
            concurrency=(4, 32),  # a server answers a few calls at once and queues the others
            deterministic=True,
            supports_json_schema=True,
        )
        self._num_ctx = 0  # the largest so far: the server reloads the model if the size changes
        self._streams = True
        self._client: Any = None

    @classmethod
    def check(cls, model: str | None) -> None:
        """Raise UsageError for an invalid model name."""
        validate_model(model, "ollama")

    async def complete(self, request: Request) -> Completion:
        """Return one completion by one attempt. Raises ProviderError; TransientError if a retry may succeed."""
        return await self._refusals.send(self._arguments(request), lambda adapted: self._attempt(adapted, request))

    async def _attempt(self, arguments: dict[str, Any], request: Request) -> Completion:
        if self._client is None:
            self._client = self._open()
        start_s = time.perf_counter()
        accumulator = _Accumulator(start_s)
        try:
            response = await self._client.chat(**arguments)
            if self._streams:
                async for chunk in response:
                    accumulator.add(chunk)
            else:
                accumulator.add(response)
        except ProviderError:
            raise
        except Exception as error:  # errors of the SDK, and of pydantic and JSON for a malformed body
            raise self._unwrap_error(error) from None
        return self._completion(accumulator, request, time.perf_counter() - start_s)

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _arguments(self, request: Request) -> dict[str, Any]:
        params = request.params
        max_tokens = params.max_tokens or self._max_tokens
        self._num_ctx = max(self._num_ctx, context_size(request.messages, max_tokens, self._context))
        options = {
            "seed": request.seed,
            "num_ctx": self._num_ctx,
            "num_predict": max_tokens,
            "temperature": params.temperature,
            "top_p": params.top_p,
            "stop": list(params.stop) if params.stop else None,
        }
        arguments: dict[str, Any] = {
            "model": self.model,
            "messages": chat_messages(request),
            "stream": self._streams,
            "keep_alive": KEEP_ALIVE,
            "options": {name: value for name, value in options.items() if value is not None},
        }
        if request.token_logprobs:
            arguments["logprobs"] = True
        if request.top_logprobs:
            arguments |= {"logprobs": True, "top_logprobs": min(request.top_logprobs, 20)}
        if params.reasoning_effort is not None:
            arguments["think"] = _think(params.reasoning_effort)
        if request.schema is not None:
            arguments["format"] = dict(request.schema)
        return arguments

    def _completion(self, accumulator: _Accumulator, request: Request, latency_s: float) -> Completion:
        end = accumulator.end
        if end is None:
            raise TransientError(f"{self._server.subject}: the response ended before it was complete", status=200)
        if end.get("done_reason") == "load":
            raise ProviderError(f"{self._server.subject}: the server only loaded the model: the messages are empty")
        whole, reason = "".join(accumulator.texts), finish_reason(end.get("done_reason"))
        tokens = answer_tokens(accumulator.tokens, whole) if accumulator.thoughts else accumulator.tokens
        text, tokens = cut_at_stop(whole, tokens, request.params.stop)
        logprobs, top_logprobs = parse_logprobs(tokens, request.top_logprobs)
        return Completion(
            text=text,
            finish_reason="stop" if text != whole and reason == "length" else reason,
            usage=Usage(
                input_tokens=count(end, "prompt_eval_count"), output_tokens=count(end, "eval_count"), calls=1
            ),
            latency_s=latency_s,
            model=end.get("model") or self.model,
            logprobs=logprobs,
            token_texts=token_texts(tokens) if request.token_logprobs else None,
            top_logprobs=top_logprobs,
            cost_usd=None if self.model.endswith("cloud") else self._server.cost_usd,
            time_to_first_token_s=accumulator.first_s if self._streams else None,
            warnings=() if text == whole else (CUT_WARNING,),
            reasoning="".join(accumulator.thoughts) or None,
        )

    def _open(self) -> Any:
        import httpx
        from ollama import AsyncClient

        from .http.transport import Transport

        transport = Transport(httpx, self._server, _hint)
        return AsyncClient(self._server.url, follow_redirects=False, transport=transport)

    def _unwrap_error(self, error: Exception) -> ProviderError:
        reason = clean(f"{type(error).__name__}: {error}", self._server.key)
        if type(error).__name__ == "ResponseError":  # an error in the middle of a stream
            return TransientError(f"{self._server.subject}: {reason}", status=200)
        return TransientError(f"{self._server.subject}: HTTP 200 without a valid response: {reason}", status=200)


class _Accumulator:
    """Combines the chunks of one response."""

    def __init__(self, start_s: float) -> None:
        self._start_s = start_s
        self.texts: list[str] = []
        self.tokens: list[Any] = []
        self.n_logprobs = 0  # of the tokens, alternatives included
        self.thoughts: list[str] = []  # if there are any, `tokens` begins with theirs
        self.first_s: float | None = None  # seconds to the first text
        self.end: dict[str, Any] | None = None  # the last chunk, with finish reason and token counts

    def add(self, chunk: Any) -> None:
        """Add the next chunk, or the whole response."""
        text = chunk.message.content or ""
        if text and self.first_s is None:
            self.first_s = time.perf_counter() - self._start_s
        self.texts.append(text)
        if chunk.message.thinking:
            self.thoughts.append(chunk.message.thinking)
        self.n_logprobs += sum(1 + len(token.top_logprobs or ()) for token in chunk.logprobs or ())
        check_number_of_logprobs(self.n_logprobs)
        self.tokens.extend(token.model_dump() for token in chunk.logprobs or ())
        if chunk.done:
            self.end = chunk.model_dump(exclude={"message", "logprobs"})


def _think(effort: str) -> bool | str:
    """Return Ollama's `think` for a reasoning effort: false, or one of its three levels."""
    if effort == "none":
        return False
    return {"minimal": "low", "xhigh": "high", "max": "high"}.get(effort, effort)


def _hint(status: int, body: str) -> str:
    return "pull the model with `ollama pull MODEL`" if status == 404 else rejection_hint(status, body)
