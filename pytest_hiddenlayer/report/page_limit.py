"""How many records of a large run its page holds, and the sentence on the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..types import Record
from .page.log_reader import LoggedRecord, LogReader

MAX_RECORDS = 200_000
"""Records of a page: a file of about 200 MB, which takes 200 MB to write and a browser 200 MB to show."""


class PageRecords:
    """The first records of every cell of a run, as many of each, if all of them would be too many for a page."""

    def __init__(self, log: LogReader, cells: Sequence[Mapping[str, Any]] | None, limit: int | None = None) -> None:
        """`cells` are those of the run's summary; None: it has none, and the log's first records are shown."""
        self._log, self._limit = log, MAX_RECORDS if limit is None else limit
        self._answers = {_key(cell): sum(cell["outcomes"].values()) for cell in cells or ()}
        self.n_all = sum(self._answers.values())  # 0: unknown
        enough = self.n_all <= self._limit
        self._share = self._limit if enough else max(1, self._limit // max(1, len(self._answers)))
        self._taken: Counter[tuple[str, ...]] = Counter()
        self._left_out = False

    def __iter__(self) -> Iterator[LoggedRecord]:
        """Yield the records; the log is read no further than needed."""
        for logged in self._log:
            if not self._take(logged.record):
                self._left_out = True
                if self._full():
                    return
                continue
            yield logged

    def _take(self, record: Record) -> bool:
        if self._taken.total() >= self._limit or self._taken[record.cell] >= self._share:
            return False
        self._taken[record.cell] += 1
        return True

    def _full(self) -> bool:
        """Whether no record of the rest of the log can be taken."""
        if self._taken.total() >= self._limit:
            return True
        return bool(self._answers) and all(
            self._taken[key] >= min(n, self._share) for key, n in self._answers.items()
        )

    def notices(self, run: str) -> list[dict[str, str]]:
        """A sentence on the records that the page leaves out, with how to see them; empty if it holds all."""
        if not self._left_out:
            return []
        of = f" of the {self.n_all:,} answers of this run" if self.n_all else " answers of this run"
        which = "the first ones of every cell" if len(self._answers) > 1 else "the first ones"
        scores = "Scores, costs and gates are those of all answers; calls by role, latencies and rounds"
        text = (
            f"This page shows {self._taken.total():,}{of}, {which}: a page of all would be too large for a browser. "
            f"{scores if self.n_all else 'Scores, costs and calls'} are those of the answers shown. "
            f"`hiddenlayer show {run} --sample ID` shows any sample, and `hiddenlayer export {run} --to parquet` "
            f"writes a table of all."
        )
        return [{"level": "warning", "text": text}]


def _key(cell: Mapping[str, Any]) -> tuple[str, ...]:
    return (cell["task"], cell["label"], cell["provider"], cell["slug"])
