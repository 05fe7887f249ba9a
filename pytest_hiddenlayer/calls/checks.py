"""Checks a completion for signs that another model answered, or that the prompt was truncated."""

from __future__ import annotations

import re

from ..types import Completion, Request

_MIN_BYTES = 2000  # shorter prompts are not checked: their bytes per token vary too much
_MAX_BYTES_PER_TOKEN = 16.0  # far above every tokenizer's average over a whole text


def check_completion(model: str, request: Request, completion: Completion) -> tuple[str, ...]:
    """The warnings, one sentence each; `model` is the requested model."""
    if request.recorded is not None:  # nothing was asked, and the models of recorded answers are any
        return ()
    warnings = []
    if not same_model(model, completion.model):
        warnings.append(f"asked {model}, the server says that {completion.model} answered")
    if (truncated := _truncation_warning(request, completion)) is not None:
        warnings.append(truncated)
    return tuple(warnings)


def same_model(requested: str, reported: str) -> bool:
    """Whether the name that the server reports is the requested one, or a dated or tagged form of it.

    `gpt-5-mini` and `gpt-5-mini-2025-08-07` are the same, `llama3.2` and `llama3.2:latest`,
    `claude-x-latest` and `claude-x-20250101`, `claude-x-4-0` and `claude-x-4-20250514`; a
    folder or hub name and its last part.
    """
    requested, reported = _normalized(requested), _normalized(reported)
    if not reported or requested == reported:
        return True
    dated = re.fullmatch(re.escape(requested) + r"[-@:.](\d[\d.-]*|latest)", reported)
    first = requested.endswith("-0") and re.fullmatch(re.escape(requested[:-2]) + r"-\d{8}", reported)
    return bool(dated or first or re.fullmatch(re.escape(reported) + r":\w+", requested))


def _normalized(name: str) -> str:
    return re.sub(r"-latest$", "", name.rstrip("/").rsplit("/", 1)[-1].lower().removesuffix(".gguf"))


def _truncation_warning(request: Request, completion: Completion) -> str | None:
    tokens = completion.usage.input_tokens
    size = sum(len(message.content.encode("utf-8", "replace")) for message in request.messages)
    if tokens is None or size < _MIN_BYTES or size / max(tokens, 1) < _MAX_BYTES_PER_TOKEN:
        return None
    return (
        f"the prompt has {size} bytes and the server read {tokens} tokens: it was truncated; "
        "raise the model's context length"
    )
