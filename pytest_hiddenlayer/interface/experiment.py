"""An experiment: one run folder with the single calls, strategies and values that belong together."""

from __future__ import annotations

import math
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import UsageError
from ..io.jsonl import LineLog
from ..project import Project
from ..results.log.run_log import METRICS, RunLog, new_run_id, read_records
from ..results.log.summary import summary
from ..results.metrics.cells import by_cell, compute_metrics, config_from_records
from ..types import Record


class Experiment:
    """One run that single calls and logged values belong to. Its folder is made with the first of them."""

    def __init__(self, project: Project, name: str, config: Mapping[str, Any]) -> None:
        self.name, self.config = name, _plain(config, "config")
        self.started_at = datetime.now(UTC).isoformat()
        self.finished = False
        self._log = RunLog(project.root, new_run_id(), [Path(sys.argv[0]).name or "python"], reports=project.reports)
        self._metrics: LineLog | None = None
        self._opened = False
        self._repetitions: Counter[tuple[str, ...]] = Counter()  # of equal questions
        self._steps = 0
        self._lock = threading.RLock()

    @property
    def run_id(self) -> str:
        """The id of the run: the name of its folder."""
        return self._log.run_id

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self._log.folder

    def log(self, values: Mapping[str, Any] | None = None, /, *, step: int | None = None, **more: Any) -> None:
        """Append values to `metrics.jsonl`, with time and step (by default counted from 0).

        Raises UsageError for a value that JSON cannot hold, or after `finish`.
        """
        if values is not None and not isinstance(values, Mapping):
            raise UsageError(f"tracker.log({values!r}): pass values by name, such as accuracy=0.9, or a dictionary")
        written = _plain({**(values or {}), **more}, "log")
        if not written:
            raise UsageError("tracker.log(): nothing to log; pass values such as accuracy=0.9")
        with self._lock:
            self._open()
            if self._metrics is None:
                self._metrics = LineLog(self.folder / METRICS, shared=False)
            self._steps = self._steps if step is None else step
            self._metrics.append({"time": datetime.now(UTC).isoformat(), "step": self._steps, **written})
            self._steps += 1

    def add(self, record: Record) -> Record:
        """Append the record of a question, and return it with this run's id; an equal question is its next epoch."""
        with self._lock:
            self._open()
            place = (*record.cell, record.sample_id)
            self._repetitions[place] += 1
            record = replace(record, run_id=self.run_id, epoch=self._repetitions[place])
            self._log.append(record)
        return record

    def finish(self) -> None:
        """Write summary and manifest. Finishing twice does nothing.

        An experiment without a call or a value has no folder.
        """
        with self._lock:
            if self.finished:
                return
            self.finished = True
            if self._opened:
                self._conclude()
            self._log.close()
            if self._metrics is not None:
                self._metrics.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish()

    def __repr__(self) -> str:
        return f"Experiment({self.name!r}, run_id={self.run_id!r}{', finished' if self.finished else ''})"

    def _open(self) -> None:
        if self.finished:
            raise UsageError(
                f"experiment {self.name!r} ({self.run_id}) is finished; start another with tracker.start()"
            )
        if not self._opened:
            self._log.open()
            self._log.write_manifest(self._manifest())
            self._opened = True

    def _manifest(self) -> dict[str, Any]:
        return {"kind": "experiment", "name": self.name, "config": self.config, "started_at": self.started_at}

    def _conclude(self) -> None:
        with suppress(UsageError):  # no call, only values
            records = list(read_records(self.folder))
            cells = [compute_metrics(config_from_records(cell), cell) for cell in by_cell(records).values()]
            self._log.write_summary(summary(cells, {}))
            models = sorted({f"{record.provider}:{record.model}" for record in records})
            tasks = dict.fromkeys((record.task for record in records), "")
            self._log.write_manifest(
                {
                    **self._manifest(),
                    "finished_at": datetime.now(UTC).isoformat(),
                    "models": models,
                    "tasks": tasks,
                    "records": len(records),
                }
            )


def _plain(values: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Return the values as JSON holds them: numbers of numpy become Python's. Raises UsageError."""
    return {str(name): _plain_value(value, f"{what}: {name}") for name, value in values.items()}


def _plain_value(value: Any, what: str) -> Any:
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        with suppress(ValueError, TypeError):
            value = value.item()
    if isinstance(value, Mapping):
        return _plain(value, what)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain_value(item, what) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{what} is {value}, which JSON cannot hold; log None for an unknown value")
    if isinstance(value, str | int | float | bool | None):
        return value
    raise UsageError(
        f"{what} has the type {type(value).__name__}, which JSON cannot hold; pass a number, a text or a list"
    )
