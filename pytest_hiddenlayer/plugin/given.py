"""What the user gave on the command line, as against what an ini file says.

An ini file comes with the project, of which anybody may be the author. Its `addopts` looks like the command
line in pytest's own options; here it does not. `PYTEST_ADDOPTS` is the user's, and counts.
"""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

ARGUMENTS = "hl_given"
"""In `workerinput`: what was given to the controller."""


def arguments(config: pytest.Config) -> tuple[str, ...]:
    """The arguments that the user gave; a worker has them from the controller."""
    told = getattr(config, "workerinput", {}).get(ARGUMENTS)
    if told is not None:
        return tuple(told)
    return (*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *map(str, config.invocation_params.args))


def given(config: pytest.Config) -> argparse.Namespace:
    """The options of `_parser` that the user gave."""
    return _parser().parse_known_args(arguments(config))[0]


def ini_urls(config: pytest.Config, urls: Mapping[str, str]) -> frozenset[str]:
    """Those of the run's base URLs that only an ini file names. Raises UsageError."""
    from ..options import parse_base_urls

    return frozenset(urls.values()) - frozenset(parse_base_urls(given(config).base_urls).values())


@cache
def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    _list(parser, "base_urls", "--hl-base-url")
    return parser


def _list(parser: argparse.ArgumentParser, dest: str, *names: str, **more: Any) -> None:
    parser.add_argument(*names, dest=dest, action="append", default=[], **more)
