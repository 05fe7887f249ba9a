"""The samples table of a run that goes on. A page gets only the rows that it does not have yet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from ...types import Record
from ..page.columns import Columns

MAX_ROWS = 5000
"""Rows of one response."""
MAX_MARKS = 300
"""Numbers of rows that a page may go on from. A page that has fallen further behind gets every row."""
_ROWS = {"category": "codes", "number": "numbers", "text": "texts"}
"""Kind of a column → the field that holds its rows."""


class LiveIndex:
    """Columns that grow, and what each of them was when a page last asked."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._columns = Columns()
        self._marks: OrderedDict[int, dict[str, tuple[str, int]]] = OrderedDict()  # rows → column → (kind, values)

    def __len__(self) -> int:
        return self._columns.n

    def add(self, record: Record) -> None:
        """Append a row."""
        self._columns.add(record, self._run)

    def since(self, rows: int) -> dict[str, Any]:
        """What a page that has the first `rows` rows lacks: `{"from", "n", "remaining", "columns"}`.

        At most MAX_ROWS rows are sent; `remaining` says how many follow. Each column has `from`: the
        first row that is sent, 0 if the page must replace the column, and a category column
        `values_from`, the position of the first of `values`.
        """
        mark = self._marks.get(rows, {})
        start = rows if mark else 0
        end = min(len(self), start + MAX_ROWS)
        columns = [_increment(column, start, end, mark.get(column["name"])) for column in self._columns.to_json()]
        self._marks[end] = {column["name"]: (column["kind"], _n_values(column)) for column in columns}
        self._marks.move_to_end(end)
        while len(self._marks) > MAX_MARKS:
            self._marks.popitem(last=False)
        return {"from": start, "n": end, "remaining": len(self) - end, "columns": columns}


def _n_values(increment: Mapping[str, Any]) -> int:
    """How many values of a category column a page has with this increment."""
    return int(increment.get("values_from", 0)) + len(increment.get("values", ()))


def _increment(column: dict[str, Any], start: int, end: int, known: tuple[str, int] | None) -> dict[str, Any]:
    """The column from row `start` on; from its first row if the page does not know it in this form."""
    kind = column["kind"]
    first, values_from = (start, known[1]) if known is not None and known[0] == kind else (0, 0)
    rows = column[_ROWS[kind]][first:end]
    increment = {**column, "from": first, _ROWS[kind]: rows}
    if kind == "category":  # values are in the order of their first appearance
        values_end = max(values_from, max(rows, default=-1) + 1)
        increment |= {"values": column["values"][values_from:values_end], "values_from": values_from}
    return increment
