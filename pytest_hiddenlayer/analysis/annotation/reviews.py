"""What people called the failures of a run: one mode an item, beside the run in `reviews.jsonl`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...identifiers import controlled
from ...io.jsonl import append_line, read_lines
from ...results.metrics.cells import by_cell
from ...results.regression.compare_runs import CellPair
from ...stats.estimate.mean_interval import wilson
from ...types import Record
from .labels import player_of

FILE = "reviews.jsonl"
FAILED = frozenset({"incorrect", "partial", "truncated", "empty", "refused", "unscored"})
"""The outcomes that a person can say something of; an error is the provider's, a skipped item nobody's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A record to look at."""

    record: Record
    what: str  # wrong, newly wrong or newly right
    other: str = ""  # the side it is compared with, by name; empty where there is none
    other_answer: str | None = None
    other_output: str | None = None  # None: the other side holds no texts


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What one person said of one item."""

    run_id: str
    key: str  # the record's
    task: str
    sample_id: str
    epoch: int
    player: str  # strategy label@provider:model slug
    what: str  # wrong, newly wrong or newly right
    mode: str | None  # the failure mode; None: an earlier one is taken back
    note: str = ""
    reviewer: str
    at: str  # ISO 8601, UTC
    schema: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """How often a mode was given."""

    n: int
    of: int  # labelled items of the same strategy
    share: float
    ci95: tuple[float, float]  # Wilson's


@dataclass(frozen=True, kw_only=True, slots=True)
class ModeCounts:
    """Modes by strategy."""

    strategies: tuple[str, ...]
    modes: tuple[str, ...]  # the most frequent first
    shares: Mapping[tuple[str, str], Share]  # (mode, strategy), where somebody labelled an item of the strategy
    labelled: Mapping[str, int]  # strategy → items with a mode
    items: Mapping[str, int]  # strategy → items that could have one


def wrong_items(records: Iterable[Record]) -> list[Item]:
    """Every answer that was not right, in the order of the log; draws under equal budget are left out."""
    cells = by_cell(record for record in records if controlled(record.label) is None)
    return [
        Item(record=record, what="wrong") for found in cells.values() for record in found if record.outcome in FAILED
    ]


def flipped_items(records: Iterable[Record], cells: Iterable[CellPair]) -> list[Item]:
    """The answers whose sample turned wrong or right, with what the old side said."""
    of_cell = by_cell(records)
    return [item for cell in cells for item in _flipped(of_cell.get(cell.new.key, []), cell)]


def _flipped(records: Sequence[Record], cell: CellPair) -> Iterator[Item]:
    if cell.comparison is None:
        return
    flips = (("newly wrong", cell.comparison.newly_wrong), ("newly right", cell.comparison.newly_right))
    for what, names in flips:
        for name in names:
            epochs = [record for record in records if record.sample_id == name]
            telling = [r for r in epochs if (r.outcome == "correct") == (what == "newly right")]
            old = cell.old.samples[name]
            for record in (telling or epochs)[:1]:
                side = f"{cell.old.name} {cell.old.key[1]}@{cell.old.key[2]}:{cell.old.key[3]}"
                yield Item(record=record, what=what, other=side, other_answer=old.answer, other_output=old.output)


def select(items: Sequence[Item], *, strategies: Sequence[str] = (), tasks: Sequence[str] = ()) -> list[Item]:
    """The items of these strategies (names, labels or players) and tasks. Raises UsageError for an unknown one."""
    for option, wanted, known in (
        ("--strategy", strategies, {name for item in items for name in _names(item.record)}),
        ("--task", tasks, {item.record.task for item in items}),
    ):
        for name in wanted:
            if name not in known:
                there = ", ".join(sorted(known)) or "none"
                raise UsageError(f"{option} {name!r}: nothing of it to review here (there is: {there})")
    return [
        item
        for item in items
        if (not strategies or _names(item.record) & set(strategies)) and (not tasks or item.record.task in tasks)
    ]


def review_of(item: Item, mode: str | None, *, note: str, reviewer: str, at: str) -> Review:
    """A review of an item."""
    record = item.record
    return Review(
        run_id=record.run_id,
        key=record.key,
        task=record.task,
        sample_id=record.sample_id,
        epoch=record.epoch,
        player=player_of(record),
        what=item.what,
        mode=mode,
        note=note,
        reviewer=reviewer,
        at=at,
    )


def read_reviews(folder: Path) -> dict[str, Review]:
    """Record key → its last review; those taken back are left out.

    Raises UsageError with file and line for a line that is none; half a line at the end is left out.
    """
    path = folder / FILE
    found: dict[str, Review] = {}
    for number, values in read_lines(path, "a review") if path.is_file() else ():
        try:
            review = _from_json(values)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{path}:{number}: not a review: {error}") from error
        found[review.key] = review
    return {key: review for key, review in found.items() if review.mode is not None}


def append_review(folder: Path, review: Review) -> None:
    """Put one review on disk; when this returns, the death of this process cannot lose it."""
    append_line(folder / FILE, {"schema": review.schema, **asdict(review)})


def count_modes(items: Sequence[Item], reviews: Mapping[str, Review]) -> ModeCounts:
    """Modes by strategy over the items; the model stands with the strategy where there are several."""
    models = {(item.record.provider, item.record.slug) for item in items}
    found: dict[str, Counter[str]] = {}
    total: Counter[str] = Counter()
    for item in items:
        strategy = player_of(item.record) if len(models) > 1 else item.record.label
        total[strategy] += 1
        counts = found.setdefault(strategy, Counter())
        review = reviews.get(item.record.key)
        if review is not None and review.mode is not None:
            counts[review.mode] += 1
    every = sum(found.values(), Counter[str]())
    modes = tuple(mode for mode, _ in sorted(every.items(), key=lambda pair: (-pair[1], pair[0])))
    return ModeCounts(
        strategies=tuple(found),
        modes=modes,
        shares={(mode, s): _share(c[mode], c.total()) for s, c in found.items() if c for mode in modes},
        labelled={s: c.total() for s, c in found.items()},
        items=total,
    )


def _share(n: int, of: int) -> Share:
    return Share(n=n, of=of, share=n / of, ci95=wilson(n / of, of))


def _names(record: Record) -> set[str]:
    return {record.strategy, record.label, player_of(record)}


def _from_json(values: Mapping[str, Any]) -> Review:
    known = {f.name for f in fields(Review)}
    review = Review(**{name: value for name, value in values.items() if name in known})
    if not (review.mode is None or (isinstance(review.mode, str) and review.mode)) or not isinstance(review.key, str):
        raise ValueError("mode and key are texts")
    return replace(review, note=str(review.note))
