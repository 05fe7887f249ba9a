"""`hiddenlayer presets`: the presets of strategies, built in and of the project."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import TYPE_CHECKING, Any

from ..terminal_escape import json_text, visible
from .argument_types import current_project

if TYPE_CHECKING:
    from ..presets import Preset

HELP = "list presets: methods that are a strategy with parameters, for --strategy preset:NAME"
EPILOG = """examples:
  hiddenlayer presets             every preset: built in, and those in presets/ of the project
  hiddenlayer presets cisc        one preset, with its parameters
  hiddenlayer presets --json

exit status: 0 success; 4 a preset that does not exist or is wrong
"""
HEADERS = ("preset", "strategy with parameters", "paper", "description")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which preset."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="only this preset, with its file")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """List presets, or show one."""
    from ..presets import FOLDER, all_presets, find_preset
    from ..report.text_table import grid
    from ..session.conftests import load_conftests

    project = current_project()
    load_conftests(project.root, [project.root / "conftest.py"])
    folder = project.root / FOLDER
    found = list(all_presets(folder)) if arguments.name is None else [find_preset(arguments.name, folder)]
    if arguments.json:
        print(json_text([_json(preset) for preset in found]))
    elif arguments.name is not None:
        print(visible(found[0].path.read_text(encoding="utf-8")), end="")
    else:
        rows = [tuple(map(visible, (p.name, written(p), p.paper, p.description))) for p in found]
        print(grid(HEADERS, rows, width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty()))
    return 0


def written(preset: Preset) -> str:
    """The strategy as it is written after --strategy, and the model if the preset names one."""
    parameters = ",".join(f"{key}={_text(value)}" for key, value in preset.parameters.items())
    model = f" with {preset.named_model}" if preset.named_model else ""
    return f"{preset.strategy}{':' if parameters else ''}{parameters}{model}"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json(preset: Preset) -> dict[str, Any]:
    return {
        "name": preset.name,
        "description": preset.description,
        "paper": preset.paper or None,
        "strategy": preset.strategy,
        "parameters": dict(preset.parameters),
        "model": preset.named_model or None,
        "path": str(preset.path),
        "built_in": preset.built_in,
    }
