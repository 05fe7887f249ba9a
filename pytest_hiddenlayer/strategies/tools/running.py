"""Runs a tool: its result, or the error that the model reads and the record keeps."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

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


@dataclass(frozen=True, slots=True)
class _Raised:
    """What a tool raised: a result like any other, so that no exception ends the thread of a tool."""

    error: BaseException


_Returned: TypeAlias = str | _Raised


def described(tool: Callable[..., Any]) -> str:
    """Returns what the model reads about a tool: the first line of its docstring."""
    return (inspect.getdoc(tool) or "").partition("\n")[0].strip() or "takes one text"


async def run_tool(tool: Callable[..., Any], argument: str) -> ToolResult:
    """Returns what a tool makes of its argument. An exception of the tool is a result with an error.

    A function runs in a thread, a coroutine function in the loop, for at most TIMEOUT_S seconds. A function that
    takes longer keeps its thread, which does not keep the process alive, and its result is lost.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S):
            returned = await _called(tool, argument)
    except TimeoutError:
        error = f"took longer than {TIMEOUT_S:g} seconds"
        return ToolResult(text=f"the tool {error}", error=error)
    if isinstance(returned, _Raised):
        sentence = _guarded(lambda: returned.error)
        text = sentence if isinstance(sentence, str) and sentence else type(returned.error).__name__
        return ToolResult(text=_cut(text), error=_cut(describe_error(returned.error)))
    if not returned:
        return ToolResult(text="the tool returned nothing", error="returned nothing")
    return ToolResult(text=_cut(returned))


async def _called(tool: Callable[..., Any], argument: str) -> _Returned:
    if not inspect.iscoroutinefunction(tool):
        return await _in_thread(tool, argument)
    try:
        value = await tool(argument)
    except (asyncio.CancelledError, GeneratorExit):
        raise
    except BaseException as error:  # a user's tool may raise anything, `pytest.fail` included
        return _Raised(error)
    return _guarded(lambda: value)


async def _in_thread(tool: Callable[..., Any], argument: str) -> _Returned:
    """What a function returns or raises, in a daemon thread: one that never ends does not block the end of a run."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Returned] = loop.create_future()

    def settle(returned: _Returned) -> None:
        if not future.done():
            future.set_result(returned)

    def work() -> None:
        returned = _guarded(lambda: tool(argument))
        with suppress(RuntimeError):  # the loop was closed
            loop.call_soon_threadsafe(settle, returned)

    threading.Thread(target=contextvars.copy_context().run, args=(work,), name="tool", daemon=True).start()
    return await future


def _guarded(call: Callable[[], Any]) -> _Returned:
    """The text of what a call returns, or what it, or the text of its value, raises; None has no text."""
    try:
        value = call()
        return "" if value is None else str(value).strip()
    except BaseException as error:  # in a thread nothing else would see it
        return _Raised(error)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_RESULT else f"{text[:MAX_RESULT]}… (cut after {MAX_RESULT} characters)"
