"""`hiddenlayer prompts`: the prompts of strategies, listed, shown, and copied to reword them."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..terminal_escape import json_text, visible
from .argument_types import current_project

if TYPE_CHECKING:
    from ..strategies.prompt_files import PromptFile

HELP = "list, show and copy the prompts of strategies, to use your own wording with --prompts"
EPILOG = """examples:
  hiddenlayer prompts                              every prompt: name, set, variables, what it asks for
  hiddenlayer prompts list debate                  those of one strategy
  hiddenlayer prompts show debate/reconsider       the text, as it is for chat models
  hiddenlayer prompts show debate/judge --set nano-2
  hiddenlayer prompts copy debate prompts          write prompts/debate/*.txt; then run with --prompts prompts

exit status: 0 success; 4 a name that does not exist, or a file that exists already
"""
HEADERS = ("prompt", "set", "variables", "what it asks for")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which prompts."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = parser.add_subparsers(dest="action", metavar="list|show|copy")
    listing = actions.add_parser("list", help="list prompts", description="list prompts")
    listing.add_argument("strategy", nargs="?", metavar="STRATEGY", help="only those of this strategy")
    show = actions.add_parser("show", help="print the text of a prompt", description="print the text of a prompt")
    show.add_argument("name", metavar="STRATEGY/NAME")
    copy = actions.add_parser("copy", help="copy prompts into a folder", description="copy prompts into a folder")
    copy.add_argument("strategy", metavar="STRATEGY")
    copy.add_argument("folder", metavar="FOLDER", help="for --prompts; a file that exists is never overwritten")
    for action in (show, copy):
        action.add_argument("--set", metavar="SET", help="general (default), or the set of a model such as nano-2")


def run(arguments: argparse.Namespace) -> int:
    """List, show or copy."""
    from ..engine.for_strategies.prompt_lists import copy_prompts, named_prompt, other_wordings, prompts
    from ..session.conftests import load_conftests

    project = current_project()
    load_conftests(project.root, [project.root / "conftest.py"])
    if arguments.action == "copy":
        for path in copy_prompts(arguments.strategy, Path(arguments.folder), arguments.set):
            print(f"{path}: written")
        for note in other_wordings(arguments.strategy, arguments.set):
            print(note)
        return 0
    if arguments.action == "show":
        found = [named_prompt(arguments.name, arguments.set)]
    else:
        found = list(prompts(getattr(arguments, "strategy", None)))
    if arguments.json:
        print(json_text([_json(prompt) for prompt in found]))
    elif arguments.action == "show":
        print(visible(found[0].path.read_text(encoding="utf-8")), end="")
    else:
        _print_table(found)
    return 0


def _print_table(found: Sequence[PromptFile]) -> None:
    from ..report.text_table import grid

    rows = [
        tuple(map(visible, (p.name, p.prompt_set or "own", ", ".join(p.variables) or "none", p.description)))
        for p in found
    ]
    print(grid(HEADERS, rows, width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty()))


def _json(prompt: PromptFile) -> dict[str, object]:
    return {
        "name": prompt.name,
        "set": prompt.prompt_set or "own",
        "description": prompt.description,
        "variables": list(prompt.variables),
        "text": prompt.text,
        "path": str(prompt.path),
    }
