"""The driver: a Runtime whose cases are answered by workers of a Ray cluster."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ..calls.cost.budget import Budget
from ..calls.factory import takes_base_url
from ..engine.cases import Case
from ..engine.record_builder import case_key
from ..engine.runtime import Runtime
from ..errors import ProviderError, UsageError
from ..options import RunOptions
from ..project import Project
from ..protocols import Provider
from ..registry import providers
from ..types import Call, Record
from .actors import Actors
from .cluster import amounts, capacity, connect, describe_nodes, disconnect
from .dispatcher import Dispatcher
from .members import IN_FLIGHT
from .messages import Setup
from .options import RayOptions, refuse_local_only
from .staging import stage_project

T = TypeVar("T")
AHEAD = 2
"""Cases submitted ahead for each case in flight: the oldest one may wait for another worker."""
REPLIES_PER_S = 200
"""Replies without a result that all workers together send: each costs the driver CPU time."""
TOGETHER_S = 10.0
"""Seconds in which workers are expected to start, so that the first one does not take all cases of a small run."""
SAY_AFTER_S = 5.0
"""Seconds without a worker after which it is said what is waited for."""


class RayRuntime(Runtime):
    """Starts the workers at once: what is wrong with the cluster is said before anything is asked."""

    def __init__(
        self,
        ray_options: RayOptions,
        project: Project,
        conftests: Sequence[Path],
        options: RunOptions,
        run_id: str,
        on_records: Callable[[Sequence[Record]], None],
        on_notice: Callable[[str], None] = lambda text: None,
        take_reused: Callable[[str], Record | None] | None = None,
        **rest: Any,
    ) -> None:
        """`conftests` are those of the project; the rest as for Runtime. Raises UsageError."""
        refuse_local_only(options)
        if take_reused is not None and options.equal_budget:
            raise UsageError("--resume and --equal-budget with --engine ray: leave one of the three out")
        super().__init__(options, run_id, on_records, on_notice=on_notice, take_reused=take_reused, **rest)
        self._keep = on_records
        self._ray_options = ray_options
        self._actors: Actors | None = None
        self._amounts: dict[str, Any] = {}
        self._copy = tempfile.TemporaryDirectory(prefix="hiddenlayer-")
        try:
            self._open(project, conftests)
        except BaseException:
            self.close()
            raise

    @property
    def remote_window(self) -> int:  # type: ignore[override]
        """How many cases may be in flight on all workers."""
        return AHEAD * IN_FLIGHT * (1 if self._actors is None else self._actors.size)

    @property
    def budget(self) -> Budget | None:
        """The run's budget, as the workers have spent it."""
        if self._actors is not None:
            self._amounts = self._actors.amounts() or self._amounts
        return Budget(**self._amounts) if self._amounts else None

    def submit(
        self,
        case: Case,
        provider: Provider | None = None,
        judge: Provider | None = None,
        on_control: Callable[[Record], None] | None = None,
        *,
        unbatched: bool = False,
        on_call: Callable[[Call], None] | None = None,
    ) -> Future[Record]:
        """The future record of a case; its provider and judge are those of the options."""
        found = self._reused_record(case)
        if found is None:
            key = case_key(case, self.options.generate) if self._earlier_calls else ""
            earlier = self._earlier_calls.pop(key, ())
            return self._dispatcher.submit(case, on_control if self.options.equal_budget else None, earlier)
        record, future = replace(found, run_id=self.run_id), Future[Record]()
        self._keep([record])
        future.set_result(record)
        return future

    def wait(self, future: Future[T], meanwhile: Callable[[], None] = lambda: None) -> T:
        """Return the future's result; `meanwhile` is called about once per second until it is done."""
        while True:
            try:
                return future.result(timeout=1.0)
            except TimeoutError:
                if future.done():
                    raise
                meanwhile()
                if not self._dispatcher.alive:
                    raise self._dispatcher.fault or ProviderError("the driver of the workers has ended") from None

    def close(self) -> None:
        """Close the models, end the workers and the connection."""
        if self._actors is not None:
            self._dispatcher.stop()
            self._actors.stop()
            self._actors = None
        disconnect()
        self._copy.cleanup()
        super().close()

    def _open(self, project: Project, conftests: Sequence[Path]) -> None:
        folder = Path(self._copy.name)
        presets = self.options.presets
        options = replace(self.options, presets=presets if presets is not None and presets.is_dir() else None)
        stage_project(project.root, conftests, options, folder)
        connect(self._ray_options, folder if any(folder.iterdir()) else None)
        size = self._size()
        setup = Setup(
            options=options,
            run_id=self.run_id,
            cwd=str(project.cwd),
            conftests=[_relative(path, project.root) for path in conftests],
            wait_s=max(1.0, size / REPLIES_PER_S),
            env=self._ray_options.env,
        )
        actors = Actors.start(self._ray_options, self.options, setup, size)
        self._dispatcher = Dispatcher(
            actors.workers,
            on_records=self._keep,
            on_calls=self._on_calls,
            on_lost=actors.lose,
            notify=self._on_notice,
            replace=actors.add,
            wait_s=self._ray_options.wait_s,
            together_s=TOGETHER_S,
            why_none=self._why_none,
        )
        self._actors = actors
        self._dispatcher.start()
        self._wait_for_worker()

    def _size(self) -> int:
        """The number of workers: what was asked for or fits; no more than calls that servers may have in flight."""
        asked = self._ray_options.workers
        size = max(1, capacity(self._ray_options.demand)) if asked is None else asked
        limit = self.options.concurrency
        if (
            limit is None
            or size <= limit
            or not any(takes_base_url(providers.get(n.provider)) for n in self._names())
        ):
            return size
        if asked is not None:
            self._on_notice(f"--ray-workers {asked}: {limit} are started, because --concurrency {limit} is for all")
        return limit

    def _names(self) -> Sequence[Any]:
        judge = self.options.judge
        return [*self.options.providers, *([] if judge is None else [judge])]

    def _wait_for_worker(self) -> None:
        waited_s = 0.0
        while not self._dispatcher.ready.wait(1.0):
            waited_s += 1.0
            if waited_s == SAY_AFTER_S:
                self._on_notice(f"waiting for a worker: it occupies {amounts(self._ray_options.demand)}")
        if self._dispatcher.fault is not None:
            raise self._dispatcher.fault

    def _why_none(self) -> str:
        demand = amounts(self._ray_options.demand)
        return (
            f"--engine ray: no node could hold a worker within {self._ray_options.wait_s:g} s. A worker occupies "
            f"{demand}; the nodes have in all: {describe_nodes()}. Ask for less with --ray-resources, add nodes or "
            "wait longer with --ray-wait"
        )


def _relative(path: Path, root: Path) -> str:
    """The path from the root. Raises UsageError for one outside: the workers get a copy of the root only."""
    if not path.is_relative_to(root):
        raise UsageError(f"--engine ray: {path} is outside of the project's root {root}; name evals of the project")
    return str(path.relative_to(root))
