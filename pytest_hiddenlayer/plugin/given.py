"""What the user gave on the command line, as against what an ini file says.

An ini file comes with the project, of which anybody may be the author. Its `addopts` looks like the command
line in pytest's own options; here it does not. `PYTEST_ADDOPTS` is the user's, and counts.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..options import RunOptions
    from ..types import ModelName

ARGUMENTS = "hl_given"
"""In `workerinput`: what was given to the controller."""
_LISTS = {
    "base_urls": ("--hl-base-url",),
    "providers": ("--hl-provider", "--provider"),
    "models": ("--hl-model", "--model"),
    "judges": ("--hl-judge", "--judge"),
    "strategies": ("--hl-strategy", "--strategy"),
}


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


def trusts_ini(config: pytest.Config) -> bool:
    """Whether the ini file is the user's choice: named with -c, or in the folder of the command or one above.

    `pytest evals` takes evals/pytest.ini before the root's; that one is not.
    """
    if config.inipath is None or given(config).ini is not None:
        return True
    return config.invocation_params.dir.resolve().is_relative_to(config.inipath.parent.resolve())


def allows(config: pytest.Config, flag: str) -> bool:
    """Whether the user allows something: on the command line, or in an ini file of the user's choice."""
    if getattr(given(config), flag):
        return True
    return trusts_ini(config) and bool(config.getoption(f"hl_{flag}") or config.getini(f"hl_{flag}"))


def refuse_ini_models(config: pytest.Config, options: RunOptions) -> None:
    """Raise UsageError for a folder or hub name that only an ini file names which is not the user's choice."""
    from ..engine.task_models import loads_files
    from ..errors import UsageError

    if options.allow_task_models or options.replay is not None or trusts_ini(config):
        return
    for name in _ini_models(given(config), options):
        if loads_files(name):
            raise UsageError(
                f"{config.inipath} names the model {name}: it is a folder or a hub name, whose files may be "
                "anybody's, and this ini file is not in the folder of the command or above it. Nothing was opened. "
                "If you trust it, pass --hl-allow-task-models, or name the model on the command line yourself"
            )


def _ini_models(typed: argparse.Namespace, options: RunOptions) -> Iterator[ModelName]:
    """The models of the run's options that are not on the command line."""
    from ..model_names import parse_model
    from ..strategies.bind import parse_strategy

    yield from (n for n in options.providers if str(n) not in typed.providers and n.model not in typed.models)
    if options.judge is not None and str(options.judge) not in typed.judges:
        yield options.judge
    own = [parse_strategy(text) for text in typed.strategies]
    for spec in options.strategies or ():
        if spec not in own:
            texts = [part for value in spec.params.values() for part in str(value).split("+")]
            yield from (parse_model(text) for text in texts if re.fullmatch(r"\w+:.+", text))


@cache
def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    parser.add_argument("-c", "--config-file", dest="ini")
    parser.add_argument("--hl-allow-task-models", dest="allow_task_models", action="store_true")
    for dest, names in _LISTS.items():
        parser.add_argument(*names, dest=dest, action="append", default=[])
    return parser
