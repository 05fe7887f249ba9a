"""What the subcommands' arguments share: types, the table's options, the project."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..option_table import OPTIONS, Option

if TYPE_CHECKING:
    from ..project import Project


OF_COMMAND = tuple(option for option in OPTIONS if not option.pytest_only)


def at_least(minimum: int) -> Callable[[str], int]:
    """An argument type: a whole number of at least `minimum`."""

    def whole_number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        if value < minimum:
            raise argparse.ArgumentTypeError(f"{text!r}: write a whole number of at least {minimum}")
        return value

    return whole_number


def share(text: str) -> float:
    """An argument type: a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number from 0 to 1")
    return value


def add_run_options(parser: argparse.ArgumentParser, options: Iterable[Option] = OF_COMMAND) -> None:
    """Add options of the table as `--NAME` and, without help, as `--hl-NAME`: pytest's spelling."""
    for option in options:
        if option.flag:
            settings: dict[str, Any] = {"action": "store_true", "default": False}
        else:
            settings = {"action": "append" if option.repeatable else "store", "metavar": option.metavar}
        help_text = option.help.replace("%", "%%")
        parser.add_argument(f"--{option.name}", dest=option.dest, help=help_text, **settings)
        settings.pop("default", None)
        parser.add_argument(
            f"--hl-{option.name}", dest=option.dest, help=argparse.SUPPRESS, default=argparse.SUPPRESS, **settings
        )


def written_values(arguments: argparse.Namespace) -> dict[str, Any]:
    """Option name → what was written for it."""
    values = {option.name: getattr(arguments, option.dest, None) for option in OPTIONS}
    return {name: value for name, value in values.items() if value}


def current_project(paths: Iterable[str] = ()) -> Project:
    """The project of the current folder, or of these paths. Raises UsageError for a broken ini file."""
    from ..project import find_project

    return find_project(Path.cwd(), [Path(path) for path in paths])


def named_run(name: str) -> Path:
    """The folder of a run of the current project by id, path or `last`. Raises UsageError."""
    from ..results.log.run_log import find_run

    project = current_project()
    return find_run(project.root, name, reports=project.reports)
