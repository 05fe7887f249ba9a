"""`hiddenlayer review RUN`: label what went wrong, item by item; count or export the labels."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError, did_you_mean
from ..export.tables import csv_line
from ..terminal_escape import json_text
from .argument_types import current_project, named_run
from .output import print_file
from .terminal_input import rater_name, relative_to_cwd

if TYPE_CHECKING:
    from ..analysis.annotation.mode_counts import ModeCounts
    from ..analysis.annotation.reviews import Item, Review
    from ..results.regression.compare_runs import CellPair

HELP = "step through wrong or flipped answers, label their failure modes and count them by strategy"
EPILOG = """examples:
  hiddenlayer review                       step through the wrong answers of the last run
  hiddenlayer review last --against main   those that flipped since the snapshots of main
  hiddenlayer review last --counts         labels by strategy
  hiddenlayer review last --export         labels as CSV
  hiddenlayer review last --json           labels as JSON; with --counts the counts
"""
KEYS = "mode: a word or a number of the list; Enter skips, a shows all, b goes back, - removes a label, q quits"
COLUMNS = (
    "task",
    "sample_id",
    "epoch",
    "player",
    "what",
    "outcome",
    "expected",
    "answer",
    "mode",
    "note",
    "reviewer",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the run, the selection of its items, and what to do with them."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last`")
    parser.add_argument(
        "--against",
        metavar="REF",
        help="review answers that flipped against a run, snapshots or a git ref, instead of wrong ones",
    )
    parser.add_argument(
        "--mode", action="append", default=[], metavar="LABEL", help="only items with this failure mode; repeatable"
    )
    parser.add_argument("--strategy", action="append", default=[], metavar="S", help="only this strategy; repeatable")
    parser.add_argument("--task", action="append", default=[], metavar="NAME", help="only this task; repeatable")
    parser.add_argument("--reviewer", metavar="NAME", help="your name (default: your login name)")
    parser.add_argument("--again", action="store_true", help="ask about labelled items too")
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--counts", action="store_true", help="print the number of each mode by strategy instead of asking"
    )
    output.add_argument("--export", action="store_true", help="print the labelled items as CSV instead of asking")
    parser.add_argument(
        "--json", action="store_true", help="print the labelled items, or with --counts the counts, as JSON"
    )


def run(arguments: argparse.Namespace) -> int:
    """Ask, count or export."""
    from ..analysis.annotation.reviews import read_reviews

    folder = named_run(arguments.name)
    reviews = read_reviews(folder)
    items = _items(arguments, folder, reviews)
    if arguments.counts:
        _print_counts(items, reviews, as_json=arguments.json)
    elif arguments.json:
        print(json_text([dict(zip(COLUMNS, row, strict=True)) for row in _rows(items, reviews)]))
    elif arguments.export:
        _export(items, reviews)
    else:
        _ask(arguments, folder, items, reviews)
    return 0


def _items(arguments: argparse.Namespace, folder: Path, reviews: dict[str, Review]) -> list[Item]:
    from ..analysis.annotation.review_items import flipped_items, select, wrong_items
    from ..results.log.run_log import read_records

    records = list(read_records(folder))
    items = flipped_items(records, _cell_pairs(arguments, folder)) if arguments.against else wrong_items(records)
    if items:
        items = select(items, strategies=arguments.strategy, tasks=arguments.task)
    _check_modes(arguments.mode, reviews)
    if not arguments.mode:
        return items
    return [item for item in items if (review := reviews.get(item.record.key)) and review.mode in arguments.mode]


def _check_modes(modes: Sequence[str], reviews: dict[str, Review]) -> None:
    modes_given = {review.mode for review in reviews.values() if review.mode}
    for mode in modes:
        if mode not in modes_given:
            raise UsageError(
                f"--mode {mode!r}: no item has this label{did_you_mean(mode, modes_given)} "
                f"(labels: {', '.join(sorted(modes_given)) or 'none yet'})"
            )


def _cell_pairs(arguments: argparse.Namespace, folder: Path) -> tuple[CellPair, ...]:
    """The cells of the run, each with its counterpart in --against."""
    from ..results.regression.compare_runs import compare_references
    from ..results.regression.references import open_reference

    project, cwd = current_project(), Path.cwd()
    current = folder.name if arguments.against == "last" else None
    old = open_reference(arguments.against, root=project.root, cwd=cwd, current_run=current, reports=project.reports)
    return compare_references(old, open_reference(str(folder), root=project.root, cwd=cwd)).cells


def _ask(arguments: argparse.Namespace, folder: Path, items: Sequence[Item], reviews: dict[str, Review]) -> None:
    from ..analysis.annotation.reviews import FILE
    from .review_session import ReviewSession

    open_items = [item for item in items if arguments.again or arguments.mode or item.record.key not in reviews]
    labelled = f", {len(items) - len(open_items)} labelled already" if len(open_items) < len(items) else ""
    kind = "flipped" if arguments.against else "wrong"
    print(f"run {folder.name}: {len(items)} {kind} answers{labelled}")
    if not open_items:
        return
    session = ReviewSession(
        folder=folder, items=open_items, reviews=reviews, reviewer=rater_name(arguments.reviewer, "--reviewer")
    )
    print(KEYS)
    try:
        session.run()
    finally:  # also after Ctrl-C: every label is on disk already
        print(f"{len(session.labelled)} labelled now, {session.left} left: {relative_to_cwd(folder / FILE)}")


def _print_counts(items: Sequence[Item], reviews: dict[str, Review], *, as_json: bool) -> None:
    from ..analysis.annotation.mode_counts import count_modes
    from ..analysis.annotation.review_card import mode_table

    counts = count_modes(items, reviews)
    if as_json:
        print(json_text([_count_json(counts, mode, strategy) for mode, strategy in counts.shares]))
        return
    if not counts.modes:
        print(f"no label on {len(items)} answers yet: add some with `hiddenlayer review`")
        return
    print(mode_table(counts, width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty()), end="")
    print("share of the labelled answers of the strategy, with its exact 95 % interval")


def _export(items: Sequence[Item], reviews: dict[str, Review]) -> None:
    print_file("".join(map(csv_line, (COLUMNS, *_rows(items, reviews)))))


def _count_json(counts: ModeCounts, mode: str, strategy: str) -> dict[str, object]:
    share = counts.shares[mode, strategy]
    return {
        "mode": mode,
        "strategy": strategy,
        "n": share.n,
        "of": share.of,
        "share": share.share,
        "ci95": share.ci95,
    }


def _rows(items: Sequence[Item], reviews: dict[str, Review]) -> list[tuple[object, ...]]:
    """One row of COLUMNS per labelled item."""
    labelled = ((item, reviews.get(item.record.key)) for item in items)
    return [_row(item, review) for item, review in labelled if review is not None]


def _row(item: Item, review: Review) -> tuple[object, ...]:
    """The values of COLUMNS."""
    record = item.record
    return (
        record.task,
        record.sample_id,
        record.epoch,
        review.player,
        review.what,
        record.outcome,
        record.target if isinstance(record.target, str) else " | ".join(map(str, record.target or ())),
        record.answer or "",
        review.mode or "",
        review.note,
        review.reviewer,
    )
