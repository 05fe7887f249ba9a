"""What is known of a run while it goes on: progress, metrics of the answers so far, and records by row."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ...identifiers import controlled
from ...results.cell_config import CellConfig
from ...results.log.lean_records import without_texts
from ...results.log.summary import summary
from ...results.metrics.cells import compute_metrics, config_from_records
from ...types import Record
from ..page.cell_statistics import PageStatistics
from ..page.changes import changes
from ..page.log_reader import LoggedRecord
from ..page.overview import overview
from ..page.record_texts import search_text
from ..page.run_files import early_end_notices, read_run_files
from .growing_log import GrowingLog
from .live_index import LiveIndex

CellKey = tuple[str, str, str, str]
SHARE = 0.05
"""Of the time, at most, in which metrics are computed again."""
MAX_ROWS = 200
"""Records of one response."""
MAX_BYTES = 4 * 1024 * 1024
"""Bytes of records in one response, unless the first record alone has more."""
MAX_NEW = 2000
"""Records that are read for one response."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a run ended."""

    cells: Sequence[Mapping[str, Any]]  # as in `summary.json`
    complete: bool  # false: it was stopped early
    report: str | None  # where its report is, as the user would type it; None: it has none


class LiveRun:
    """Reads the log of a run when a page asks. Methods may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        configs: Callable[[], Mapping[CellKey, CellConfig]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._configs = configs  # of the planned cells, as far as they are known by now
        self._clock = clock
        self._started = clock()
        self._lock = threading.Lock()
        self._tags: dict[tuple[str, ...], str] = {}
        self._log = GrowingLog(folder)
        self._index = LiveIndex(folder.name, self._tags)
        self._statistics = PageStatistics()
        self._cells: dict[CellKey, dict[tuple[str, int], Record]] = {}  # a repeated answer replaces the earlier one
        self._counts = {"errors": 0, "unknown_costs": 0}
        self._cost_usd = 0.0
        self._overview: dict[str, Any] = {}
        self._version = 0  # of the overview
        self._overview_rows = -1  # rows that the overview counts
        self._due_at = 0.0  # when metrics may be computed again
        self._ending: Ending | None = None
        self._ended_after = 0.0

    @property
    def ended(self) -> bool:
        """Whether the run has ended."""
        return self._ending is not None

    def end(self, ending: Ending) -> None:
        """Note that the run has ended."""
        with self._lock:
            self._ending, self._ended_after, self._overview_rows = ending, self._clock() - self._started, -1

    def has_news(self, rows: int, version: int) -> bool:
        """Whether there is something that a page with so many rows and this overview lacks."""
        with self._lock:
            stale = self._overview_rows != len(self._index) and self._clock() >= self._due_at
            return stale or version != self._version or rows != len(self._index) or self._log.has_grown()

    def state(self, rows: int, version: int) -> dict[str, Any]:
        """Progress, the rows from `rows` on, and the overview unless the page has this version of it."""
        with self._lock:
            self._read()
            self._update_overview()
            return {
                "version": self._version,
                "progress": self._progress(),
                "index": self._index.since(rows),
                "overview": None if version == self._version else self._overview,
            }

    def records(self, start: int, end: int) -> list[bytes]:
        """The JSON of these rows, at least one; fewer than asked for if they are many or long."""
        return [logged.content for logged in self._logged(start, end)]

    def search_texts(self, start: int, end: int) -> list[str]:
        """What a search looks at in these rows; fewer than asked for if they are many or long."""
        return [search_text(logged.record) for logged in self._logged(start, end)]

    def changes(self) -> dict[str, Any] | None:
        """The changes against the baseline; None before the end, or if there was none."""
        return changes(self.folder) if self.ended else None

    def _logged(self, start: int, end: int) -> Iterator[LoggedRecord]:
        size = 0
        for number, logged in enumerate(self._log.logged(start, min(end, start + MAX_ROWS))):
            size += len(logged.content)
            if number and size > MAX_BYTES:
                return
            yield logged

    def _read(self) -> None:
        self._tags.update((key, " ".join(config.tags)) for key, config in dict(self._configs()).items())
        for record in islice(self._log.new_records(), MAX_NEW):
            self._index.add(record)
            self._statistics.add(record)
            self._cost_usd += record.cost_usd or 0.0
            self._counts["unknown_costs"] += record.cost_usd is None and bool(record.transcript)
            if controlled(record.label) is None:  # a control sample is no answer of the plan
                answers, item = self._cells.setdefault(record.cell, {}), (record.sample_id, record.epoch)
                self._counts["errors"] += _is_error(record) - _is_error(answers.get(item))
                answers[item] = without_texts(record)

    def _update_overview(self) -> None:
        """Compute metrics if there are new rows and the last computation is long enough ago."""
        began = self._clock()
        if self._overview_rows == len(self._index) or (began < self._due_at and not self.ended):
            return
        self._overview = self._make_overview()
        self._version += 1
        self._overview_rows = len(self._index)
        self._due_at = began + (self._clock() - began) / SHARE

    def _make_overview(self) -> dict[str, Any]:
        """As the page that is written at the end; see `Overview` in `web/src/data.ts`."""
        files = read_run_files(self.folder)
        ending = self._ending
        files.ended, files.complete = ending is not None, ending is not None and ending.complete
        files.cells = ending.cells if ending is not None and ending.cells else self._metrics()
        files.notices = early_end_notices(files, len(self._index)) if ending is not None else []
        files.notices += [*self._log.notices(), *self._index.columns.notices()]
        return {**overview(self.folder, self._statistics, files), "live": ending is None}

    def _metrics(self) -> list[dict[str, Any]]:
        """The cells so far, as in `summary.json`; a planned cell without an answer has no score.

        `n_selected` counts the answers so far: those that are to come are not missing.
        """
        configs = dict(self._configs())
        for key, answers in self._cells.items():
            configs.setdefault(key, config_from_records(list(answers.values())))
        metrics = [
            compute_metrics(config, list(self._cells.get(key, {}).values()))
            for key, config in configs.items()
            if config.selected
        ]
        return [{**cell, "n_selected": sum(cell["outcomes"].values())} for cell in summary(metrics, {})]

    def _progress(self) -> dict[str, Any]:
        """See `Progress` in `web/src/data.ts`."""
        done = sum(map(len, self._cells.values()))
        planned = sum(config.planned_answers for config in dict(self._configs()).values())
        elapsed = self._ended_after if self.ended else self._clock() - self._started
        rate = done / elapsed if done and elapsed > 0 else None
        left = (planned - done) / rate if rate and planned >= done and not self.ended else None
        return {
            **self._counts,
            "done": done,
            "planned": planned or None,
            "cost_usd": self._cost_usd,
            "elapsed_s": round(elapsed, 1),
            "rate_per_s": rate,
            "left_s": left,
            "ended": self.ended,
            "complete": self._ending is not None and self._ending.complete,
            "folder": str(self.folder),
            "report": self._ending.report if self._ending is not None else None,
        }


def _is_error(record: Record | None) -> bool:
    return record is not None and record.outcome == "error"
