"""Labels: which of two answers a person prefers, or how good they rate one. One JSON object per line.

A rater sees no player's name. `shown` records the order in which two answers were presented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ...errors import UsageError
from ...io.jsonl import append_line, read_lines
from ..answers import AnswerId, Winner

Kind: TypeAlias = Literal["pairwise", "rating"]
Scale: TypeAlias = tuple[float, float]
"""The worst and the best rating."""
_MAX = 1e9  # of a rating; ratings are added up


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """One person's answer to one blind question. Raises ValueError if its fields contradict its kind."""

    kind: Kind
    task: str
    sample_id: str
    a: str  # player
    b: str | None = None  # player; None for a rating
    winner: Winner | None = None  # None for a rating
    rating: float | None = None  # on `scale`; None for a pairwise label
    scale: Scale | None = None  # None for a pairwise label
    shown: Literal["ab", "ba"] = "ab"  # the order in which the answers were presented
    rater: str
    at: str  # ISO 8601, UTC
    run_a: str  # run id
    run_b: str | None = None
    key_a: str  # the record's key
    key_b: str | None = None
    note: str = ""
    schema: int = 1

    def __post_init__(self) -> None:
        if self.kind not in ("pairwise", "rating"):
            raise ValueError(f"kind is {self.kind!r}; write pairwise or rating")
        if self.shown not in ("ab", "ba"):
            raise ValueError(f"shown is {self.shown!r}; write ab or ba")
        for name in ("task", "sample_id", "a", "rater", "at", "run_a", "key_a", "note"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} is {getattr(self, name)!r}; a text is needed")
        (_check_pairwise if self.kind == "pairwise" else _check_rating)(self)

    @property
    def question_key(self) -> tuple[object, ...]:
        """The question that this label answers. A later label with the same key replaces an earlier one."""
        a = (self.a, self.run_a, self.key_a)
        b = None if self.b is None else (self.b, self.run_b or "", self.key_b or "")
        return make_question_key(self.kind, self.task, self.sample_id, self.rater, self.scale, a, b)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, `schema` first."""
        return {"schema": self.schema, **asdict(self)}


def make_question_key(
    kind: Kind,
    task: str,
    sample_id: str,
    rater: str,
    scale: Scale | None,
    a: AnswerId,
    b: AnswerId | None,
) -> tuple[object, ...]:
    """The key of one question to one rater. It does not depend on the order of a and b."""
    return (kind, task, sample_id, rater, scale, *sorted([a, b or ("", "", "")]))


def read_labels(path: Path) -> list[Label]:
    """The labels of a file in the order in which their questions were first answered.

    Only a rater's last label per question counts. An incomplete last line (the writer was killed) is
    ignored. Raises UsageError with file and line for any other malformed line, and for a missing file.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file of labels; create one with `hiddenlayer label RUN`")
    labels: dict[tuple[object, ...], Label] = {}
    for number, values in read_lines(path, "a label"):
        try:
            label = _from_json(values)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{path}:{number}: not a label: {error}") from error
        labels[label.question_key] = label
    return list(labels.values())


def append_label(path: Path, label: Label) -> None:
    """Append one label to a file. It survives the death of this process once the function returns."""
    append_line(path, label.to_json())


def _from_json(values: Mapping[str, Any]) -> Label:
    if values.get("schema") != 1:
        raise ValueError(f"schema {values.get('schema')!r}; this version reads schema 1")
    names = {f.name for f in fields(Label)}
    known_values = {name: value for name, value in values.items() if name in names}
    scale = known_values.get("scale")
    return Label(**{**known_values, "scale": tuple(scale) if isinstance(scale, list) else scale})


def _check_pairwise(label: Label) -> None:
    if label.winner not in ("a", "b", "tie"):
        raise ValueError(f"winner is {label.winner!r}; write a, b or tie")
    if not all(isinstance(value, str) for value in (label.b, label.run_b, label.key_b)):
        raise ValueError("a pairwise label needs b, run_b and key_b, each a text")
    if label.rating is not None or label.scale is not None:
        raise ValueError("a pairwise label has no rating and no scale")


def _check_rating(label: Label) -> None:
    if any(value is not None for value in (label.winner, label.b, label.run_b, label.key_b)):
        raise ValueError("a rating is of one answer: it has no winner, b, run_b and key_b")
    if label.scale is None or len(label.scale) != 2 or not all(map(_is_number, label.scale)):
        raise ValueError(f"scale is {label.scale!r}; two numbers are needed, the worst and the best")
    low, high = label.scale
    if not _is_number(label.rating) or not low <= float(label.rating or 0) <= high:
        raise ValueError(f"rating is {label.rating!r}; a number from {low} to {high} is needed")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MAX  # false for NaN
