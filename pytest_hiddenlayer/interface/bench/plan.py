"""What a comparison of strategies will ask: answers and calls per strategy, and the strategies that cannot run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from pathlib import Path

from ...calls.cost.price_file import read_own_prices
from ...calls.cost.prices import Prices
from ...errors import UsageError
from ...model_names import full_name
from ...options import RunOptions, first, limited
from ...project import Project
from ...session.task_paths import find_task_files
from ...strategies.bind import parse_strategy
from ...taskfile import load_task
from ...types import ModelName, Task
from .dry_run import DryRun, dry_run
from .written import SINGLE, LeftOut, bound_strategy

LOCAL = ("mlx", "ollama", "recorded", "scripted")
"""Providers whose calls cost nothing, unless the user states a price."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedCell:
    """One strategy on one task with one model."""

    task: str
    model: str
    label: str
    answers: int
    dry: DryRun


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchPlan:
    """What will be asked."""

    strategies: tuple[str, ...]  # as `--strategy` takes them
    cells: tuple[PlannedCell, ...]
    left_out: tuple[LeftOut, ...]
    controls: int  # control samples, about
    paid: bool  # whether a model may cost money

    @property
    def calls(self) -> int:
        """How many calls strategies and control samples make, about."""
        return self.controls + sum(cell.answers * cell.dry.calls for cell in self.cells)

    @property
    def cost_usd(self) -> Decimal | None:
        """What they may cost, about, in US dollars; None if a price is unknown."""
        costs = [None if cell.dry.cost_usd is None else cell.dry.cost_usd * cell.answers for cell in self.cells]
        known = [cost for cost in costs if cost is not None]
        if len(known) < len(costs):
            return None
        asked = sum(cell.answers * cell.dry.calls for cell in self.cells)
        return sum(known, Decimal(0)) * self.calls / asked if asked else Decimal(0)

    def lines(self) -> Iterator[str]:
        """Yields the estimate, a line each, and why strategies are left out."""
        for cell in self.cells:
            one = f"{cell.dry.calls:,} call{'s' * (cell.dry.calls != 1)}"
            answers = f"{cell.answers:,} answer{'s' * (cell.answers != 1)}"
            yield f"  {cell.task} · {cell.model} · {cell.label}: {answers} of about {one}"
        yield f"  control samples: about {self.controls:,} calls, shared by all strategies"
        yield f"about {self.calls:,} calls{self._cost_text()}"
        for absent in self.left_out:
            yield f"left out: {absent.strategy}: {absent.reason}"

    def _cost_text(self) -> str:
        if not self.paid:
            return ", free of charge"
        cost = self.cost_usd
        return ", at an unknown price" if cost is None else f", about ${ceil(cost * 100) / 100:,.2f}"


def plan_bench(
    project: Project,
    options: RunOptions,
    paths: Sequence[Path],
    written: Sequence[str],
    left_out: Sequence[LeftOut] = (),
    *,
    named: bool,
) -> BenchPlan:
    """Returns the plan, after a dry run of every strategy on the first sample of every task. Asks no model.

    A strategy that cannot run on a task or model is left out. Raises UsageError if there is no task, if no
    strategy but `single` can run, or if the user `named` the strategies and none of them can run.
    """
    tasks = [load_task(path, project.root) for path in find_task_files(paths)]
    if not tasks:
        places = ", ".join(map(str, paths))
        raise UsageError(f"--task: no task file under {places}; a task file has a top-level `task:` key")
    cells: list[PlannedCell] = []
    refused = list(left_out)
    for text in written:
        planned = [_planned(task, text, model, options) for task in tasks for model in options.providers]
        if reasons := list(dict.fromkeys(found for found in planned if isinstance(found, str))):
            refused.append(LeftOut(strategy=text, reason="; ".join(reasons)))
        else:
            cells += [found for found in planned if isinstance(found, PlannedCell)]
    labels = {cell.label for cell in cells}
    strategies = tuple(text for text in written if bound_strategy(text, options.presets).label in labels)
    if not set(strategies) - {SINGLE} and (len(written) > 1 or not named):
        raise UsageError(f"no strategy but single can run here: {_reasons(refused) or 'none is registered'}")
    return BenchPlan(
        strategies=strategies,
        cells=tuple(cells),
        left_out=tuple(refused),
        controls=_controls(cells, tasks, options),
        paid=any(may_cost(model, options) for model in options.providers),
    )


def _reasons(refused: Iterable[LeftOut]) -> str:
    """Every reason once, after the strategies that it holds for."""
    names: dict[str, list[str]] = {}
    for one in refused:
        names.setdefault(one.reason, []).append(one.strategy)
    return "; ".join(f"{', '.join(strategies)}: {reason}" for reason, strategies in names.items())


def may_cost(model: ModelName, options: RunOptions) -> bool:
    """Returns whether calls of a model may cost money: it is not local, or the user's price file has a price."""
    own = Prices(read_own_prices(options.prices) if options.prices is not None else ())
    return model.provider not in LOCAL or own.has_own(model.provider, full_name(model))


def _planned(task: Task, text: str, model: ModelName, options: RunOptions) -> PlannedCell | str:
    spec = parse_strategy(text)
    found = dry_run(task, spec, model, options)
    if isinstance(found, str):
        return found
    samples = len(limited(task, options.limit).samples)
    answers = samples * (first(options.epochs, task.epochs) or 1)
    return PlannedCell(
        task=task.name,
        model=str(model),
        label=bound_strategy(text, options.presets).label,
        answers=answers,
        dry=found,
    )


def _controls(cells: Iterable[PlannedCell], tasks: Sequence[Task], options: RunOptions) -> int:
    samples = {task.name: len(limited(task, options.limit).samples) for task in tasks}
    most: dict[tuple[str, str], int] = {}
    for cell in cells:
        if cell.label != SINGLE:
            most[cell.task, cell.model] = max(most.get((cell.task, cell.model), 0), cell.dry.calls)
    return sum(samples[task] * calls for (task, _), calls in most.items())
