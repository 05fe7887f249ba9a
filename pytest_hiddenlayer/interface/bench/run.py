"""Strategies compared on a task, or from a finished run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ...analysis.strategy_bench.leaderboard import Leaderboard, check_against, leaderboards
from ...analysis.strategy_bench.strategy_row import VOTE
from ...api import as_written, evaluate_paths, option_name, run_options
from ...errors import UsageError, did_you_mean
from ...options import RunOptions
from ...project import Project, find_project
from ...session.conftests import load_conftests
from ...session.eval_run import EvalRun
from ...session.progress import Progress
from ...session.task_paths import eval_paths
from ...usage import BudgetUnit
from ..python_arguments import python_arguments
from ..runs import Run, load_run
from .options import MATCHES, NOT_TAKEN
from .plan import BenchPlan, may_cost, plan_bench
from .result import StrategyBench, full_records
from .written import ALL, LeftOut, written_strategies

Match: TypeAlias = Literal["calls", "tokens", "cost"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedBench:
    """A comparison that is checked and planned; nothing has been asked."""

    project: Project
    paths: Sequence[Path]
    options: RunOptions
    plan: BenchPlan

    def run(
        self,
        *,
        command: Sequence[str] = (),
        progress: Progress | None = None,
        notify: Callable[[str], None] = lambda text: None,
    ) -> EvalRun:
        """Answers every sample with every strategy, and the control samples, in one run."""
        return evaluate_paths(
            self.paths, self.options, self.project, command=command, progress=progress, notify=notify
        )


def prepare_bench(
    tasks: Sequence[str | Path],
    typed: Mapping[str, Any],
    *,
    strategies: str | Sequence[str] = ALL,
    match: str = "calls",
    against: str = VOTE,
    cwd: Path | None = None,
) -> PreparedBench:
    """Returns the planned comparison; `typed` are options of a run, as written. Asks no model. Raises UsageError."""
    if unknown := [name for name in typed if name in NOT_TAKEN]:
        raise UsageError(f"--{unknown[0]}: a comparison of strategies does not take it; leave it out")
    unit = budget_unit(match)
    start = cwd or Path.cwd()
    project = find_project(start, [Path(name) for name in tasks])
    paths = eval_paths(project, [Path(name) for name in tasks])
    load_conftests(project.root, paths)
    options = run_options(project, {**typed, "strategy": ("single",), "gate": "off", "equal-budget": True})
    written, left_out = written_strategies(strategies, options.presets)
    if unit == "cost_usd" and not any(may_cost(model, options) for model in options.providers):
        raise UsageError("--match cost: every call of these models costs $0; match calls or tokens")
    plan = plan_bench(project, options, paths, written, left_out, named=ALL not in strategies)
    check_against(against, sorted({cell.label for cell in plan.cells}))
    run = run_options(project, {**typed, "strategy": plan.strategies, "gate": "off", "equal-budget": True})
    return PreparedBench(project=project, paths=paths, options=replace(run, shared_controls=unit), plan=plan)


def budget_unit(match: str) -> BudgetUnit:
    """Returns the unit that `--match` names. Raises UsageError."""
    units: dict[str, BudgetUnit] = {"calls": "calls", "tokens": "tokens", "cost": "cost_usd"}
    if match not in units:
        raise UsageError(f"--match {match!r}: choose {', '.join(MATCHES)}{did_you_mean(match, MATCHES)}")
    return units[match]


def compared(run: EvalRun, plan: BenchPlan, *, match: str, against: str = VOTE) -> StrategyBench:
    """Returns the leaderboards of a run that `PreparedBench.run` made."""
    boards = leaderboards(full_records(run.folder), unit=budget_unit(match), against=against) if run.records else []
    return StrategyBench(
        run_id=run.run_id,
        folder=run.folder,
        leaderboards=tuple(boards),
        presets=Run(run.folder).manifest.get("presets", {}),
        left_out=(*plan.left_out, *_never_answered(boards, plan)),
        errors=(*map(str, run.errors), *(f"{n} skipped: {why}" for why, n in run.skips.most_common())),
    )


def _never_answered(boards: Sequence[Leaderboard], plan: BenchPlan) -> Iterator[LeftOut]:
    """The planned strategies without any answer, because the run ended before."""
    answered = {(board.task, row.label) for board in boards for row in board.rows}
    for task, label in dict.fromkeys((cell.task, cell.label) for cell in plan.cells):
        if (task, label) not in answered:
            why = f"no answer on {task}: the run ended before; go on with --resume"
            yield LeftOut(strategy=label, reason=why)


def bench_run(run: Run, *, match: str = "calls", against: str = VOTE, task: str | None = None) -> StrategyBench:
    """Returns the leaderboards of a finished run with several strategies; no model is asked. Raises UsageError."""
    boards = leaderboards(run.records, unit=budget_unit(match), against=against, task=task)
    presets = run.manifest.get("presets", {})
    return StrategyBench(run_id=run.run_id, folder=run.folder, leaderboards=tuple(boards), presets=presets)


def bench_strategies(
    task: str | Path | Sequence[str | Path] | None = None,
    *,
    run: Run | str | Path | None = None,
    strategies: str | Sequence[str] = ALL,
    match: Match = "calls",
    against: str = VOTE,
    cwd: str | Path | None = None,
    **options: Any,
) -> StrategyBench:
    """Returns strategies compared at matched calls, tokens or cost, on a task or from a finished run.

    With `task`, one or several task files, all `strategies` answer it in one run with control samples; `options`
    are those of `hiddenlayer run` with underscores: `model="smollm2"`, `limit=20`. With `run`, nothing is asked.
    `against` is `"vote"`, the vote of as many plain samples as the budget pays for, or a strategy's label. Raises
    UsageError for a wrong argument, KeyboardInterrupt if it is interrupted (what was answered is on disk).
    """
    with python_arguments():
        if (task is None) == (run is None):
            raise UsageError("pass either a task to answer or a finished run: task=..., or run='last'")
        if run is not None:
            if options:
                raise UsageError(f"{next(iter(options))}: a finished run asks no model; leave it out")
            loaded = run if isinstance(run, Run) else load_run(run, cwd=cwd)
            return bench_run(loaded, match=match, against=against)
        given = {option_name(key): value for key, value in options.items() if value is not None}
        prepared = prepare_bench(
            (task,) if isinstance(task, str | Path) else tuple(task or ()),
            {name: as_written(name, value) for name, value in given.items()},
            strategies=strategies,
            match=match,
            against=against,
            cwd=None if cwd is None else Path(cwd),
        )
        answered = prepared.run()
        if answered.interrupted:
            raise KeyboardInterrupt
        return compared(answered, prepared.plan, match=match, against=against)
