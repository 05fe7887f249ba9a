"""Messages of errors in Python's terms: `budget='x'` instead of `--hl-budget 'x'`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..errors import UsageError
from ..option_table import BY_NAME

_EXPORT = ("to", "output", "what", "against", "force")
_FINETUNE = ("data", "from-run")
_NAMES = "|".join(sorted((*BY_NAME, *_EXPORT, *_FINETUNE), key=len, reverse=True))
_QUOTED = re.compile(rf"--(?:hl-)?({_NAMES}) ('[^']*'|\"[^\"]*\")")
_FIRST = re.compile(rf"^--(?:hl-)?({_NAMES}) ([^'\"].*?)(?=: )")
_FORMAT = re.compile(r"--(to) (\w+)")
_NAME = re.compile(rf"--(?:hl-)?({_NAMES})(?![\w-])")


def python_message(text: str) -> str:
    """Return a message with options written as the arguments of a Python function."""
    text = _QUOTED.sub(lambda match: f"{_argument(match[1])}={match[2]}", text)
    text = _FIRST.sub(lambda match: f"{_argument(match[1])}={match[2]!r}", text)
    text = _FORMAT.sub(lambda match: f"{match[1]}={match[2]!r}", text)
    return _NAME.sub(lambda match: _flag(match[1]), text)


_in_command: ContextVar[bool] = ContextVar("in_command", default=False)


@contextmanager
def command_options() -> Iterator[None]:
    """Leave options as they are in this block: a command was typed."""
    token = _in_command.set(True)
    try:
        yield
    finally:
        _in_command.reset(token)


@contextmanager
def python_arguments() -> Iterator[None]:
    """Name arguments instead of options in a UsageError that is raised in this block."""
    try:
        yield
    except UsageError as error:
        if not _in_command.get():
            error.args = (python_message(str(error)), *error.args[1:])
        raise


def _argument(name: str) -> str:
    return name.replace("-", "_")


def _flag(name: str) -> str:
    is_flag = name == "force" or (name in BY_NAME and BY_NAME[name].flag)
    return f"{_argument(name)}=True" if is_flag else _argument(name)
