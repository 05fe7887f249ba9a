"""`hiddenlayer review RUN`: walk through what went wrong, name each failure's mode, count them by strategy."""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .terminal_input import rater_name, relative_to_cwd

if TYPE_CHECKING:
    from ..analysis.annotation.reviews import Item, Review
    from ..results.regression.compare_runs import CellPair

HELP = "walk through wrong or flipped answers, label their failure modes and count them by strategy"
KEYS = "mode: a word, or a number of the list; Enter skips, a shows all, b goes back, - takes a label away, q quits"
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
    """The run, which of its items, and what to do with them."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last`")
    parser.add_argument("--against", metavar="REF", help="the flips against another run, snapshots or a git ref")
    parser.add_argument("--mode", action="append", default=[], metavar="LABEL", help="only items labelled so")
    parser.add_argument("--strategy", action="append", default=[], metavar="S", help="only this strategy; repeatable")
    parser.add_argument("--task", action="append", default=[], metavar="NAME", help="only this task; repeatable")
    parser.add_argument("--reviewer", metavar="NAME", help="who you are (default: your login name)")
    parser.add_argument("--again", action="store_true", help="ask for labelled items too")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--counts", action="store_true", help="print the modes by strategy instead of asking")
    shown.add_argument("--export", action="store_true", help="print the labelled items as CSV instead of asking")


def run(arguments: argparse.Namespace) -> int:
    """Ask, count or export."""
    from ..analysis.annotation.reviews import read_reviews
    from ..results.log.run_log import find_run

    folder = find_run(Path.cwd(), arguments.name)
    reviews = read_reviews(folder)
    items = _items(arguments, folder, reviews)
    if arguments.counts:
        _print_counts(items, reviews)
    elif arguments.export:
        _export(items, reviews)
    else:
        _ask(arguments, folder, items, reviews)
    return 0


def _items(arguments: argparse.Namespace, folder: Path, reviews: dict[str, Review]) -> list[Item]:
    from ..analysis.annotation.reviews import flipped_items, select, wrong_items
    from ..errors import UsageError, did_you_mean
    from ..results.log.run_log import read_records

    records = list(read_records(folder))
    found = flipped_items(records, _compared(arguments, folder)) if arguments.against else wrong_items(records)
    found = select(found, strategies=arguments.strategy, tasks=arguments.task) if found else found
    known = {review.mode for review in reviews.values() if review.mode}
    for mode in arguments.mode:
        if mode not in known:
            raise UsageError(
                f"--mode {mode!r}: no item is labelled so{did_you_mean(mode, known)} "
                f"(labels: {', '.join(sorted(known)) or 'none yet'})"
            )
    if not arguments.mode:
        return found
    return [item for item in found if (said := reviews.get(item.record.key)) and said.mode in arguments.mode]


def _compared(arguments: argparse.Namespace, folder: Path) -> tuple[CellPair, ...]:
    from ..results.regression.compare_runs import compare_references
    from ..results.regression.references import open_reference

    here, but = Path.cwd(), folder.name if arguments.against == "last" else None
    old = open_reference(arguments.against, root=here, where=here, current=but)
    return compare_references(old, open_reference(str(folder), root=here, where=here)).cells


def _ask(arguments: argparse.Namespace, folder: Path, items: Sequence[Item], reviews: dict[str, Review]) -> None:
    from ..analysis.annotation.reviews import FILE
    from .review_session import Walk

    open_ones = [item for item in items if arguments.again or arguments.mode or item.record.key not in reviews]
    labelled = f", {len(items) - len(open_ones)} labelled already" if len(open_ones) < len(items) else ""
    kind = "flipped" if arguments.against else "wrong"
    print(f"run {folder.name}: {len(items)} {kind} answers{labelled}")
    if not open_ones:
        return
    walk = Walk(
        folder=folder, items=open_ones, reviews=reviews, reviewer=rater_name(arguments.reviewer, "--reviewer")
    )
    print(KEYS)
    try:
        walk.go()
    finally:  # also when interrupted: everything said is on disk already
        print(f"{len(walk.said)} labelled now, {walk.left} left: {relative_to_cwd(folder / FILE)}")


def _print_counts(items: Sequence[Item], reviews: dict[str, Review]) -> None:
    from ..analysis.annotation.review_card import mode_table
    from ..analysis.annotation.reviews import count_modes

    found = count_modes(items, reviews)
    if not found.modes:
        print(f"no label on {len(items)} answers yet: give some with `hiddenlayer review`")
        return
    print(mode_table(found, width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty()), end="")
    print("share of the labelled answers of the strategy, with Wilson's 95 % interval")


def _export(items: Sequence[Item], reviews: dict[str, Review]) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(COLUMNS)
    for item in items:
        review, record = reviews.get(item.record.key), item.record
        if review is None:
            continue
        expected = record.target if isinstance(record.target, str) else " | ".join(map(str, record.target or ()))
        values = (record.task, record.sample_id, record.epoch, review.player, review.what, record.outcome, expected)
        more = (record.answer or "", review.mode or "", review.note, review.reviewer)
        out.writerow([_no_formula(value) for value in (*values, *more)])


def _no_formula(value: object) -> object:
    """What a spreadsheet would run becomes text; numbers stay as they are."""
    text = str(value)
    number = text.replace(".", "", 1).lstrip("+-").isdecimal()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not number else value
