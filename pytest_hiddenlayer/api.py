"""Evaluate task files without pytest: used by `hiddenlayer run`, scripts and notebooks."""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from itertools import chain, islice
from pathlib import Path
from typing import Any

from .engine.cases import Case, Cell
from .engine.checks.options import check_options
from .engine.runtime import Runtime
from .errors import HiddenLayerError, ProviderUnavailableError, TaskError, UsageError, did_you_mean
from .interface.python_arguments import python_arguments
from .option_table import BY_NAME
from .options import RunOptions
from .project import Project, find_project, read_ini
from .ray_engine.choice import engine_arguments, engine_facts, engine_of
from .session.answers.plan import Plan, PlannedCase
from .session.answers.shard import select_shard
from .session.cell_config import with_all_samples
from .session.conclusion import conclude
from .session.conftests import load_conftests
from .session.eval_run import EvalRun
from .session.interruption import terminated_as_interrupted
from .session.progress import Progress
from .session.session import Session
from .session.task_paths import eval_paths, find_task_files, hints
from .session.written_options import WrittenOptions, parse_call_options, parse_options
from .terminal_escape import visible
from .types import ModelName, Record

WINDOW = 64
"""Maximum number of cases in flight, except under `batch`. The limiter of each provider may allow fewer calls."""
STREAMED_FROM = 20_000
"""Answers of a run from which its records are read from the log when they are asked for, and not kept in memory."""


def evaluate(
    paths: str | Path | Sequence[str | Path] = (), *, cwd: str | Path | None = None, **options: Any
) -> EvalRun:
    """Answer and score every case of the task files at `paths` (default: the project's `evals`).

    `options` are those of `hiddenlayer run`, with underscores: `provider="mlx"`,
    `strategy=["single", "debate"]`, `epochs=3`, `max_tokens=64`, `baseline="main"`,
    `snapshot_update=True`, `engine="ray"`. The ini file of the project and its `conftest.py` files are read as
    pytest reads them. Raises UsageError for a wrong option, name or path, before anything is
    asked; a task file that is wrong is one of the run's `errors`.
    """
    with python_arguments():
        run = _evaluate(paths, cwd, options)
    if run.interrupted:
        raise KeyboardInterrupt
    return run


def _evaluate(paths: str | Path | Sequence[str | Path], cwd: str | Path | None, options: dict[str, Any]) -> EvalRun:
    start = Path.cwd() if cwd is None else Path(cwd)
    names = (paths,) if isinstance(paths, str | Path) else tuple(paths)
    project = find_project(start, [Path(name) for name in names])
    updating, engine = bool(options.pop("snapshot_update", False)), engine_arguments(options)
    given = {option_name(key): value for key, value in options.items() if value is not None}
    typed = {name: as_written(name, value) for name, value in given.items()}
    task_paths = eval_paths(project, [Path(name) for name in names])
    load_conftests(project.root, task_paths)
    run_with = run_options(project, typed)
    notify = _print if run_with.live else _ignore  # the address of the live report must be seen
    open_runtime = engine_of(engine, run_with, project, task_paths)
    return evaluate_paths(
        task_paths, run_with, project, updating=updating, typed=typed, notify=notify, open_runtime=open_runtime
    )


def run_options(project: Project, typed: Mapping[str, Any]) -> RunOptions:
    """The options of a run in a project: typed ones, then those of the ini file. Raises UsageError."""
    options = parse_options(_written_options(project, typed))
    check_options(options)
    return options


def judge_options(project: Project, judge: ModelName, typed: Mapping[str, Any]) -> RunOptions:
    """The options of calls to a judge, for tournaments and audits of finished runs. Raises UsageError."""
    load_conftests(project.root, [project.root / "conftest.py"])
    options = parse_call_options(_written_options(project, typed), judge)
    check_options(options)
    return options


def _written_options(project: Project, typed: Mapping[str, Any]) -> WrittenOptions:
    return WrittenOptions(
        root=project.root,
        cwd=project.cwd,
        values=typed,
        typed=typed,
        ini=read_ini(project.ini, project.ini_file),
        ini_file=project.ini_file,
        ini_trusted=project.ini_trusted,
    )


def _print(text: str) -> None:
    print(visible(text), file=sys.stderr)


def _ignore(text: str) -> None:
    pass


def evaluate_paths(
    paths: Sequence[Path],
    options: RunOptions,
    project: Project,
    *,
    updating: bool = False,
    command: Sequence[str] = (),
    typed: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    notify: Callable[[str], None] = _ignore,
    open_runtime: Callable[..., Runtime] = Runtime,
) -> EvalRun:
    """Answer every case of the task files at `paths`, then conclude as pytest does.

    `open_runtime` opens the engine (`engine_of`), `progress` counts the records. `notify` is called from any
    thread with a sentence on batches, ignored files and lost workers, and with the address of the live report.
    """
    session = Session(
        options=options,
        root=project.root,
        cwd=project.cwd,
        command=command,
        typed=typed or {},
        updating=updating,
        samples_in_memory=STREAMED_FROM,
        notify=notify,
        progress=progress or Progress(),
        open_runtime=open_runtime,
    )
    session.run_log.facts.update(engine_facts(open_runtime))
    run = EvalRun(session=session)
    planned = _prepare(run, paths)
    with session.live_report() if planned else nullcontext():
        _answer_and_conclude(run, planned)
    return run


def _answer_and_conclude(run: EvalRun, planned: Plan) -> None:
    session, complete = run.session, False
    with terminated_as_interrupted():
        try:
            _answer_all(run, planned)
            session.release_batches()
            complete = True
        except KeyboardInterrupt:
            run.interrupted = True
        finally:
            session.updating = session.updating and complete  # a run that ended early writes no snapshots
            for text in session.pending_batches():
                session.notify(text)
            session.close()
            session.complete = complete
            if run.interrupted:
                session.add_logged_records()
            conclude(session, gated=complete)


def _prepare(run: EvalRun, paths: Sequence[Path]) -> Plan:
    """The cases of all task files, after every check that is possible before anything is asked."""
    session = run.session
    session.check()
    files = find_task_files(paths)
    for text in hints(paths):
        session.notify(text)
    planned = Plan(list(_plan(run, files)))
    if planned and session.options.shard is not None:
        planned = select_shard(session, planned, session.options.shard)
    if planned:
        session.check_writable()
    session.progress.start(len(planned))
    session.prepare_early_stopping()
    if len(planned) > STREAMED_FROM and not (session.options.adaptive or session.options.equal_budget):
        session.stream_records()
    return planned


def _answer_all(run: EvalRun, planned: Plan) -> None:
    session = run.session
    for position, record in chain.from_iterable(_answers(run, wave) for wave in _waves(session, planned)):
        session.add(position, record)
        if record.outcome == "skipped":
            run.skips[str(record.error)] += 1
        if session.early_stopping is not None:
            session.early_stopping.add([record])


def _plan(run: EvalRun, files: Sequence[Path]) -> Iterator[Cell]:
    """The cells of all task files; a file that cannot be used is an error of the run, the others still run."""
    session = run.session
    gated = session.options.gate != "off"
    for path in files:
        shown = str(path)
        try:
            task = session.load_task(path)
            shown = task.path
            planned = session.plan_cells(task)
        except TaskError as error:
            run.errors.append(error)
            continue
        except HiddenLayerError as error:
            run.errors.append(TaskError(str(error), file=shown))
            continue
        for cell in planned:
            gate_id = f"{task.path}::gate[{cell.params}]" if gated else None
            session.configs[cell.key] = with_all_samples(session.configs[cell.key], cell, gate_id)
            yield cell


def _waves(session: Session, planned: Plan) -> Iterator[Iterable[PlannedCase]]:
    """All cases at once; under early stopping one epoch after the other, without the cells that are decided."""
    if (stopping := session.early_stopping) is None:
        yield planned
        return
    for epoch in range(1, planned.epochs + 1):
        yield [
            (position, case)
            for position, case in planned
            if case.epoch == epoch and stopping.decided_before(case.cell.key, epoch) is None
        ]


def _answers(run: EvalRun, planned: Iterable[PlannedCase]) -> Iterator[tuple[int, Record]]:
    """The records in order, each after the position of its sample in the selection of its cell.

    A window of cases is in flight; under `batch` all cases are in flight at once.
    """
    runtime = run.session.runtime
    remaining, window = iter(planned), sys.maxsize if runtime.options.batch else max(WINDOW, runtime.remote_window)
    in_flight: deque[tuple[int, Case, Future[Record]]] = deque()
    while True:
        for position, case in islice(remaining, window - len(in_flight)):
            try:
                in_flight.append((position, case, runtime.submit(case, on_control=run.session.controls.append)))
            except HiddenLayerError as error:
                _add_error(run, error, case)
        if not in_flight:
            if (following := next(remaining, None)) is None:
                return
            remaining = chain([following], remaining)  # every case of this window was refused
            continue
        position, case, future = in_flight.popleft()
        try:
            record = runtime.wait(future)
        except HiddenLayerError as error:  # a wrong prompt or scorer gives no record
            _add_error(run, error, case)
            continue
        yield position, record


def _add_error(run: EvalRun, error: HiddenLayerError, case: Case | None = None) -> None:
    """A provider that does not work here skips its cases; everything else is an error, listed once."""
    if isinstance(error, ProviderUnavailableError) and not run.session.options.require_provider:
        run.skips[str(error)] += 1
        if case is not None:
            run.session.not_run.setdefault(case.cell.key, Counter())[str(error)] += 1
    elif str(error) not in {str(listed) for listed in run.errors}:
        run.errors.append(error)


def option_name(key: str) -> str:
    """The name of the option that a Python argument means: `max_tokens` is `max-tokens`. Raises UsageError."""
    name = key.removeprefix("hl_").replace("_", "-")
    known = [option.name for option in BY_NAME.values() if not option.pytest_only]
    if name not in known:
        raise UsageError(f"no option {key!r}{did_you_mean(key, [word.replace('-', '_') for word in known])}")
    return name


COMMA_SEPARATED = ("confidence", "probe")
"""Options whose list is one text with commas on a command line."""


def as_written(name: str, value: Any) -> Any:
    """The value of an option as on a command line: text, a tuple of texts, or a flag. Raises UsageError."""
    if BY_NAME[name].flag:
        return bool(value)
    values = tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)
    if BY_NAME[name].repeatable:
        return values
    if name in COMMA_SEPARATED and values:
        return ",".join(values)
    if len(values) != 1:
        raise UsageError(f"option {name!r}: one value is needed, found {len(values)}; pass one")
    return values[0]
