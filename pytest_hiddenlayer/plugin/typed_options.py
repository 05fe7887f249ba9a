"""What the user typed, as opposed to what an ini file says.

Anyone may be the author of an ini file. pytest adds its `addopts` to the command line; these
functions leave them out. `PYTEST_ADDOPTS` comes from the user, and counts as typed.
"""

from __future__ import annotations

import argparse
import os
import shlex
from functools import cache
from typing import Any

import pytest

from ..option_table import OPTIONS

ARGUMENTS = "hl_arguments"
"""In `workerinput`: the arguments of the controller."""


def arguments(config: pytest.Config) -> tuple[str, ...]:
    """The arguments that the user typed; the controller sends them to its workers."""
    from_controller = getattr(config, "workerinput", {}).get(ARGUMENTS)
    if from_controller is not None:
        return tuple(from_controller)
    return (*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *map(str, config.invocation_params.args))


def typed_options(config: pytest.Config) -> dict[str, Any]:
    """Option name → what was typed for it."""
    parsed = vars(_parser().parse_known_args(arguments(config))[0])
    return {option.name: parsed[option.dest] for option in OPTIONS if parsed[option.dest]}


def trusts_ini(config: pytest.Config) -> bool:
    """Whether the ini file is the user's choice: named with -c, or in the folder of the command or above it.

    `pytest evals` prefers evals/pytest.ini to the root's; evals/pytest.ini is not trusted.
    """
    if config.inipath is None or _parser().parse_known_args(arguments(config))[0].config_file is not None:
        return True
    return config.invocation_params.dir.resolve().is_relative_to(config.inipath.parent.resolve())


@cache
def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    parser.add_argument("-c", "--config-file", dest="config_file")
    for option in OPTIONS:
        names = [f"--hl-{option.name}", *([f"--{option.name}"] if option.common else [])]
        if option.flag:
            parser.add_argument(*names, dest=option.dest, action="store_true")
        else:
            parser.add_argument(*names, dest=option.dest, action="append" if option.repeatable else "store")
    return parser
