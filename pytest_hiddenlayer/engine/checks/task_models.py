"""Refuses models that cannot judge, and models of a task file whose files come from an untrusted source."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ...errors import UsageError
from ...model_names import parse_model
from ...options import RunOptions
from ...protocols import Scorer, traits_of
from ...registry import providers
from ...scorers.capabilities import capabilities_of
from ...strategies.bind import BoundStrategy
from ...types import ModelName, Task
from .task_errors import task_error

ALLOW = "--hl-allow-task-models"


def refuse_task_models(
    strategy: BoundStrategy, scorers: Sequence[Scorer], judge: ModelName | None, options: RunOptions
) -> None:
    """Raise UsageError for a folder or hub name that only the task file names. Opens no model."""
    if options.allow_task_models or options.replay is not None:
        return
    user_models = _user_models(strategy, options)
    for origin, name in _other_models(strategy, scorers, judge):
        if name not in user_models and loads_files(name):
            raise UsageError(
                f"{origin} names the model {name}: it is a folder or a hub name, whose files may come from anyone, "
                f"and only the task file names it. Nothing was opened. If you trust it, pass {ALLOW}, or name "
                "the model on the command line"
            )


def check_judge(task: Task, scorers: Sequence[Scorer], judge: ModelName) -> None:
    """Raise TaskError if a scorer asks the run's judge and the judge only holds final answers."""
    for index, scorer in enumerate(scorers):
        capabilities = capabilities_of(scorer)
        if not capabilities.asks_model or capabilities.judges:
            continue
        if judge.provider in providers.names() and traits_of(providers.get(judge.provider)).single_only:
            raise task_error(
                task,
                f"scorers[{index}]",
                f"scorer {scorer.name!r} asks a judge, but provider {judge.provider!r} holds final answers and "
                "cannot judge: name a model with --judge, or `judge:` in the task file",
            )


def check_providers(
    task: Task, strategy: BoundStrategy, scorers: Sequence[Scorer], judge: ModelName | None, options: RunOptions
) -> None:
    """Raise TaskError if the judge, a scorer or the strategy names a provider that does not exist."""
    if options.replay is not None:
        return
    for origin, name in _other_models(strategy, scorers, judge):
        try:
            providers.get(name.provider)
        except UsageError as error:
            raise task_error(task, "judge" if origin == "judge" else "", f"{origin} names {name}: {error}") from error


def loads_files(name: ModelName) -> bool:
    """Return whether opening the model loads files from any source; False if the provider is not registered."""
    if name.provider not in providers.names():
        return False
    return traits_of(providers.get(name.provider)).loads_files(name.model)


def _user_models(strategy: BoundStrategy, options: RunOptions) -> Collection[ModelName | None]:
    """Return the models that the user named with --provider, --judge or --strategy."""
    strategy_models = strategy.models if options.strategies is not None else ()
    return {*options.providers, options.judge, *(parse_model(name, "--strategy") for name in strategy_models)}


def _other_models(
    strategy: BoundStrategy, scorers: Sequence[Scorer], judge: ModelName | None
) -> Iterator[tuple[str, ModelName]]:
    """Yield each model that is called besides the candidate, with the part of the task that names it."""
    if judge is not None:
        yield "judge", judge
    for scorer in scorers:
        for name in capabilities_of(scorer).judges:
            yield f"scorer {scorer.name!r}", parse_model(name, "judge")
    for name in strategy.models:
        yield f"strategy {strategy.name!r}", parse_model(name, "strategy")
