"""`hiddenlayer diff OLD NEW`: the samples that flipped, with both answers and a text diff."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..terminal_escape import json_text
from .compare import add_references, compare

if TYPE_CHECKING:
    from ..results.regression.baseline import Baseline
    from ..results.regression.compare_runs import CellPair, RunComparison

HELP = "show the samples that turned right or wrong between two references, with both answers"
EPILOG = """examples:
  hiddenlayer diff main last                 what changed since the committed snapshots of main
  hiddenlayer diff 20261126T0117 last --task sums --context 0
  hiddenlayer diff main last --json

exit status: 0 no sample flipped; 1 a sample flipped, or a cell was not compared; 4 a reference that does not exist
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Two references, as for `compare`."""
    add_references(parser)
    parser.add_argument(
        "--context", type=int, default=3, metavar="N", help="number of unchanged lines around a change (default: 3)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON: the samples that flipped, with both answers")


def run(arguments: argparse.Namespace) -> int:
    """Print the samples that flipped. Returns 1 if there are any, as `diff` does, or if a cell was not compared."""
    from ..report.comparison import output_note, sample_diffs

    compared = compare(arguments)
    if arguments.json:
        return _print_json(compared)
    lines = [line for cell in compared.cells for line in sample_diffs(cell, context=max(arguments.context, 0))]
    for line in lines:
        print(line)
    if lines and (note := output_note([cell for cell in compared.cells if cell.comparison is not None])) is not None:
        print(note)
    for fault in (*compared.faults, *(f"{cell.task}: {cell.fault}" for cell in compared.cells if cell.fault)):
        print(f"hiddenlayer: {fault}", file=sys.stderr)
    if not lines:
        print(f"no sample flipped between {compared.old} and {compared.new} ({compared.n_pairs} compared)")
    return 1 if lines or compared.faults or any(cell.fault for cell in compared.cells) else 0


def _print_json(compared: RunComparison) -> int:
    """Print one object per flipped sample and every fault. Returns the exit status."""
    faults = [*compared.faults, *(f"{cell.task}: {cell.fault}" for cell in compared.cells if cell.fault)]
    flipped = [sample for cell in compared.cells for sample in _flipped(cell)]
    print(json_text({"old": compared.old, "new": compared.new, "flipped": flipped, "faults": faults}))
    return 1 if flipped or faults else 0


def _flipped(cell: CellPair) -> Iterator[dict[str, Any]]:
    if cell.comparison is None:
        return
    changes = (("newly wrong", cell.comparison.newly_wrong), ("newly right", cell.comparison.newly_right))
    for change, sample_ids in changes:
        for sample_id in sample_ids:
            yield {
                "task": cell.task,
                "sample_id": sample_id,
                "change": change,
                "old": _answer(cell.old, sample_id),
                "new": _answer(cell.new, sample_id),
            }


def _answer(side: Baseline, sample_id: str) -> dict[str, Any]:
    _, label, provider, model_slug = side.key
    sample = side.samples[sample_id]
    return {
        "strategy": label,
        "model": f"{provider}:{side.model or model_slug}",
        "answer": sample.answer,
        "score": sample.score,
        "output": sample.output,
    }
