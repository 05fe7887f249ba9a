"""`hiddenlayer schema`: the JSON Schema of task files."""

from __future__ import annotations

import argparse
import json

HELP = "print the JSON Schema of task files, for editors"
EPILOG = """examples:
  hiddenlayer schema > task.schema.json    a file that editors check task files against
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print the schema."""
    from ..taskfile import task_schema

    print(json.dumps(task_schema(), indent=2))
    return 0
