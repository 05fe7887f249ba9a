"""`hiddenlayer cache`: show what the response cache holds, or prune it."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "show what the response cache holds, or remove old answers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--prune, --path."""
    parser.add_argument(
        "--prune", type=float, metavar="DAYS", help="remove answers that are older than this many days (0: all)"
    )
    parser.add_argument("--path", type=Path, metavar="FILE", help="cache file (default: the one that runs use)")


def run(arguments: argparse.Namespace) -> int:
    """Prune if asked to, then print what the cache holds."""
    from ..calls.cache.sqlite import default_path, describe, prune

    path = arguments.path or default_path()
    if arguments.prune is not None:
        print(f"removed: {prune(path, arguments.prune):,} answers")
    summary = describe(path)
    print(f"{summary.path}: {summary.rows:,} answers, {summary.bytes / 2**20:.1f} MiB")
    for model, rows in summary.models.items():
        print(f"  {rows:>9,}  {model}")
    return 0
