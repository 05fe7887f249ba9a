"""Cases: one sample × strategy × model × epoch, ready to be answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..errors import UsageError
from ..identifiers import controlled, item_name, item_params, slugs
from ..options import RunOptions, first, limited
from ..registry import providers
from ..scorers.build import build_scorer
from ..strategies.bind import BoundStrategy, bind_strategy
from ..types import ModelName, Sample, Scorer, Task


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One task × strategy × model, with everything its samples share."""

    task: Task  # its samples are the selected ones
    strategy: BoundStrategy
    model: ModelName
    slug: str
    scorers: tuple[Scorer, ...]
    judge: ModelName | None  # None: the candidate itself
    epochs: int
    seed: int
    memo: dict[Any, Any] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )  # what all samples share

    @property
    def key(self) -> tuple[str, str, str, str]:
        """(task, strategy label, provider, model slug), as in `Record.cell`."""
        return (self.task.name, self.strategy.label, self.model.provider, self.slug)

    @property
    def params(self) -> str:
        """What stands in the brackets of its items and its gate."""
        return item_params(self.strategy.label, self.model, self.slug)

    @property
    def pass_score(self) -> float:
        """What counts as right for one sample."""
        own = self.task.pass_score
        return self.scorers[0].pass_score if own is None else own


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One sample to be answered once."""

    cell: Cell
    sample: Sample
    epoch: int  # from 1

    @property
    def name(self) -> str:
        """The item's name without brackets."""
        return item_name(self.sample.id)

    @property
    def params(self) -> str:
        """What stands in the item's brackets."""
        return item_params(self.cell.strategy.label, self.cell.model, self.cell.slug, self.epoch)


def model_slugs(options: RunOptions) -> dict[ModelName, str]:
    """The slug of every model of the run, told apart where two would share one."""
    full = {name: full_name(name) for name in options.providers}
    by_name = slugs(dict.fromkeys(full.values()))
    return {name: by_name[full[name]] for name in full}


def full_name(model: ModelName) -> str:
    """The model's full name; a provider's default model where the user named none."""
    if model.model is not None:
        return model.model
    return getattr(providers.get(model.provider), "default_model", model.provider)


def cells(task: Task, options: RunOptions) -> list[Cell]:
    """The cells of a task under these options. Raises UsageError for a wrong strategy, scorer or model."""
    chosen = limited(task, options.limit)
    scorers = tuple(build_scorer(spec) for spec in task.scorers)
    named = model_slugs(options)
    specs = options.strategies or task.strategies
    bound = [bind_strategy(spec) for spec in specs]
    doubled = [s.label for s in bound if sum(s.label == other.label for other in bound) > 1]
    if doubled:
        raise UsageError(f"strategy {doubled[0]!r} stands twice; parameters that equal their defaults do not count")
    if taken := [s.label for s in bound if controlled(s.label) is not None]:
        raise UsageError(f"strategy {taken[0]!r}: such labels are those of --hl-equal-budget; rename its parameter")
    judge = options.judge or (_judge(task.judge) if task.judge else None)
    found = [
        Cell(
            task=chosen,
            strategy=_fitting(strategy, model),
            model=model,
            slug=named[model],
            scorers=scorers,
            judge=judge,
            epochs=first(options.epochs, task.epochs) or 1,
            seed=options.seed,
        )
        for strategy in bound
        for model in options.providers
    ]
    return found


def cases(cell: Cell) -> Iterator[Case]:
    """The cases of a cell: all samples of the first epoch, then of the next."""
    for epoch in range(1, cell.epochs + 1):
        for sample in cell.task.samples:
            yield Case(cell=cell, sample=sample, epoch=epoch)


def _judge(text: str) -> ModelName:
    from ..options import parse_model

    return parse_model(text, "judge")


def _fitting(strategy: BoundStrategy, model: ModelName) -> BoundStrategy:
    if getattr(providers.get(model.provider), "single_only", False) and strategy.name != "single":
        raise UsageError(
            f"provider {model.provider!r} holds final answers, which only strategy 'single' can score; "
            f"found strategy {strategy.name!r}. Add --strategy single"
        )
    return strategy
