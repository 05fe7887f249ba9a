"""The tracker: every call and every run, logged on disk.

Single calls and strategies belong to an experiment: one run folder with `run.json` (name, configuration, command,
git commit, versions), `records.jsonl` and `metrics.jsonl`. Without `tracker.start` they belong to an experiment of
the process, named `questions`. `hiddenlayer runs`, `show`, `compare` and `open` read its folder as any other run.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..api import run_options
from ..engine.cases import Case
from ..engine.runtime import Runtime
from ..errors import HiddenLayerError, UsageError
from ..options import RunOptions
from ..project import Project, find_project
from ..session.conftests import load_conftests
from ..session.writing import check_reports
from ..types import Call, Record
from .experiment import Experiment

QUESTIONS = "questions"


class Tracker:
    """Logs what a process asks, and keeps models open between calls.

    `close`, or the end of the process, closes them.
    """

    def __init__(self, cwd: str | Path | None = None) -> None:
        self.cwd = cwd
        self._experiment: Experiment | None = None
        self._project: Project | None = None
        self._runtimes: dict[str, Runtime] = {}
        self._lock = threading.RLock()
        atexit.register(self.close)

    @property
    def project(self) -> Project:
        """The project of the current folder, whose `conftest.py` is loaded once. Raises UsageError."""
        with self._lock:
            if self._project is None:
                project = find_project(Path(self.cwd or Path.cwd()))
                load_conftests(project.root, [project.root / "conftest.py"])
                self._project = project
            return self._project

    @property
    def experiment(self) -> Experiment:
        """The experiment that calls belong to now."""
        with self._lock:
            if self._experiment is None or self._experiment.finished:
                self._experiment = Experiment(self.project, QUESTIONS, {})
            return self._experiment

    @property
    def run_id(self) -> str:
        """The id of that experiment's run."""
        return self.experiment.run_id

    def start(self, name: str, config: Mapping[str, Any] | None = None) -> Experiment:
        """Finish the present experiment and start another. Raises UsageError if its folder could not be written."""
        if not isinstance(name, str) or not name:
            raise UsageError(f"tracker.start({name!r}): pass the experiment's name, a text")
        if config is not None and not isinstance(config, Mapping):
            raise UsageError(f"tracker.start(): config={config!r}: pass a dictionary")
        check_reports(self.project.reports, self.project.root)
        with self._lock:
            self.finish()
            self._experiment = Experiment(self.project, name, config or {})
            return self._experiment

    def log(self, values: Mapping[str, Any] | None = None, /, *, step: int | None = None, **more: Any) -> None:
        """Log values of the present experiment, as `Experiment.log` does."""
        self.experiment.log(values, step=step, **more)

    def finish(self) -> None:
        """Finish the present experiment, if there is one."""
        with self._lock:
            if self._experiment is not None:
                self._experiment.finish()

    def close(self) -> None:
        """Finish the present experiment, and close the models."""
        with self._lock:
            with suppress(HiddenLayerError, OSError):
                self.finish()
            runtimes, self._runtimes = self._runtimes, {}
        for runtime in runtimes.values():
            runtime.close()

    def __repr__(self) -> str:
        with self._lock:
            present = self._experiment
        return f"Tracker({'no experiment' if present is None else repr(present)})"

    def options(self, typed: Mapping[str, Any]) -> RunOptions:
        """Return the options of a call: those written in Python, then those of the ini file. Raises UsageError."""
        return run_options(self.project, typed)

    def submit(
        self, case: Case, options: RunOptions, on_call: Callable[[Call], None] | None = None
    ) -> Callable[[], Record]:
        """Start a case; the returned function waits for its record and logs it."""
        runtime, future = self.start_case(case, options, on_call)
        experiment = self.experiment
        return lambda: experiment.add(runtime.wait(future))

    def start_case(
        self, case: Case, options: RunOptions, on_call: Callable[[Call], None] | None = None
    ) -> tuple[Runtime, Future[Record]]:
        """Start a case; returns its runtime and its future record, which is not logged yet."""
        runtime = self._runtime(options)
        return runtime, runtime.submit(case, on_call=on_call)

    def _runtime(self, options: RunOptions) -> Runtime:
        """The engine for these options: models stay open as long as what concerns single calls does not change."""
        shared = replace(RunOptions(), **{name: getattr(options, name) for name in _SHARED})
        with self._lock:
            if repr(shared) not in self._runtimes:
                self._runtimes[repr(shared)] = Runtime(shared, run_id="", batches=self.project.reports / "batches")
            return self._runtimes[repr(shared)]


_SHARED = (
    "concurrency",
    "timeout_s",
    "base_urls",
    "pools",
    "ini_urls",
    "cache",
    "record",
    "replay",
    "budget_usd",
    "prices",
    "stream",
    "model_memory",
    "reports",
)
"""The options of calls, whatever the model and the question are."""

_tracker: Tracker | None = None
_tracker_lock = threading.Lock()


def get_tracker() -> Tracker:
    """Return the tracker of this process."""
    global _tracker
    with _tracker_lock:
        if _tracker is None:
            _tracker = Tracker()
        return _tracker
