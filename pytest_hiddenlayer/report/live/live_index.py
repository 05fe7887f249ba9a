"""The samples table of a run that goes on. A page gets only the rows that it does not have yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from ...types import Record
from ..page.column_kinds import AnyColumn, shortened
from ..page.columns import MAX_TITLE, Columns

MAX_ROWS = 5000
"""Rows of one response, about."""
MAX_MARKS = 300
"""Numbers of rows that a page may go on from, besides every MARKED_ROWS-th; from another it gets every row."""
MARKED_ROWS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mark:
    """What the columns were at some number of rows."""

    positions: Mapping[str, tuple[str, int]]  # name → (kind, position)
    n_replaced: int  # rows that a later one replaced: it changes a column in earlier rows


class LiveIndex:
    """Columns that grow, and what each of them was when a page last asked."""

    def __init__(self, run: str, tags: Mapping[tuple[str, ...], str] | None = None) -> None:
        self._run = run
        self.columns = Columns(tags=tags or {})
        self._marks: dict[int, _Mark] = {}  # rows → mark, in ascending order
        self._kept = 0  # the last mark that is never dropped

    def __len__(self) -> int:
        return self.columns.n

    def add(self, record: Record) -> None:
        """Append a row."""
        self.columns.add(record, self._run)
        if self.columns.n >= self._kept + MARKED_ROWS:
            self._kept = self.columns.n
            self._mark()

    def since(self, rows: int) -> dict[str, Any]:
        """What a page that has the first `rows` rows lacks: `{"from", "n", "remaining", "columns"}`.

        `remaining` says how many rows follow in the next response. Each column has `from`: the first
        row that is sent, 0 if the page must replace the column. A category column has
        `values_from`, the position of the first of `values`.
        """
        self._mark()
        known = self._marks.get(rows)
        start = 0 if known is None else rows
        ends = takewhile(lambda end: end <= start + MAX_ROWS, (end for end in self._marks if end > start))
        end = max(ends, default=len(self))
        columns = [
            {
                "name": name,
                "title": shortened(title, MAX_TITLE),
                "hidden": hidden,
                **self._rows(name, column, end, start),
            }
            for name, title, hidden, column in self.columns.present()
        ]
        return {"from": start, "n": end, "remaining": len(self) - end, "columns": columns}

    def _rows(self, name: str, column: AnyColumn, end: int, start: int) -> dict[str, Any]:
        """The column from row `start` on; from its first row if the page does not know it in this form."""
        known = self._marks.get(start)
        column.fill(len(self))
        kind, position = ("", 0) if known is None else known.positions.get(name, ("", 0))
        changed = name == "replaced" and known is not None and known.n_replaced != self.columns.n_replaced
        if not changed and start and kind == _kind(column):
            return {"from": start, **column.rows(start, end, position)}
        return {"from": 0, **column.rows(0, end, 0)}

    def _mark(self) -> None:
        """Note what the columns are, and forget old marks."""
        present = list(self.columns.present())
        for _, _, _, column in present:
            column.fill(len(self))
        self._marks[len(self)] = _Mark(
            positions={name: (_kind(column), column.position) for name, _, _, column in present},
            n_replaced=self.columns.n_replaced,
        )
        recent = [rows for rows in self._marks if rows % MARKED_ROWS]
        for rows in recent[:-MAX_MARKS]:
            del self._marks[rows]


def _kind(column: AnyColumn) -> str:
    return str(column.rows(0, 0, 0)["kind"])
