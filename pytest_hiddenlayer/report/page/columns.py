"""The columns of the samples table, filled record by record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...types import Record

MAX_TEXT = 200
MAX_METADATA = 30
"""How many metadata keys have a column: those that appear first."""


class CategoryColumn:
    """Texts with few distinct values, stored as positions in the list of distinct values."""

    def __init__(self) -> None:
        self._positions: dict[str, int] = {}
        self.rows: list[Any] = []

    def add(self, value: Any) -> None:
        """Append a value; None: the record has none."""
        self.rows.append(-1 if value is None else self._positions.setdefault(str(value), len(self._positions)))

    def to_json(self) -> dict[str, Any]:
        """The column's values."""
        return {"kind": "category", "values": list(self._positions), "codes": self.rows}


class NumberColumn:
    """Numbers; None is unknown."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    def add(self, value: Any) -> None:
        """Append a number, rounded to 6 significant digits."""
        self.rows.append(float(f"{value:.6g}") if isinstance(value, float) else value)

    def to_json(self) -> dict[str, Any]:
        """The column's values."""
        return {"kind": "number", "numbers": self.rows}


class TextColumn:
    """Texts, each cut to MAX_TEXT characters."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    def add(self, value: Any) -> None:
        """Append a text; None: the record has none."""
        self.rows.append(value if value is None or len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…")

    def to_json(self) -> dict[str, Any]:
        """The column's values."""
        return {"kind": "text", "texts": self.rows}


AnyColumn = CategoryColumn | NumberColumn | TextColumn
_COLUMNS: Mapping[str, tuple[type[AnyColumn], str, bool, Callable[[Record], Any]]] = {
    "task": (CategoryColumn, "task", False, lambda record: record.task),
    "strategy": (CategoryColumn, "strategy", False, lambda record: record.label),
    "provider": (CategoryColumn, "provider", True, lambda record: record.provider),
    "model": (CategoryColumn, "model", False, lambda record: record.slug),
    "sample": (TextColumn, "sample", False, lambda record: record.sample_id),
    "epoch": (NumberColumn, "epoch", True, lambda record: record.epoch),
    "outcome": (CategoryColumn, "outcome", False, lambda record: record.outcome),
    "input": (TextColumn, "input", False, lambda record: input_text(record)),
    "target": (TextColumn, "target", False, lambda record: target_text(record.target)),
    "answer": (TextColumn, "answer", False, lambda record: record.answer),
    "score": (NumberColumn, "score", False, lambda record: record.score),
    "calls": (NumberColumn, "calls", True, lambda record: record.usage.get("calls")),
    "input_tokens": (NumberColumn, "input tokens", False, lambda record: record.usage.get("input_tokens")),
    "output_tokens": (NumberColumn, "output tokens", False, lambda record: record.usage.get("output_tokens")),
    "cost_usd": (NumberColumn, "cost, $", False, lambda record: record.cost_usd),
    "latency_s": (NumberColumn, "latency, s", False, lambda record: record.latency_s),
    "cached": (CategoryColumn, "cached", True, lambda record: "yes" if record.cached else "no"),
    "error": (TextColumn, "error", True, lambda record: record.error),
}


class Columns:
    """The columns of a page. A scorer or a metadata key has a column from its first record on."""

    def __init__(self) -> None:
        self.n = 0
        self._runs = CategoryColumn()
        self._fixed = [(kind(), read) for kind, _, _, read in _COLUMNS.values()]
        self._scorers: dict[str, NumberColumn] = {}
        self._metadata: dict[str, CategoryColumn] = {}

    def add(self, record: Record, run: str) -> None:
        """Append a row."""
        self._runs.add(run)
        for column, read in self._fixed:
            column.add(read(record))
        for name, score in list(record.scores.items())[1:]:
            self._add(self._scorers, name, NumberColumn, score["value"])
        for name, value in record.metadata.items():
            if not isinstance(value, dict | list) and (name in self._metadata or len(self._metadata) < MAX_METADATA):
                self._add(self._metadata, name, CategoryColumn, value)
        self.n += 1

    def _add(self, columns: dict[str, Any], name: str, kind: type[AnyColumn], value: Any) -> None:
        """Append to a column that not every record has a value of."""
        column = columns.setdefault(name, kind())
        _fill(column, self.n)
        column.add(value)

    def to_json(self) -> list[dict[str, Any]]:
        """Every column with its name and title."""
        dynamic: tuple[AnyColumn, ...] = (*self._scorers.values(), *self._metadata.values())
        for column in dynamic:
            _fill(column, self.n)
        fixed = [
            {"name": name, "title": title, "hidden": hidden, **column.to_json()}
            for (name, (_, title, hidden, _)), (column, _) in zip(_COLUMNS.items(), self._fixed, strict=True)
        ]
        others = [
            {"name": f"{kind}:{name}", "title": name, "hidden": hidden, **column.to_json()}
            for kind, hidden, columns in (("score", False, self._scorers), ("metadata", True, self._metadata))
            for name, column in columns.items()
        ]
        return [{"name": "run", "title": "run", "hidden": True, **self._runs.to_json()}, *fixed, *others]


def _fill(column: AnyColumn, n: int) -> None:
    """Append unknown values up to n rows."""
    while len(column.rows) < n:
        column.add(None)


def input_text(record: Record) -> str:
    """A sample's input: its text, or the last message of a chat."""
    if isinstance(record.input, str):
        return record.input
    return str(record.input[-1].get("content", "")) if record.input else ""


def target_text(target: Any) -> str | None:
    """A sample's target; several accepted answers are joined by ` | `."""
    if target is None or isinstance(target, str):
        return target
    return " | ".join(map(str, target)) if isinstance(target, list | tuple) else str(target)
