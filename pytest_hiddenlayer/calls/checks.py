"""What is odd about a completion: another model answered, or the prompt was cut without a word."""

from __future__ import annotations

import re

from ..types import Completion, Request

_LEAST_BYTES = 2000  # of a prompt, to judge by its tokens: shorter ones vary too much
_MOST_BYTES_A_TOKEN = 16.0  # no tokenizer's average over a whole text is near it


def check_completion(asked: str, request: Request, completion: Completion) -> tuple[str, ...]:
    """The remarks, in sentences; none where nothing is odd."""
    found = []
    if not same_model(asked, completion.model):
        found.append(f"asked {asked}, the server says that {completion.model} answered")
    if (cut := _cut(request, completion)) is not None:
        found.append(cut)
    return tuple(found)


def same_model(asked: str, said: str) -> bool:
    """Whether the server's name for the model is the one asked for, or a dated or tagged form of it.

    `gpt-5-mini` and `gpt-5-mini-2025-08-07` are the same, `llama3.2` and `llama3.2:latest`,
    `claude-x-latest` and `claude-x-20250101`; a folder or hub name and its last part.
    """
    a, b = _plain(asked), _plain(said)
    if not b or a == b:
        return True
    return bool(
        re.fullmatch(re.escape(a) + r"[-@:.](\d[\d.-]*|latest)", b) or re.fullmatch(re.escape(b) + r":\w+", a)
    )


def _plain(name: str) -> str:
    return re.sub(r"-latest$", "", name.rstrip("/").rsplit("/", 1)[-1].lower().removesuffix(".gguf"))


def _cut(request: Request, completion: Completion) -> str | None:
    tokens = completion.usage.input_tokens
    size = sum(len(message.content.encode("utf-8", "replace")) for message in request.messages)
    if tokens is None or size < _LEAST_BYTES or size / max(tokens, 1) < _MOST_BYTES_A_TOKEN:
        return None
    return f"the prompt has {size} bytes and the server read {tokens} tokens: it was cut; raise the model's context"
