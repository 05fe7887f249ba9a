"""What people said of answers: which of two is better, or how good one is. One JSON object a line.

Players have names: `strategy label@provider:model slug`, such as `debate@mlx:nano-1`. Whoever
answers sees none of them, and the order in which two answers stood is kept in `shown`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ...errors import UsageError
from ...io.jsonl import append_line, read_lines
from ...types import Record

LABELS = Path("reports") / "labels.jsonl"
Kind: TypeAlias = Literal["pairwise", "rating"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """One answer of one person to one blind question."""

    kind: Kind
    task: str
    sample_id: str
    a: str  # player
    b: str | None = None  # player; None for a rating
    winner: Literal["a", "b", "tie"] | None = None  # None for a rating
    rating: float | None = None  # on `scale`; None for a pairwise label
    scale: tuple[float, float] | None = None  # worst and best rating; None for a pairwise label
    shown: Literal["ab", "ba"] = "ab"  # the order in which the answers stood
    rater: str
    at: str  # ISO 8601, UTC
    run_a: str  # run id
    run_b: str | None = None
    key_a: str  # the record's key
    key_b: str | None = None
    note: str = ""
    schema: int = 1

    def __post_init__(self) -> None:
        """Raise ValueError for a label that says nothing, or more than its kind can."""
        if self.kind not in ("pairwise", "rating"):
            raise ValueError(f"kind is {self.kind!r}; write pairwise or rating")
        if self.shown not in ("ab", "ba"):
            raise ValueError(f"shown is {self.shown!r}; write ab or ba")
        for name in ("task", "sample_id", "a", "rater", "at", "run_a", "key_a", "note"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} is {getattr(self, name)!r}; a text is needed")
        (_check_pairwise if self.kind == "pairwise" else _check_rating)(self)

    @property
    def question(self) -> tuple[object, ...]:
        """What was asked of whom, whichever of the two is called a: a later answer to it replaces an earlier one."""
        b = None if self.b is None else (self.b, self.run_b or "", self.key_b or "")
        a = (self.a, self.run_a, self.key_a)
        return question_of(self.kind, self.task, self.sample_id, self.rater, self.scale, a, b)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, `schema` first."""
        return {"schema": self.schema, **asdict(self)}


def question_of(
    kind: Kind,
    task: str,
    sample_id: str,
    rater: str,
    scale: tuple[float, float] | None,
    a: tuple[str, str, str],
    b: tuple[str, str, str] | None,
) -> tuple[object, ...]:
    """What tells one question to one rater from all others; a and b are (player, run id, record key)."""
    return (kind, task, sample_id, rater, scale, *sorted([a, b or ("", "", "")]))


def player_of(record: Record) -> str:
    """`strategy label@provider:model slug`: who gave this answer."""
    return f"{record.label}@{record.provider}:{record.slug}"


def read_labels(path: Path) -> list[Label]:
    """The labels of a file, in the order of asking; of several answers of one rater to one question the last.

    Half a line at the very end (a process that was killed while writing) is left out. Raises
    UsageError with file and line for any other line that is no label, and for a missing file.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file of labels; make one with `hiddenlayer label RUN`")
    found: dict[tuple[object, ...], Label] = {}
    for number, values in read_lines(path, "a label"):
        try:
            label = _from_json(values)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{path}:{number}: not a label: {error}") from error
        found[label.question] = label
    return list(found.values())


def append_label(path: Path, label: Label) -> None:
    """Put one label on disk; when this returns, the death of this process cannot lose it."""
    append_line(path, label.to_json())


def _from_json(values: Mapping[str, Any]) -> Label:
    known = {f.name for f in fields(Label)}
    if values.get("schema") != 1:
        raise ValueError(f"schema {values.get('schema')!r}; this version reads schema 1")
    chosen = {name: value for name, value in values.items() if name in known}
    scale = chosen.get("scale")
    return Label(**{**chosen, "scale": tuple(scale) if isinstance(scale, list) else scale})


def _check_pairwise(label: Label) -> None:
    if label.winner not in ("a", "b", "tie"):
        raise ValueError(f"winner is {label.winner!r}; write a, b or tie")
    if None in (label.b, label.run_b, label.key_b):
        raise ValueError("a pairwise label needs b, run_b and key_b")
    if label.rating is not None:
        raise ValueError("a pairwise label has no rating")


def _check_rating(label: Label) -> None:
    if label.winner is not None or label.b is not None:
        raise ValueError("a rating is of one answer: it has no winner and no b")
    if label.scale is None or len(label.scale) != 2 or not all(map(_is_number, label.scale)):
        raise ValueError(f"scale is {label.scale!r}; two numbers are needed, the worst and the best")
    low, high = label.scale
    if not _is_number(label.rating) or not low <= float(label.rating or 0) <= high:
        raise ValueError(f"rating is {label.rating!r}; a number from {low} to {high} is needed")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
