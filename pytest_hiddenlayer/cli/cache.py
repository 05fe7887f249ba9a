"""`hiddenlayer cache`: what the response cache holds, and making it smaller."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "tell what the response cache holds, or remove what is old"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--prune, --path."""
    parser.add_argument(
        "--prune", type=float, metavar="DAYS", help="remove answers that were kept longer ago than this (0: all)"
    )
    parser.add_argument("--path", type=Path, metavar="FILE", help="another cache than the user's own")


def run(arguments: argparse.Namespace) -> int:
    """Print what it holds, after pruning where that was asked for."""
    from ..calls.cache.sqlite import default_path, describe, prune

    path = arguments.path or default_path()
    if arguments.prune is not None:
        print(f"removed: {prune(path, arguments.prune):,} answers")
    found = describe(path)
    print(f"{found.path}: {found.rows:,} answers, {found.bytes / 2**20:.1f} MiB")
    for model, rows in found.models.items():
        print(f"  {rows:>9,}  {model}")
    return 0
