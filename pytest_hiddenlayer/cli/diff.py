"""`hiddenlayer diff OLD NEW`: the samples that flipped, with both answers and a text diff."""

from __future__ import annotations

import argparse
import sys

from .compare import add_references, compare

HELP = "show the samples that turned right or wrong between two references, with both answers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Two references, as for `compare`."""
    add_references(parser)
    parser.add_argument(
        "--context", type=int, default=3, metavar="N", help="number of unchanged lines around a change (default: 3)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the samples that flipped. Returns 1 if there are any, as `diff` does, or if a cell was not compared."""
    from ..report.comparison import sample_diffs

    compared = compare(arguments)
    lines = [line for cell in compared.cells for line in sample_diffs(cell, context=max(arguments.context, 0))]
    for line in lines:
        print(line)
    for fault in (*compared.faults, *(f"{cell.task}: {cell.fault}" for cell in compared.cells if cell.fault)):
        print(f"hiddenlayer: {fault}", file=sys.stderr)
    if not lines:
        print(f"no sample flipped between {compared.old} and {compared.new} ({compared.n_pairs} compared)")
    return 1 if lines or compared.faults or any(cell.fault for cell in compared.cells) else 0
