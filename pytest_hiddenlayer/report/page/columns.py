"""The columns of the samples table, filled record by record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from ...results.metrics.confidence import confidence_of
from ...types import Record
from .cell_statistics import answer_calls, answer_latency_s
from .column_kinds import AnyColumn, CategoryColumn, NumberColumn, TextColumn, shortened
from .record_texts import input_text, target_text
from .sections import json_bytes

MAX_METADATA = 30
"""How many metadata keys have a column: those that appear first."""
MAX_SCORERS = 30
"""How many further scorers have a column."""
MAX_TITLE = 60
MAX_COUNTED = 1000  # names without a column that are counted

Shown = bool | Callable[[AnyColumn], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kind:
    """A column that every page may have."""

    title: str
    make: Callable[[], AnyColumn]
    read: Callable[[Record], Any]
    hidden: Shown = False
    optional: bool = False  # left out if no record has a value


def _is_constant(column: AnyColumn) -> bool:
    """Whether a column says nothing, because all rows have the same value."""
    return len(column.distinct) < 2


def _usage(part: str) -> Callable[[Record], Any]:
    return lambda record: record.usage.get(part)


_make_typed = partial(CategoryColumn, typed=True)

_KINDS: Mapping[str, _Kind] = {
    "task": _Kind(title="task", make=CategoryColumn, read=lambda r: r.task, hidden=_is_constant),
    "strategy": _Kind(title="strategy", make=CategoryColumn, read=lambda r: r.label, hidden=_is_constant),
    "provider": _Kind(title="provider", make=CategoryColumn, read=lambda r: r.provider, hidden=_is_constant),
    "model": _Kind(title="model", make=CategoryColumn, read=lambda r: r.slug, hidden=_is_constant),
    "sample": _Kind(title="sample", make=TextColumn, read=lambda r: r.sample_id),
    "epoch": _Kind(title="epoch", make=NumberColumn, read=lambda r: r.epoch, hidden=_is_constant),
    "outcome": _Kind(title="outcome", make=CategoryColumn, read=lambda r: r.outcome),
    "input": _Kind(title="input", make=TextColumn, read=input_text),
    "target": _Kind(title="target", make=TextColumn, read=lambda r: target_text(r.target)),
    "answer": _Kind(title="answer", make=TextColumn, read=lambda r: r.answer),
    "score": _Kind(title="score", make=NumberColumn, read=lambda r: r.score),
    "confidence": _Kind(title="confidence", make=NumberColumn, read=confidence_of, optional=True),
    "calls": _Kind(title="calls", make=NumberColumn, read=_usage("calls"), hidden=True),
    "input_tokens": _Kind(title="input tokens", make=NumberColumn, read=_usage("input_tokens")),
    "output_tokens": _Kind(title="output tokens", make=NumberColumn, read=_usage("output_tokens")),
    "reasoning_tokens": _Kind(
        title="reasoning tokens", make=NumberColumn, read=_usage("reasoning_tokens"), hidden=True, optional=True
    ),
    "cost_usd": _Kind(title="cost, $", make=NumberColumn, read=lambda r: r.cost_usd),
    "latency_s": _Kind(title="latency, s", make=NumberColumn, read=answer_latency_s),
    "finish": _Kind(
        title="finish reason", make=CategoryColumn, read=lambda r: _finish(r), hidden=True, optional=True
    ),
    "cached": _Kind(title="cached", make=CategoryColumn, read=lambda r: "yes" if r.cached else "no", hidden=True),
    "group": _Kind(title="group", make=_make_typed, read=lambda r: r.group, hidden=True, optional=True),
    "must_pass": _Kind(
        title="must pass",
        make=CategoryColumn,
        read=lambda r: "yes" if r.must_pass else None,
        hidden=True,
        optional=True,
    ),
    "error": _Kind(title="error", make=TextColumn, read=lambda r: r.error, optional=True),
}


@dataclass(kw_only=True, slots=True)
class Columns:
    """The columns of a page. A scorer or a metadata key has a column from its first record on.

    `tags` names each cell's tags, joined by a space; `changes` has a word per (*cell, sample id).
    """

    tags: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    changes: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    n: int = 0
    _runs: CategoryColumn = field(default_factory=CategoryColumn)
    _fixed: dict[str, AnyColumn] = field(default_factory=lambda: {name: kind.make() for name, kind in _KINDS.items()})
    _readers: list[tuple[Callable[[Record], Any], AnyColumn]] = field(init=False)
    _tags: CategoryColumn = field(default_factory=CategoryColumn)
    _changes: CategoryColumn = field(default_factory=CategoryColumn)
    _replaced: CategoryColumn = field(default_factory=CategoryColumn)
    _scorers: dict[str, NumberColumn] = field(default_factory=dict)
    _metadata: dict[str, CategoryColumn] = field(default_factory=dict)
    _rows: dict[tuple[str, ...], dict[Any, int]] = field(default_factory=dict)  # cell → item → its last row
    _more_metadata: set[str] = field(default_factory=set)  # keys without a column
    n_replaced: int = 0  # rows that a later row replaced

    def __post_init__(self) -> None:
        self._readers = [(_KINDS[name].read, column) for name, column in self._fixed.items()]

    def add(self, record: Record, run: str) -> None:
        """Append a row."""
        cell = record.cell
        self._runs.add(run)
        for read, column in self._readers:
            column.add(read(record))
        self._tags.add(self.tags.get(cell) or None)
        self._changes.add(self.changes.get((*cell, record.sample_id)) if self.changes else None)
        for name, score in islice(record.scores.items(), 1, None):
            self._add(self._scorers, name, NumberColumn, score["value"], MAX_SCORERS)
        for name, value in record.metadata.items():
            self._add(self._metadata, name, _make_typed, _plain(value), MAX_METADATA)
        self._replace((run, *cell), record)
        self.n += 1

    def _replace(self, cell: tuple[str, ...], record: Record) -> None:
        """Mark the earlier row of an item that was answered again: metrics count the last answer only."""
        self._replaced.add(None)
        rows = self._rows.setdefault(cell, {})
        item = record.sample_id if record.epoch == 1 else (record.sample_id, record.epoch)
        if (earlier := rows.get(item)) is not None:
            self._replaced.mark(earlier, "yes")
            self.n_replaced += 1
        rows[item] = self.n

    def _add(self, columns: dict[str, Any], name: str, make: Callable[[], AnyColumn], value: Any, limit: int) -> None:
        """Append to a column that not every record has a value of."""
        if name not in columns:
            if len(columns) >= limit:
                if len(self._more_metadata) < MAX_COUNTED:
                    self._more_metadata.add(name)
                return
            columns[name] = make()
        columns[name].fill(self.n)
        columns[name].add(value)

    def parts(self) -> Iterator[bytes | bytearray]:
        """The JSON list of the columns, in parts: each column has a name and a title."""
        yield b"["
        for at, (name, title, hidden, column) in enumerate(self.present()):
            column.fill(self.n)
            words = json_bytes({"name": name, "title": shortened(title, MAX_TITLE), "hidden": hidden})
            yield (b"," if at else b"") + words[:-1] + b","
            yield from column.parts()
            yield b"}"
        yield b"]"

    def present(self) -> Iterator[tuple[str, str, bool, AnyColumn]]:
        """(name, title, hidden by default, column) of those that have a value, in order."""
        yield "run", "run", _is_constant(self._runs), self._runs
        for name, kind in _KINDS.items():
            column = self._fixed[name]
            if not kind.optional or len(column.distinct):
                yield name, kind.title, kind.hidden(column) if callable(kind.hidden) else kind.hidden, column
            if name == "outcome" and self._changes.distinct:
                yield "change", "change", False, self._changes
            if name == "score":
                yield from ((f"score:{scorer}", scorer, False, column) for scorer, column in self._scorers.items())
        if self._tags.distinct:
            yield "tag", "tags", True, self._tags
        if self._replaced.distinct:
            yield "replaced", "replaced", False, self._replaced
        yield from ((f"metadata:{key}", key, True, column) for key, column in self._metadata.items())

    def to_json(self) -> list[dict[str, Any]]:
        """Every column with its name and title, as JSON values."""
        columns: list[dict[str, Any]] = json.loads(b"".join(self.parts()))
        return columns

    def notices(self) -> Sequence[dict[str, str]]:
        """Sentences on rows and columns that a reader would not expect."""
        found = []
        if n := self.n_replaced:
            rows = "1 answer was" if n == 1 else f"{n:,} answers were"
            found.append(
                f"{rows} replaced by a later answer to the same sample and epoch; scores count the last one. "
                "In the table of samples, the column “replaced” marks the earlier ones."
            )
        if n := len(self._more_metadata):
            at_least = "at least " if n == MAX_COUNTED else ""
            found.append(
                f"{at_least}{n:,} metadata keys or scorers have no column in the table of samples; "
                "each sample shows its own."
            )
        return [{"level": "info", "text": text} for text in found]


def _finish(record: Record) -> str | None:
    """The finish reason of the last call of the strategy."""
    calls = answer_calls(record)
    return calls[-1].get("finish_reason") if calls else None


def _plain(value: Any) -> Any:
    """A metadata value as a table shows it: several plain values are joined; None if it is no plain value."""
    if isinstance(value, list):
        return None if any(isinstance(part, dict | list) for part in value) else ", ".join(map(str, value)) or None
    return None if isinstance(value, dict) else value
