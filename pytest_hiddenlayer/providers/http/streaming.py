"""Streamed responses, accumulated into the response that the same server sends without streaming.

A server without streaming sends the whole response at once; it is returned unchanged.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from ...errors import ProviderError, TransientError
from .errors import error_in_response, error_of, require_format
from .parsing import logprob_tokens, text_of, thoughts_of
from .server import Server

Event = Mapping[str, Any]


class StreamAccumulator(Protocol):
    """Combines the events of one response."""

    response: dict[str, Any] | None  # None until it is complete

    def add(self, event: Event) -> bool:
        """Add an event. Returns whether it has text."""
        ...


async def accumulate(
    server: Server, events: AsyncGenerator[dict[str, Any]], accumulator: StreamAccumulator
) -> tuple[dict[str, Any], float | None]:
    """Return (the response, seconds to its first text; None if no event has text).

    Raises TransientError if the stream ends early or has another format, and the exception for an
    error within the stream.
    """
    first_s, start_s = None, time.perf_counter()
    async with aclosing(events):
        async for event in events:
            error = None if event.get("object") == "response" else error_of(event)
            if error is not None:
                raise error_in_response(server, error)
            with require_format(server, "event", event):
                has_text = accumulator.add(event)
            if has_text and first_s is None:
                first_s = time.perf_counter() - start_s
    if accumulator.response is None:
        raise TransientError(f"{server.subject}: the stream ended before the response was complete", status=200)
    return accumulator.response, first_s


MAX_CHARS = 4_000_000
"""Of the texts of one streamed answer."""
MAX_LOGPROBS = 250_000
"""Of the tokens of one streamed answer, alternatives included."""
MAX_BLOCKS = 1000


class _Pieces:
    """Texts that arrive in pieces. They are joined at the end: adding them up one by one takes quadratic time."""

    def __init__(self) -> None:
        self._texts: dict[Any, list[str]] = {}
        self._n_chars = 0

    def add(self, name: Any, text: str) -> None:
        """Add a piece to a text. Raises ProviderError if all texts together are too long."""
        self._n_chars += len(text)
        if self._n_chars > MAX_CHARS:
            raise ProviderError(f"the streamed answer is longer than {MAX_CHARS:,} characters: lower max_tokens")
        self._texts.setdefault(name, []).append(text)

    def joined(self) -> dict[Any, str]:
        """Return the texts by name."""
        return {name: "".join(texts) for name, texts in self._texts.items()}


def check_number_of_logprobs(n: int) -> None:
    """Raise ProviderError if a stream has too many log-probabilities."""
    if n > MAX_LOGPROBS:
        raise ProviderError(f"the streamed answer has more than {MAX_LOGPROBS:,} log-probabilities: lower max_tokens")


def _without_other_fields(token: Mapping[str, Any]) -> dict[str, Any]:
    """Return a token with what is used of it, so that a stream holds nothing else in memory."""
    tops = [{name: top.get(name) for name in ("token", "logprob")} for top in token.get("top_logprobs") or ()]
    return {**{name: token.get(name) for name in ("token", "logprob", "bytes")}, "top_logprobs": tops}


_TEXTS = ("content", "refusal", "reasoning_content", "reasoning")
_KEPT = ("model", "usage", "service_tier")  # fields of chunks that the whole response has too


class ChatAccumulator:
    """Combines the `chat.completion.chunk` events of chat completions; the last has the usage and no choice."""

    def __init__(self) -> None:
        self.response: dict[str, Any] | None = None
        self._message = _Pieces()
        self._logprobs: list[Any] = []
        self._n_logprobs = 0  # alternatives included
        self._fields: dict[str, Any] = {}

    def add(self, event: Event) -> bool:
        """See `StreamAccumulator.add`."""
        self._fields.update({name: event[name] for name in _KEPT if event.get(name)})
        choice = next(iter(event.get("choices") or ()), None)
        if choice is None:
            self._complete()
            return False
        if "message" in choice:  # a server without streaming
            self.response = dict(event)
            return False
        delta = choice.get("delta") or {}
        logprobs = logprob_tokens(choice.get("logprobs")) or ()
        self._add_logprobs(logprobs)
        updated = [name for name in ("content", "refusal") if text_of(delta.get(name))]
        for name in updated:
            self._message.add(name, text_of(delta[name]))
        reasoning = [name for name in ("reasoning_content", "reasoning") if isinstance(delta.get(name), str)]
        for name in reasoning:
            self._message.add(name, delta[name])
        self._message.add("reasoning", thoughts_of(delta.get("content")) or "")
        if choice.get("finish_reason") is not None:
            self._fields["finish_reason"] = choice["finish_reason"]
            self._complete()
        return bool(updated or (logprobs and not any(delta[name] for name in reasoning)))

    def _add_logprobs(self, tokens: Sequence[Event]) -> None:
        self._n_logprobs += sum(1 + len(token.get("top_logprobs") or ()) for token in tokens)
        check_number_of_logprobs(self._n_logprobs)
        self._logprobs += map(_without_other_fields, tokens)

    def _complete(self) -> None:
        if "finish_reason" not in self._fields:
            return
        texts = self._message.joined()
        choice = {
            "message": {name: texts.get(name) or None for name in _TEXTS},
            "logprobs": {"content": self._logprobs} if self._logprobs else None,
            "finish_reason": self._fields["finish_reason"],
        }
        self.response = {"choices": [choice], **{name: self._fields.get(name) for name in _KEPT}}


class ResponsesAccumulator:
    """Keeps the last event of the responses API, which has the whole response."""

    _FINAL = ("response.completed", "response.incomplete", "response.failed")

    def __init__(self) -> None:
        self.response: dict[str, Any] | None = None

    def add(self, event: Event) -> bool:
        """See `StreamAccumulator.add`."""
        kind = event.get("type")
        if event.get("object") == "response" or kind in self._FINAL:
            self.response = dict(event.get("response") or event)
        return kind in ("response.output_text.delta", "response.refusal.delta")


_BLOCK = ("type", "text", "thinking")  # fields of a block that are used
_MAX_COUNTS = 100  # in one usage


class MessagesAccumulator:
    """Combines the events of Anthropic's messages: `message_start`, content blocks, `message_delta`."""

    def __init__(self) -> None:
        self.response: dict[str, Any] | None = None
        self._fields: dict[str, Any] = {}
        self._blocks: dict[int, dict[str, Any]] = {}
        self._pieces = _Pieces()  # of the blocks, by index and field

    def add(self, event: Event) -> bool:
        """See `StreamAccumulator.add`."""
        kind = event.get("type")
        if kind == "message":  # a server without streaming
            self.response = dict(event)
        elif kind == "message_start":
            self._fields = dict(event["message"])
        elif kind == "content_block_start":
            block = event["content_block"]
            if len(self._blocks) == MAX_BLOCKS:
                raise ProviderError(f"the streamed answer has more than {MAX_BLOCKS:,} parts")
            self._blocks[event["index"]] = {name: block[name] for name in _BLOCK if name in block}
        elif kind == "content_block_delta":
            return self._add_delta(event["index"], event["delta"])
        elif kind == "message_delta":
            self._fields["stop_reason"] = event["delta"].get("stop_reason") or self._fields.get("stop_reason")
            self._fields["usage"] = _merged(self._fields.get("usage"), event.get("usage"))
        elif kind == "message_stop":
            for (index, field), text in self._pieces.joined().items():
                self._blocks[index][field] = text
            content = [self._blocks[index] for index in sorted(self._blocks)]
            self.response = {**self._fields, "content": content}
        return False

    def _add_delta(self, index: int, delta: Event) -> bool:
        """Add a piece of text or of thinking; the pieces of signatures and tools are not used."""
        field = {"text_delta": "text", "thinking_delta": "thinking"}.get(delta.get("type", ""))
        if field is None:
            return False
        block = self._blocks.setdefault(index, {"type": field})
        self._pieces.add((index, field), "" + (block.pop(field, None) or "") + delta[field])
        return field == "text" and bool(delta[field])


def _merged(usage: Mapping[str, Any] | None, delta: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the newest counts that are not null: a delta repeats some of `message_start` and leaves others unset."""
    known = {name: value for name, value in (delta or {}).items() if value is not None}
    return dict(list({**(usage or {}), **known}.items())[:_MAX_COUNTS])
