"""Errors that a user's strategy, scorer or provider raised, with the user's file and line.

Keys of the environment are masked in their texts.
"""

from __future__ import annotations

import os
import sysconfig
import traceback
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import TracebackType

from .secret_masking import mask_keys, secrets_of_environment

MAX_TRACEBACK = 20_000
"""Characters of a traceback; its end, which names the error, is kept."""
_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep


def describe_error(error: BaseException) -> str:
    """`ZeroDivisionError: division by zero (evals/scorers.py:12)`; without a place if no user's code raised it."""
    message, place = _message(error), error_location(error)
    if place is None and error.__cause__ is not None:  # StopIteration is an error of the coroutine around it
        place = error_location(error.__cause__)
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return f"{text} ({place})" if place else text


def error_location(error: BaseException) -> str | None:
    """`FILE:LINE` of the innermost frame in a user's file, relative to the current folder; None without one.

    An installed extension has no file of the user's: then it is the frame that this package called.
    """
    frames = [frame for frame in _frames(error.__traceback__) if not frame[0].startswith(_PACKAGE)]
    own = [frame for frame in frames if not frame[0].startswith(_library_folders())]
    if not frames:
        return None
    path, line = own[-1] if own else frames[0]
    return f"{_relative(path)}:{line}"


def is_user_error(error: BaseException) -> bool:
    """Whether an exception passed through a file that is neither this package's nor an installed one's."""
    return any(not path.startswith((_PACKAGE, *_library_folders())) for path, _ in _frames(error.__traceback__))


def error_traceback(error: BaseException) -> str:
    """The traceback as Python prints it, without this package's frames at its start; at most MAX_TRACEBACK long.

    Files below the current folder are named relative to it.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and _file(trace).startswith(_PACKAGE):
        trace = trace.tb_next
    try:
        text = "".join(traceback.format_exception(type(error), error, trace)).rstrip()
    except BaseException as failure:  # the error's own `__str__` may raise anything, SystemExit included
        text = f"{type(error).__name__}, whose traceback cannot be printed: {type(failure).__name__}"
    text = mask_keys(text.replace(f'File "{_folder()}', 'File "'), secrets_of_environment())
    if len(text) <= MAX_TRACEBACK:
        return text
    return f"[{len(text) - MAX_TRACEBACK:,} characters were cut] …{text[-MAX_TRACEBACK:]}"


def _frames(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    """(file, line) of every frame, the innermost last; without frames that have no file."""
    while trace is not None:
        path = _file(trace)
        if not path.startswith("<"):
            yield path, trace.tb_lineno
        trace = trace.tb_next


def _file(trace: TracebackType) -> str:
    name = trace.tb_frame.f_code.co_filename
    return name if name.startswith("<") else os.path.realpath(name)


def _relative(path: str) -> str:
    return path.removeprefix(_folder())


def _folder() -> str:
    """The current folder, with a separator at its end."""
    try:
        return os.getcwd() + os.sep
    except OSError:  # it was deleted
        return os.sep + os.sep


@cache
def _library_folders() -> tuple[str, ...]:
    """The folders of the standard library and of installed packages."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple({os.path.realpath(sysconfig.get_path(name)) + os.sep for name in names})


def _message(error: BaseException) -> str:
    try:
        text = mask_keys(str.__str__(str(error)), secrets_of_environment())
    except BaseException as failure:  # the error is a user's
        return f"its text cannot be had ({type(failure).__name__})"
    return text if len(text) <= MAX_TRACEBACK else f"{text[:MAX_TRACEBACK]}…"
