"""A worker: answers cases on a node, with models of its own. Ray runs it as an actor."""

from __future__ import annotations

import os
import pickle
import platform
import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from ..calls.broker.protocol import error_to_json
from ..calls.pool import ModelPool
from ..calls.resources import RunResources
from ..engine.cases import Case, Cell, cells
from ..engine.runtime import Runtime
from ..engine.unfinished.completed_call import CompletedCall
from ..errors import HiddenLayerError
from ..options import RunOptions
from ..session.conftests import load_conftests
from ..types import Record, Task
from ..version import __version__
from .messages import Reply, Result, Setup, Work, WorkItem
from .shared import SharedBudget, SharedCache
from .staging import worker_options


class Worker:
    """One process of a run. The driver calls `start` once, then `exchange` as long as there is work."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex  # another one after Ray has started the worker again
        self._tasks: dict[str, Task] = {}
        self._cells: dict[tuple[str, ...], Cell] = {}
        self._runtime: Runtime | None = None
        self._wait_s = 1.0
        self._changed = threading.Condition()
        self._results: list[Result] = []
        self._calls: list[CompletedCall] = []
        self._notices: list[str] = []
        self._answering: dict[int, Future[Record]] = {}

    def start(self, version: str, pickled_setup: bytes) -> dict[str, str]:
        """Load the project's own code and prepare the engine.

        `version` is the driver's. Returns plain texts, which every version understands: `id`, `node`, and
        `error` if this worker cannot be used.
        """
        facts = {"id": self.id, "node": platform.node()}
        if version != __version__:
            return facts | {
                "error": f"{facts['node']} has pytest-hiddenlayer {__version__}, and this command is {version}; "
                "install one version on all nodes"
            }
        error = self._start(pickle.loads(pickled_setup))
        return facts if error is None else facts | {"error": error}

    def _start(self, setup: Setup) -> str | None:
        copied, self._wait_s = Path.cwd(), setup.wait_s
        os.environ.update(setup.env)
        with suppress(OSError):  # another machine: model files are named from the copied folder
            os.chdir(setup.cwd)
        try:
            if setup.conftests:
                load_conftests(copied, [copied / path for path in setup.conftests])
            self._open(setup, worker_options(setup.options, copied))
        except HiddenLayerError as error:
            return str(error)
        return None

    def exchange(self, worker: str, work: Work) -> Reply:
        """Take cases, and return the results since the last reply as soon as there is one, or after a while."""
        if worker != self.id:
            return Reply(stale=True)
        self._tasks.update({task.name: task for task in work.tasks})
        for item in work.items:
            self._submit(item)
        with self._changed:
            self._changed.wait_for(lambda: self._results, timeout=self._wait_s)
            results, self._results = self._results, []
            notices, self._notices = self._notices, []
            calls, self._calls = self._calls, []
        return Reply(results=results, calls=calls, notices=notices)

    def close(self) -> None:
        """Cancel what is running, and close the models."""
        if self._runtime is not None:
            self._runtime.close()

    def _open(self, setup: Setup, options: RunOptions) -> None:
        open_pool = partial(_SharingPool, setup.shared, self.id)
        self._runtime = Runtime(
            options, setup.run_id, on_notice=self._notify, on_calls=self._keep_calls, open_pool=open_pool
        )

    def _keep_calls(self, calls: Sequence[CompletedCall]) -> None:
        with self._changed:
            self._calls.extend(calls)

    def _notify(self, text: str) -> None:
        with self._changed:
            self._notices.append(text)

    def _submit(self, item: WorkItem) -> None:
        assert self._runtime is not None
        controls: list[Record] = []
        try:
            case = Case(cell=self._cell(item.cell), sample=item.sample, epoch=item.epoch)
            self._runtime.take_over(item.earlier)
            future = self._runtime.submit(case, on_control=controls.append if item.controls else None)
        except HiddenLayerError as error:
            self._add(Result(number=item.number, error=error_to_json(error), unfit=True))
            return
        self._answering[item.number] = future
        future.add_done_callback(partial(self._done, item.number, controls))

    def _cell(self, key: tuple[str, ...]) -> Cell:
        if key not in self._cells:
            assert self._runtime is not None
            self._cells.update({cell.key: cell for cell in cells(self._tasks[key[0]], self._runtime.options)})
        if key not in self._cells:
            raise HiddenLayerError(f"cell {' '.join(key)} is unknown on this node; its code is another one")
        return self._cells[key]

    def _done(self, number: int, controls: Sequence[Record], future: Future[Record]) -> None:
        self._answering.pop(number, None)
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self._add(Result(number=number, record=future.result(), controls=tuple(controls)))
        else:
            self._add(Result(number=number, error=error_to_json(error)))

    def _add(self, result: Result) -> None:
        with self._changed:
            self._results.append(result)
            self._changed.notify_all()


class _SharingPool(ModelPool):
    """The models of a worker, whose calls share budget and cache with those of the other workers."""

    def __init__(self, shared: Any, worker: str, options: RunOptions, *arguments: Any, **rest: Any) -> None:
        super().__init__(options, *arguments, **rest)
        self._shared, self._worker = shared, worker

    def make_resources(self) -> RunResources:
        """The budget and the cache of all workers, instead of this process's own."""
        resources, options = super().make_resources(), self._options
        if options.budget_usd is not None:
            resources.budget = SharedBudget(limit=options.budget_usd, shared=self._shared, worker=self._worker)
        if options.cache != "off":
            resources.cache = SharedCache(self._shared)
        return resources
