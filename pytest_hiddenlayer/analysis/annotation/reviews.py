"""Reviews: the failure mode that a person gives to an answer, stored in the run's `reviews.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ...errors import UsageError
from ...io.jsonl import append_line, read_lines
from ...types import MAX_EPOCHS, Record
from ..answers import player_of

FILE = "reviews.jsonl"
_TEXTS = ("run_id", "key", "task", "sample_id", "player", "what", "reviewer", "at")
ReviewReason: TypeAlias = Literal["wrong", "newly wrong", "newly right"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A record to review."""

    record: Record
    what: ReviewReason
    old_side: str = ""  # name of the reference it is compared with; empty without a comparison
    old_answer: str | None = None
    old_output: str | None = None  # None: the reference holds no outputs


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """One person's review of one item."""

    run_id: str
    key: str  # the record's
    task: str
    sample_id: str
    epoch: int
    player: str  # strategy label@provider:model slug
    what: str  # wrong, newly wrong or newly right
    mode: str | None  # the failure mode; None withdraws the earlier one
    note: str = ""
    reviewer: str
    at: str  # ISO 8601, UTC
    schema: int = 1


def review_of(item: Item, mode: str | None, *, note: str, reviewer: str, at: str) -> Review:
    """The review that gives an item this failure mode; None withdraws the earlier one."""
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
    """Record key → its last review, without those that were withdrawn.

    An incomplete last line is ignored. Raises UsageError with file and line for any other malformed line.
    """
    path = folder / FILE
    reviews: dict[str, Review] = {}
    for number, values in read_lines(path, "a review") if path.is_file() else ():
        try:
            review = _from_json(values)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{path}:{number}: not a review: {error}") from error
        reviews[review.key] = review
    return {key: review for key, review in reviews.items() if review.mode is not None}


def append_review(folder: Path, review: Review) -> None:
    """Append one review to the run. It survives the death of this process once the function returns."""
    append_line(folder / FILE, {"schema": review.schema, **asdict(review)})


def _from_json(values: Mapping[str, Any]) -> Review:
    if values.get("schema") != 1:
        raise ValueError(f"schema {values.get('schema')!r:.60}; this version reads schema 1")
    names = {f.name for f in fields(Review)}
    review = Review(**{name: value for name, value in values.items() if name in names})
    if not (review.mode is None or (isinstance(review.mode, str) and review.mode)):
        raise ValueError("mode must be a text, or null")
    if wrong := [name for name in _TEXTS if not isinstance(getattr(review, name), str)]:
        raise ValueError(f"{wrong[0]} is {getattr(review, wrong[0])!r:.60}; a text is needed")
    if type(review.epoch) is not int or not 1 <= review.epoch <= MAX_EPOCHS:
        raise ValueError(f"epoch is {review.epoch!r:.60}; a whole number from 1 is needed")
    return replace(review, note=str(review.note))
