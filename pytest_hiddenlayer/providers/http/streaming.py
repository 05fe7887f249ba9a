"""Answers that come in pieces, put together to what the same server answers at once.

A server that does not stream answers at once all the same: such an answer is taken as it is.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Protocol

from ...errors import TransientError
from .errors import error_from_status, reading
from .server import Server

Event = Mapping[str, Any]

_STATUS = {"overloaded_error": 529, "rate_limit_error": 429, "api_error": 500, "timeout_error": 504}
"""Of an error that comes in the middle, by its type: Anthropic's documentation of errors."""


class StreamAccumulator(Protocol):
    """Puts the events of one answer together."""

    whole: dict[str, Any] | None  # the answer, once it is complete

    def add(self, event: Event) -> bool:
        """Take an event; whether a piece of the text came with it."""
        ...


async def accumulate(
    server: Server, events: AsyncGenerator[dict[str, Any]], pieces: StreamAccumulator
) -> tuple[dict[str, Any], float | None]:
    """(the whole answer, seconds to its first piece; None for an answer without any).

    Raises TransientError where the stream ends before the answer does, or is of another form, and
    what an error in its middle means.
    """
    first_s, began = None, time.perf_counter()
    async with aclosing(events):
        async for event in events:
            if isinstance(event.get("error"), Mapping) and event.get("object") != "response":
                raise _error(server, event)
            with reading(server, "event", event):
                came = pieces.add(event)
            if came and first_s is None:
                first_s = time.perf_counter() - began
    if pieces.whole is None:
        raise TransientError(f"{server.subject}: the stream ended before the answer did", status=200)
    return pieces.whole, first_s


def _error(server: Server, event: Event) -> Exception:
    error = event["error"]
    code = error.get("code")
    status = code if isinstance(code, int) and 400 <= code < 600 else _STATUS.get(str(error.get("type")), 500)
    return error_from_status(server, status, {}, json.dumps({"error": dict(error)}).encode())


class ChatPieces:
    """Of chat completions: `chat.completion.chunk`s; the last has the usage and no choice."""

    def __init__(self) -> None:
        self.whole: dict[str, Any] | None = None
        self._message = {"content": "", "refusal": ""}
        self._logprobs: list[Any] = []
        self._found: dict[str, Any] = {}

    def add(self, event: Event) -> bool:
        """As in `StreamAccumulator`."""
        self._found.update({name: event[name] for name in ("model", "usage") if event.get(name)})
        choice = next(iter(event.get("choices") or ()), None)
        if choice is None:
            self._close()
            return False
        if "message" in choice:  # a server that does not stream
            self.whole = dict(event)
            return False
        delta, had = choice.get("delta") or {}, len(self._logprobs)
        self._logprobs += (choice.get("logprobs") or {}).get("content") or ()
        came = [name for name in self._message if delta.get(name)]
        for name in came:
            self._message[name] += delta[name]
        if choice.get("finish_reason") is not None:
            self._found["finish_reason"] = choice["finish_reason"]
            self._close()
        return bool(came) or len(self._logprobs) > had

    def _close(self) -> None:
        if "finish_reason" not in self._found:
            return
        choice = {
            "message": {name: text or None for name, text in self._message.items()},
            "logprobs": {"content": self._logprobs} if self._logprobs else None,
            "finish_reason": self._found["finish_reason"],
        }
        self.whole = {"choices": [choice], "model": self._found.get("model"), "usage": self._found.get("usage")}


class ResponsePieces:
    """Of responses: the last event holds all of it."""

    _LAST = ("response.completed", "response.incomplete", "response.failed")

    def __init__(self) -> None:
        self.whole: dict[str, Any] | None = None

    def add(self, event: Event) -> bool:
        """As in `StreamAccumulator`."""
        kind = event.get("type")
        if event.get("object") == "response" or kind in self._LAST:
            self.whole = dict(event.get("response") or event)
        return kind in ("response.output_text.delta", "response.refusal.delta")


class MessagePieces:
    """Of Anthropic's messages: `message_start`, pieces of blocks, `message_delta` with the end."""

    def __init__(self) -> None:
        self.whole: dict[str, Any] | None = None
        self._found: dict[str, Any] = {}
        self._blocks: dict[int, dict[str, Any]] = {}

    def add(self, event: Event) -> bool:
        """As in `StreamAccumulator`."""
        kind = event.get("type")
        if kind == "message":  # a server that does not stream
            self.whole = dict(event)
        elif kind == "message_start":
            self._found = dict(event["message"])
        elif kind == "content_block_start":
            self._blocks[event["index"]] = dict(event["content_block"])
        elif kind == "content_block_delta" and event["delta"].get("type") == "text_delta":
            block = self._blocks.setdefault(event["index"], {"type": "text"})
            block["text"] = block.get("text", "") + event["delta"]["text"]
            return bool(event["delta"]["text"])
        elif kind == "message_delta":
            self._found["stop_reason"] = event["delta"].get("stop_reason")
            self._found["usage"] = {**(self._found.get("usage") or {}), **(event.get("usage") or {})}
        elif kind == "message_stop":
            content = [self._blocks[index] for index in sorted(self._blocks)]
            self.whole = {**self._found, "content": content}
        return False
