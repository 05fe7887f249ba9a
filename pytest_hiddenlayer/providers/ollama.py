"""Models of an Ollama server, by its own chat API; streamed, which tells the time to the first token."""

from __future__ import annotations

import time
from typing import Any

from ..errors import ProviderError, TransientError
from ..protocols import ProviderCapabilities
from ..types import Completion, Request, Usage
from . import ollama_server
from .http.errors import clean
from .http.parsing import chat, count, finish_reason, probabilities
from .http.server import checked_model, require_sdk
from .ollama_server import room

MAX_TOKENS = 1024  # new tokens, where nobody says otherwise: some models never end
KEEP_ALIVE = "10m"  # that the server holds the model after a call


class OllamaProvider:
    """One model of an Ollama server; one attempt a call. The price of the cloud's models is unknown here."""

    def __init__(self, model: str | None = None, *, base_url: str | None = None, send_key: bool = True) -> None:
        require_sdk("ollama", "ollama", "httpx", "aiohttp")
        self._server = ollama_server.find(model, base_url, send_key=send_key)
        self._context = ollama_server.context_length(self._server)
        self.model = self._server.model
        self.capabilities = ProviderCapabilities(
            endpoint=self._server.url,
            fingerprint=self._server.fingerprint,  # changes if `ollama pull` brings other weights
            concurrency=(4, 32),  # a server answers a few calls at once and queues the others
            deterministic=True,
            supports_json_schema=True,
        )
        self._num_ctx = 0  # the largest so far: a server loads the model anew for each other size
        self._streams = True
        self._client: Any = None

    @classmethod
    def check(cls, model: str | None) -> None:
        """Raise UsageError for a name that no model has."""
        checked_model(model, "ollama")

    async def complete(self, request: Request) -> Completion:
        """One completion by one attempt. Raises ProviderError; TransientError where asking again may help."""
        if self._client is None:
            self._client = self._open()
        began = time.perf_counter()
        heard = _Heard(began)
        try:
            answer = await self._client.chat(**self._arguments(request))
            if self._streams:
                async for part in answer:
                    heard.add(part)
            else:
                heard.add(answer)
        except ProviderError:
            raise
        except Exception as error:  # the client's own errors, and what pydantic and JSON make of a broken body
            raise self._meant(error) from None
        return self._completion(heard, request, time.perf_counter() - began)

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _arguments(self, request: Request) -> dict[str, Any]:
        params = request.params
        most = params.max_tokens or MAX_TOKENS
        self._num_ctx = max(self._num_ctx, room(request.messages, most, self._context))
        options = {
            "seed": request.seed,
            "num_ctx": self._num_ctx,
            "num_predict": most,
            "temperature": params.temperature,
            "top_p": params.top_p,
            "stop": list(params.stop) if params.stop else None,
        }
        arguments: dict[str, Any] = {
            "model": self.model,
            "messages": chat(request),
            "stream": self._streams,
            "keep_alive": KEEP_ALIVE,
            "options": {name: value for name, value in options.items() if value is not None},
        }
        if request.top_logprobs:
            arguments |= {"logprobs": True, "top_logprobs": min(request.top_logprobs, 20)}
        if request.schema is not None:
            arguments["format"] = dict(request.schema)
        return arguments

    def _completion(self, heard: _Heard, request: Request, latency_s: float) -> Completion:
        end = heard.end
        if end is None:
            raise TransientError(f"{self._server.subject}: the answer ended before it was complete", status=200)
        if end.get("done_reason") == "load":
            raise ProviderError(f"{self._server.subject}: it only loaded the model: the messages are empty")
        logprobs, top = probabilities(heard.tokens, request.top_logprobs)
        return Completion(
            text="".join(heard.texts),
            finish_reason=finish_reason(end.get("done_reason")),
            usage=Usage(
                input_tokens=count(end, "prompt_eval_count"), output_tokens=count(end, "eval_count"), calls=1
            ),
            latency_s=latency_s,
            model=end.get("model") or self.model,
            logprobs=logprobs,
            top_logprobs=top,
            cost_usd=None if self.model.endswith("cloud") else self._server.cost_usd,
            time_to_first_token_s=heard.first_s if self._streams else None,
        )

    def _open(self) -> Any:
        import httpx
        from ollama import AsyncClient

        from .http.transport import Transport

        transport = Transport(httpx, self._server, _hint)
        return AsyncClient(self._server.url, follow_redirects=False, transport=transport)

    def _meant(self, error: Exception) -> ProviderError:
        said = clean(f"{type(error).__name__}: {error}", self._server.key)
        if type(error).__name__ == "ResponseError":  # an error in the middle of a stream
            return TransientError(f"{self._server.subject}: {said}", status=200)
        return TransientError(f"{self._server.subject}: HTTP 200 without an answer: {said}", status=200)


class _Heard:
    """What came of an answer so far."""

    def __init__(self, began: float) -> None:
        self._began = began
        self.texts: list[str] = []
        self.tokens: list[Any] = []
        self.first_s: float | None = None  # seconds to the first text
        self.end: dict[str, Any] | None = None  # the last part, with reason and counts

    def add(self, part: Any) -> None:
        """Take the next part, or the whole."""
        text = part.message.content or ""
        if text and self.first_s is None:
            self.first_s = time.perf_counter() - self._began
        self.texts.append(text)
        self.tokens.extend(token.model_dump() for token in part.logprobs or ())
        if part.done:
            self.end = part.model_dump(exclude={"message", "logprobs"})


def _hint(status: int, body: str) -> str:
    return "pull the model with `ollama pull MODEL`" if status == 404 else ""
