"""What the plugin knows during one session, in `config.stash`: no globals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .messages import Notices

if TYPE_CHECKING:
    from ..calls.broker.client import BrokerClient
    from ..calls.cost.budget import Budget
    from ..engine.runtime import Runtime
    from ..options import RunOptions
    from ..results.log.run_log import RunLog
    from ..results.metrics.cells import CellConfig, CellMetrics
    from ..results.regression.gate import GateResult
    from ..types import Record, Task
    from .adaptive import EarlyStopping


@dataclass(slots=True)
class PrefetchCursor:
    """How far the items of this process have been asked for."""

    at: int = -1  # position of the running item
    next: int = 0  # position of the first item that was not looked at


@dataclass(kw_only=True, slots=True)
class State:
    """One session in one process; under xdist each worker has its own and the controller another."""

    config: pytest.Config
    run_id: str
    options: RunOptions
    worker: bool  # a process that xdist started
    tasks: dict[Path, Task] = field(default_factory=dict)
    plans: dict[tuple[str, ...], CellConfig] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)  # as reported; the controller's are complete
    waiting: dict[str, Future[Record]] = field(default_factory=dict)  # node id → prefetched answer
    metrics: list[CellMetrics] = field(default_factory=list)
    gates: dict[tuple[str, ...], GateResult] = field(default_factory=dict)
    baselines: dict[tuple[str, ...], Any] = field(default_factory=dict)
    reference: Any = None  # what --baseline names, once it was looked for
    findings: Any = None  # under --hl-equal-budget, once everything was answered
    ahead: PrefetchCursor = field(default_factory=PrefetchCursor)  # how far answers were asked for
    adaptive: EarlyStopping | None = None  # the cells that may end early, under --hl-adaptive
    task_faults: set[str] = field(default_factory=set)  # node ids of task files that do not load
    other_faults: bool = False  # something else failed to be collected
    seen: dict[str, str] = field(default_factory=dict)  # eval items: node id → outcome of its last phase
    skips: Counter[str] = field(default_factory=Counter)  # eval items by the reason why they were skipped
    html: Any = None  # pytest-html's report, where we made it
    notices: Notices = field(init=False)
    _resumed: Mapping[str, Record] | None = None
    _runtime: Runtime | None = None
    _runlog: RunLog | None = None

    def __post_init__(self) -> None:
        self.notices = Notices(self.config)

    @property
    def root(self) -> Path:
        """Where `reports/` and `snapshots/` stand."""
        return self.config.rootpath

    @property
    def runtime(self) -> Runtime:
        """The engine; made when the first eval runs."""
        if self._runtime is None:
            from ..engine.runtime import Runtime

            self._runtime = Runtime(
                self.options,
                self.run_id,
                on_records=self.runlog.append_all,
                broker=self._broker(),
                batches=self.root / "reports" / "batches",
                on_notice=self.notices.put,
                resumed=self.resumed,
            )
        return self._runtime

    @property
    def resumed(self) -> Mapping[str, Record]:
        """The answers that --resume takes over, by key. Raises UsageError where their log cannot be read."""
        if self._resumed is None:
            from ..results.log.resume import resumable

            self._resumed = resumable(self.options.resume) if self.options.resume else {}
        return self._resumed

    def _broker(self) -> BrokerClient | None:
        """The controller's, where this process is a worker and it listens by now."""
        from ..calls.broker.client import BrokerClient

        path = getattr(self.config, "workerinput", {}).get("hl_broker")
        return BrokerClient(Path(path)) if path and Path(path).exists() else None

    def release(self) -> None:
        """All items ended and their records are on disk: what batches answered for them need not be kept."""
        if self._runtime is not None and not self.worker:
            self._runtime.release()

    def pending_batches(self) -> list[str]:
        """A sentence for each batch that was sent and is not collected."""
        return [] if self._runtime is None else self._runtime.pending_batches()

    @property
    def budget(self) -> Budget | None:
        """What of --budget was spent; None where there is none, or nothing was asked."""
        return None if self._runtime is None else self._runtime.budget

    @property
    def runlog(self) -> RunLog:
        """The run's folder; on disk from the first record on."""
        if self._runlog is None:
            from ..results.log.run_log import RunLog

            arguments = getattr(self.config, "workerinput", {}).get("hl_command")
            command = arguments or ["pytest", *map(str, self.config.invocation_params.args)]
            self._runlog = RunLog(self.root, self.run_id, command, shared=self.worker)
        return self._runlog

    @property
    def updating(self) -> bool:
        """Whether syrupy's --snapshot-update was given."""
        return bool(getattr(self.config.option, "update_snapshots", False))

    def close(self) -> None:
        """Cancel what is in flight and close the providers."""
        if self._runtime is not None:
            self._runtime.close()
            self._runtime = None
        if self._runlog is not None:
            self._runlog.close()


STATE = pytest.StashKey[State]()
RECORDS = pytest.StashKey[list["Record"]]()
"""On an item: the records that it made."""


def state_of(config: pytest.Config) -> State:
    """The session's state. Raises pytest.UsageError when an option of ours is wrong."""
    found = config.stash.get(STATE, None)
    if found is None:
        found = config.stash[STATE] = _make(config)
    return found


def _make(config: pytest.Config) -> State:
    from ..errors import UsageError
    from ..results.log.run_log import new_run_id
    from .options import read_options

    given: Mapping[str, Any] = getattr(config, "workerinput", {})
    try:
        options = read_options(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    return State(
        config=config,
        run_id=given.get("hl_run_id") or new_run_id(),
        options=options,
        worker=bool(given),
    )
