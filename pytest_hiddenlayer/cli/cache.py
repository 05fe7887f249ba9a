"""`hiddenlayer cache`: show what the response cache holds, or prune it."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from ..terminal_escape import json_text

HELP = "show what the response cache holds, or remove old answers"
EPILOG = """examples:
  hiddenlayer cache               where the cache is, and how many answers of each model it holds
  hiddenlayer cache --prune 30    remove answers that are older than 30 days
  hiddenlayer cache --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--prune, --path."""
    parser.add_argument(
        "--prune", type=float, metavar="DAYS", help="remove answers that are older than this many days (0: all)"
    )
    parser.add_argument("--path", type=Path, metavar="FILE", help="cache file (default: the one that runs use)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Prune if asked to, then print what the cache holds."""
    from ..calls.cache.sqlite import default_path, describe, prune

    path = arguments.path or default_path()
    removed = None if arguments.prune is None else prune(path, arguments.prune)
    summary = describe(path)
    if arguments.json:
        print(json_text({**asdict(summary), "path": str(summary.path), "removed": removed}))
        return 0
    if removed is not None:
        print(f"removed: {removed:,} answers")
    print(f"{summary.path}: {summary.rows:,} answers, {summary.bytes / 2**20:.1f} MiB")
    for model, rows in summary.models.items():
        print(f"  {rows:>9,}  {model}")
    return 0
