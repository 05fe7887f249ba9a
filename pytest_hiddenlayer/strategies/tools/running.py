"""Runs a tool: its result, or the error that the model reads and the record keeps."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...extensions.errors import describe_error

MAX_RESULT = 2000
"""Characters of a result or an error that the model reads; the rest is cut."""
TIMEOUT_S = 30.0
"""How long a tool may take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolResult:
    """What one tool returned, or why it returned nothing."""

    text: str  # what the model reads
    error: str | None = None  # what the record keeps: None if the tool returned a result


def described(tool: Callable[..., Any]) -> str:
    """Returns what the model is told about a tool: the first line of its docstring."""
    return (inspect.getdoc(tool) or "").partition("\n")[0].strip() or "takes one text"


async def run_tool(tool: Callable[..., Any], argument: str) -> ToolResult:
    """Returns what a tool makes of its argument. An exception of the tool is a result with an error.

    A function runs in a thread, a coroutine function in the loop, for at most TIMEOUT_S seconds. A function that
    takes longer keeps its thread until it ends, and its result is lost.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S):
            value = await _called(tool, argument)
    except TimeoutError:
        return ToolResult(
            text=f"it took longer than {TIMEOUT_S:g} seconds", error=f"took longer than {TIMEOUT_S:g} seconds"
        )
    if isinstance(value, _Raised):
        return ToolResult(text=_cut(_sentence(value.error)), error=_cut(describe_error(value.error)))
    text = str(value).strip()
    return ToolResult(text=_cut(text)) if text else ToolResult(text="it returned nothing", error="returned nothing")


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


async def _called(tool: Callable[..., Any], argument: str) -> Any:
    if inspect.iscoroutinefunction(tool):
        try:
            return await tool(argument)
        except (Exception, SystemExit) as error:
            return _Raised(error)
    return await asyncio.to_thread(_guarded, tool, argument)


def _guarded(tool: Callable[..., Any], argument: str) -> Any:
    """What the tool returns or raises: an exception such as StopIteration cannot leave a thread of asyncio."""
    try:
        return tool(argument)
    except (Exception, SystemExit) as error:
        return _Raised(error)


def _sentence(error: BaseException) -> str:
    """`division by zero`: what the model reads; the class alone if the error has no text."""
    return str(error) or type(error).__name__


def _cut(text: str) -> str:
    return text if len(text) <= MAX_RESULT else f"{text[:MAX_RESULT]}… (cut after {MAX_RESULT} characters)"
