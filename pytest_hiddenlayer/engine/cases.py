"""Expands a task into cells and cases. A case is one sample × strategy × model × epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import UsageError
from ..identifiers import controlled, item_name, item_params
from ..model_names import model_slugs, parse_model
from ..options import RunOptions, first, limited
from ..presets import find_preset, preset_name, with_preset
from ..protocols import Scorer, traits_of
from ..registry import providers
from ..scorers.build import build_scorer
from ..strategies.bind import BoundStrategy, bind_strategy
from ..types import RECORDED, ModelName, Sample, Spec, Task
from .checks.feedback import check_feedback
from .checks.targets import check_targets
from .checks.task_errors import from_spec, from_task, task_error
from .checks.task_models import check_judge, check_providers, refuse_task_models
from .for_strategies.own_prompts import own_prompts

MAX_ANSWERS = 1_000_000  # of one task in one session


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One task × strategy × model, with everything its samples share."""

    task: Task  # with the selected samples only
    strategy: BoundStrategy
    model: ModelName
    slug: str
    scorers: tuple[Scorer, ...]
    judge: ModelName | None  # None: the candidate itself
    epochs: int
    seed: int
    prompts: Mapping[str, str] = field(default_factory=dict)  # name → hash of the user's own prompts that it may use
    # Values computed once for all samples.
    memo: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """(task, strategy label, provider, model slug), as in `Record.cell`."""
        return (self.task.name, self.strategy.label, self.model.provider, self.slug)

    @property
    def params(self) -> str:
        """The text in the brackets of the cell's items and gate."""
        return item_params(self.strategy.label, self.model, self.slug)

    @property
    def scorer_names(self) -> tuple[str, ...]:
        """What the task calls the scores of each scorer; unique."""
        return tuple((spec.label or spec.name) for spec in self.task.scorers)

    @property
    def pass_score(self) -> float:
        """The lowest score of a correct sample."""
        pass_score = self.task.pass_score
        return self.scorers[0].pass_score if pass_score is None else pass_score


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One sample to answer once."""

    cell: Cell
    sample: Sample
    epoch: int  # from 1

    @property
    def name(self) -> str:
        """The item's name without brackets."""
        return item_name(self.sample.id)

    @property
    def params(self) -> str:
        """The text in the item's brackets."""
        return item_params(self.cell.strategy.label, self.cell.model, self.cell.slug, self.epoch)


def unit_of(case: Case) -> tuple[str, ...]:
    """Return what stays in one shard of a run: the sample with all its epochs, in one cell."""
    return (*case.cell.key, case.sample.id)


def cells(task: Task, options: RunOptions) -> list[Cell]:
    """Return the cells of a task under these options.

    Raises UsageError, or TaskError for what the file says: a wrong strategy, scorer or model, a reducer that needs
    more epochs.
    """
    selected = limited(task, options.limit)
    scorers = tuple(
        from_spec(task, f"scorers[{index}]", spec, build_scorer) for index, spec in enumerate(task.scorers)
    )
    check_targets(task, scorers)
    slug_by_model = model_slugs(options.providers)
    strategies = _strategies(task, options)
    judge = options.judge or from_task(
        task, "judge", lambda: parse_model(task.judge, "judge") if task.judge else None
    )
    epochs = first(options.epochs, task.epochs) or 1
    _check_reducer(task.reducer, epochs)
    _check_size(task, epochs * len(selected.samples) * len(strategies) * len(options.providers))
    task_cells = [
        Cell(
            task=selected,
            strategy=_check_strategy(task, strategy, model),
            model=model,
            slug=slug_by_model[model],
            scorers=scorers,
            judge=judge,
            epochs=epochs,
            seed=options.seed,
            prompts=own_prompts(strategy.name, options.prompts),
        )
        for strategy in strategies
        for model in options.providers
    ]
    for cell in task_cells:
        check_feedback(task, cell.strategy, cell.scorers)
        check_providers(task, cell.strategy, cell.scorers, cell.judge, options)
        check_judge(task, cell.scorers, cell.judge or cell.model)
        refuse_task_models(cell.strategy, cell.scorers, cell.judge, options)
    return task_cells


def _strategies(task: Task, options: RunOptions) -> list[BoundStrategy]:
    """Return the strategies of the options, else those of the task."""
    if options.strategies:
        strategies = [bind_strategy(with_preset(spec, options.presets)) for spec in options.strategies]
    else:
        specs = enumerate(task.strategies)
        strategies = [from_spec(task, f"strategies[{index}]", spec, _binder(options)) for index, spec in specs]
    _check_labels([strategy.label for strategy in strategies])
    return strategies


def _binder(options: RunOptions) -> Callable[[Spec], BoundStrategy]:
    """Return what binds a strategy of a task file, which cannot choose the model that answers."""

    def bind(spec: Spec) -> BoundStrategy:
        name = preset_name(spec.name)
        if name is not None and (model := find_preset(name, options.presets).named_model):
            raise UsageError(
                f"preset {name!r} names the model {model}, and a task file does not choose who answers; run it with "
                f"--strategy preset:{name}, or name its strategy and parameters here"
            )
        return bind_strategy(with_preset(spec, options.presets))

    return bind


def _check_size(task: Task, answers: int) -> None:
    """Raise TaskError if the task asks for more answers than a session can hold."""
    if answers > MAX_ANSWERS:
        raise task_error(
            task,
            "epochs",
            f"the task asks for {answers:,} answers (samples × epochs × strategies × models), the maximum is "
            f"{MAX_ANSWERS:,}; lower `epochs` (--epochs), or select samples with --limit",
        )


def _check_labels(labels: Sequence[str]) -> None:
    """Raise UsageError if two strategies share a label, or if a label is reserved for control samples."""
    if duplicates := [label for label in labels if labels.count(label) > 1]:
        raise UsageError(
            f"strategy {duplicates[0]!r} appears twice; keep one (parameters equal to their defaults do not count)"
        )
    if reserved := [label for label in labels if controlled(label) is not None]:
        raise UsageError(
            f"strategy {reserved[0]!r}: such labels are reserved for --hl-equal-budget; rename its parameter"
        )


def _check_reducer(reducer: str, epochs: int) -> None:
    """Raise UsageError if the reducer's k is more than the number of epochs."""
    if not reducer.startswith("pass_"):
        return
    from ..stats.estimate.pass_at_k import stated_k  # stats imports numpy, which most tasks need only at the end

    k = stated_k(reducer)
    if k is not None and k > epochs:
        raise UsageError(
            f"reducer {reducer!r} needs {k} epochs per sample, this run has {epochs}; "
            f"raise epochs to {k} or more, or state a k of at most {epochs}"
        )


def cases(cell: Cell) -> Iterator[Case]:
    """Yield the cases of a cell: all samples of the first epoch, then of the next."""
    for epoch in range(1, cell.epochs + 1):
        for sample in cell.task.samples:
            yield Case(cell=cell, sample=sample, epoch=epoch)


def _check_strategy(task: Task, strategy: BoundStrategy, model: ModelName) -> BoundStrategy:
    """Return the strategy. Raises UsageError if it cannot use the provider's answers."""
    is_recorded = traits_of(providers.get(model.provider)).single_only
    if is_recorded and strategy.name not in ("single", RECORDED):
        has_recordings = any(sample.recording is not None for sample in task.samples)
        raise UsageError(
            f"provider {model.provider!r} returns final answers, which only strategy 'single' can score; "
            f"found strategy {strategy.name!r}. Add --strategy {RECORDED if has_recordings else 'single'}"
        )
    if strategy.name == RECORDED and not is_recorded:
        raise UsageError(
            f"strategy {RECORDED!r} repeats recorded answers and asks no model; found provider {model.provider!r}. "
            f"Add --provider {RECORDED}"
        )
    return strategy
