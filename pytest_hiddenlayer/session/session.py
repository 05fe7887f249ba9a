"""A session: the tasks, cells and records of one run, and the engine and run log that it opens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.cases import Cell, cells
from ..engine.runtime import Runtime
from ..engine.unfinished.case_calls import WriteCalls
from ..errors import HiddenLayerError
from ..identifiers import controlled
from ..io.writable import reason
from ..options import RunOptions
from ..results.cell_config import CellConfig
from ..results.log.half_done import check_earlier_calls, earlier_calls
from ..results.log.lean_records import without_texts
from ..results.log.reused_answers import ReusedAnswers, reused_answers
from ..results.log.run_log import REPORTS, RunLog, new_run_id, read_records
from ..results.shards.options import refuse_updates
from ..taskfile import load_task, refuse_duplicate_name
from ..types import Record, Task
from .answers.half_done import prepare_calls, with_earlier_spending
from .answers.item_names import refuse_clashes
from .cell_config import config_from_cell
from .interruption import uninterrupted
from .progress import Progress
from .writing import WriteFaults, check_reports, check_snapshot_sizes, check_snapshots

if TYPE_CHECKING:
    from ..calls.broker.client import BrokerClient
    from ..report.budget_match import Findings
    from ..results.metrics.cells import CellMetrics
    from ..results.regression.baseline import CellKey
    from ..results.regression.gate import GateResult
    from ..results.streamed.records import StreamedRecords
    from .baselines import Baselines
    from .early_stopping import EarlyStopping


@dataclass(kw_only=True, slots=True)
class Session:
    """One run in one process. Nothing is opened or written until the first answer is asked for.

    Under xdist each worker has a session with the run id of the controller's session; only the
    controller's session is concluded.
    """

    options: RunOptions
    root: Path  # of the project: `snapshots/` and `reports/` are looked up here
    cwd: Path  # paths in references start here
    command: Sequence[str] = ()  # what was typed, for the manifest
    typed: Mapping[str, Any] = field(default_factory=dict)  # option → what was typed for it, for the merge of shards
    run_id: str = field(default_factory=new_run_id)
    samples_in_memory: int | None = None  # a task with more samples reads them from disk; None: never
    complete: bool = False  # the run was not stopped early; set at its end
    worker: bool = False  # started by another process, which concludes
    updating: bool = False  # write snapshots instead of comparing with them
    notify: Callable[[str], None] = lambda text: None  # called from any thread with a sentence for people
    open_runtime: Callable[..., Runtime] = Runtime  # another engine than the one of this process
    find_broker: Callable[[], BrokerClient | None] = lambda: None  # the process that holds the models, if any
    send_records: Callable[[Sequence[Record]], None] | None = None  # in place of writing them to the run log
    send_calls: WriteCalls | None = None  # as `send_records`, of answered calls of cases without a record
    known: dict[str, Record] | None = None  # by key: records of this run that are in the log already, and reused
    tasks: dict[Path, Task] = field(default_factory=dict)
    configs: dict[CellKey, CellConfig] = field(default_factory=dict)  # of all planned cells
    records: list[Record] = field(default_factory=list)  # as reported; the controller's are complete
    streamed: StreamedRecords | None = None  # of a large run without pytest: instead of `records`
    not_run: dict[CellKey, Counter[str]] = field(default_factory=dict)  # reason → cases skipped without a record
    kept_samples: dict[str, list[str]] = field(default_factory=dict)  # cell → samples whose snapshot line was kept
    controls: list[Record] = field(default_factory=list)  # control samples, if they are kept apart from records
    metrics: list[CellMetrics] = field(default_factory=list)  # set by `conclude`, like the next two
    gates: dict[tuple[str, ...], GateResult] = field(default_factory=dict)
    findings: Findings | None = None  # of the compute-matched comparison
    early_stopping: EarlyStopping | None = None  # under --hl-adaptive
    write_faults: WriteFaults = field(default_factory=WriteFaults)
    progress: Progress = field(default_factory=Progress)
    _baselines: Baselines | None = None
    _reused: ReusedAnswers | None = None
    _runtime: Runtime | None = None
    _run_log: RunLog | None = None
    _budget_message: str | None = None  # of the engine that was closed
    _local_models: dict[str, Any] | None = None  # of the engine that was closed

    @property
    def baselines(self) -> Baselines:
        """What each cell is compared with. Statistics are imported with it, so collecting does without."""
        if self._baselines is None:
            from .baselines import Baselines

            self._baselines = Baselines(
                self.options.baseline, root=self.root, cwd=self.cwd, run_id=self.run_id, reports=self.reports
            )
        return self._baselines

    @property
    def answered(self) -> Sequence[Record]:
        """The records so far, wherever they are kept."""
        return self.records if self.streamed is None else self.streamed

    @property
    def reports(self) -> Path:
        """The folder of runs and batches."""
        return self.options.reports or self.root / REPORTS

    def load_task(self, path: Path) -> Task:
        """The task of a file, loaded once. Raises TaskError; also if two files name the same task."""
        if path not in self.tasks:
            task = load_task(path, self.root, in_memory=self.samples_in_memory)
            refuse_duplicate_name(task, self.tasks)
            refuse_clashes(task)
            self.tasks[path] = task
        return self.tasks[path]

    def plan_cells(self, task: Task, strategies: Sequence[Any] | None = None) -> list[Cell]:
        """The cells of a task under the session's options. Raises UsageError.

        `strategies` replace the task's own, unless the user named some for the run.
        """
        options = self.options
        if strategies is not None and options.strategies is None:
            options = replace(options, strategies=tuple(strategies))
        planned = cells(task, options)
        for cell in planned:
            self.configs.setdefault(cell.key, config_from_cell(cell, len(task.samples)))
        return planned

    def prepare_early_stopping(self) -> None:
        """Find the cells that may stop early: gated, with epochs to save and a baseline."""
        options = self.options
        if options.adaptive and not self.updating and options.gate not in ("off", "threshold"):
            gated = [config for config in self.configs.values() if config.gate_id is not None and config.selected]
            from .early_stopping import EarlyStopping

            self.early_stopping = EarlyStopping.of(gated, self.baselines, options)

    def check(self) -> None:
        """Raise UsageError for a run to resume or a baseline that does not exist, before anything is asked."""
        _ = self.reused
        if self.options.resume is not None and not self.worker:
            check_earlier_calls(self.options.resume)
        if self.updating:
            refuse_updates(self.options)
        if not (self.worker or self.updating) and self.options.gate in ("regression", "require"):
            self.baselines.check()

    def check_writable(self) -> None:
        """Raise UsageError if records or snapshots could not be written, before anything is asked."""
        check_reports(self.reports, self.root)
        if self.updating:
            check_snapshots(self.root / "snapshots", self.root)
            check_snapshot_sizes(self.configs.values())

    def _keep(self, records: Sequence[Record]) -> None:
        """Write records to the run log, and count them as progress."""
        self.progress.add(record for record in records if controlled(record.label) is None)
        self.write(records)

    def write(self, records: Sequence[Record]) -> None:
        """Write records to the run log; if the disk is full, they still count in this run's results."""
        if self.known:
            records = [record for record in records if record.key not in self.known]
        try:
            if self.send_records is not None:
                self.send_records(records)
                return
            offsets = self.run_log.append_all(records)
            if self.streamed is not None:
                self.streamed.logged(records, offsets)
        except OSError as error:
            if len(records) == 1:
                self.write_faults.add_records(1, reason(error))
                return
            for record in records:  # as many as fit
                self.write([record])

    @property
    def reused(self) -> ReusedAnswers:
        """The answers that --resume reuses. Raises UsageError if their log cannot be read."""
        if self._reused is None:
            self._reused = reused_answers(self.options.resume)
        return self._reused

    def _take_reused(self, key: str) -> Record | None:
        known = None if self.known is None else self.known.get(key)
        return self.reused.take(key) if known is None else known

    @property
    def runtime(self) -> Runtime:
        """The engine, opened on first use."""
        if self._runtime is None:
            self._runtime = self.open_runtime(
                self.options if self.worker else with_earlier_spending(self.options, self.notify),
                self.run_id,
                on_records=self._keep,
                broker=self.find_broker(),
                batches=self.reports / "batches",
                on_notice=self.notify,
                take_reused=None if self.options.resume is None and self.known is None else self._take_reused,
                on_calls=self.send_calls or self.run_log.append_calls,
                earlier_calls=earlier_calls(self.options.resume) if self.options.resume else {},
            )
        return self._runtime

    @property
    def run_log(self) -> RunLog:
        """The run log; its folder is created with the first record."""
        if self._run_log is None:
            self._run_log = RunLog(self.root, self.run_id, self.command, shared=self.worker, reports=self.reports)
            prepare_calls(self._run_log, self.options.resume, self.write_faults)
        return self._run_log

    def live_report(self) -> AbstractContextManager[None]:
        """Serve the report while the block runs, under --hl-live. Raises UsageError if that is not possible."""
        if self.worker or not self.options.live:
            return nullcontext()
        with uninterrupted():  # imports numpy
            from ..report.live.live_run import Ending
            from ..report.live.serving import serve_report
            from ..results.log.summary import summary
        folder = self.run_log.folder.absolute()

        def ending() -> Ending:
            report = folder / "report.html"
            return Ending(
                cells=summary(self.metrics, self.gates),
                complete=self.complete,
                report=str(report) if report.is_file() else None,
            )

        return serve_report(
            folder, port=self.options.live_port, configs=lambda: self.configs, ending=ending, notify=self.notify
        )

    @property
    def budget_message(self) -> str | None:
        """How much of --budget was spent; None without one, or if nothing was asked."""
        budget = None if self._runtime is None else self._runtime.budget
        return self._budget_message if budget is None else budget.summary()

    @property
    def local_models(self) -> dict[str, Any] | None:
        """Memory of the models that this process loaded: limit, peak, and of each model; None if there were none."""
        return self._local_models if self._runtime is None else self._runtime.pool.local_models

    def add_logged_records(self) -> None:
        """Add the records that are in the run log but were not reported, because the session ended early."""
        if self.streamed is not None:
            with suppress(HiddenLayerError, OSError):
                self.streamed.add_logged()
            return
        reported = {(record.cell, record.sample_id, record.epoch) for record in self.records}
        with suppress(HiddenLayerError, OSError):
            for record in read_records(self.run_log.folder):
                new = (record.cell, record.sample_id, record.epoch) not in reported
                if new and controlled(record.label) is None:
                    self.records.append(without_texts(record, explained=True))

    def stream_records(self) -> None:
        """Keep of each record only what metrics and gates read; call it before the first answer."""
        from ..results.streamed.records import StreamedRecords  # with statistics

        cells = {key: (config.selected, config.epochs) for key, config in self.configs.items() if config.selected}
        self.streamed = StreamedRecords(self.run_log.folder, cells)

    def add(self, position: int, record: Record) -> None:
        """Add the record of the sample at a position of its cell's selection."""
        if self.streamed is None:
            self.records.append(record)
        else:
            self.streamed.add(position, record)

    def release_batches(self) -> None:
        """Every record is on disk: the ledger may forget the batches that were collected."""
        if self._runtime is not None and not self.worker:
            self._runtime.release()

    def pending_batches(self) -> list[str]:
        """A sentence for each batch that was sent and is not collected."""
        return [] if self._runtime is None else self._runtime.pending_batches()

    def close_providers(self) -> None:
        """Cancel what is in flight, and close the providers with their models."""
        if self._runtime is not None:
            self._budget_message, self._local_models = self.budget_message, self.local_models
            runtime, self._runtime = self._runtime, None
            try:
                runtime.close()
            except (HiddenLayerError, OSError) as error:
                self.write_faults.add_cassettes(self.options.record, error)

    def close(self) -> None:
        """Cancel what is in flight, close the providers and the log."""
        self.close_providers()
        if self._run_log is not None:
            self._run_log.close()
