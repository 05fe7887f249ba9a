"""Models that a task file names: those whose files may be anybody's are taken only if the user allows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..options import RunOptions, parse_model
from ..registry import providers
from ..types import ModelName

if TYPE_CHECKING:
    from .cases import Cell

ALLOW = "--hl-allow-task-models"


def refuse_task_models(cell: Cell, options: RunOptions) -> None:
    """Raise UsageError for a folder or hub name that only the cell's task file names; nothing is opened."""
    if options.allow_task_models or options.replay is not None:
        return
    of_user = _of_user(cell, options)
    for where, name in _asked(cell):
        if name not in of_user and loads_files(name):
            raise UsageError(
                f"{where} names the model {name}: it is a folder or a hub name, whose files may be anybody's, and "
                f"only the task file names it. Nothing was opened. If you trust it, pass {ALLOW}, or name the "
                "model on the command line yourself"
            )


def loads_files(name: ModelName) -> bool:
    """Whether opening the model loads files that may be anybody's; a provider that nobody registered does not."""
    if name.provider not in providers.names():
        return False
    look = getattr(providers.get(name.provider), "loads_files", None)
    return look is not None and bool(look(name.model))


def _of_user(cell: Cell, options: RunOptions) -> Collection[ModelName | None]:
    """The models that the user named, with --provider, --judge or --strategy."""
    mixed = cell.strategy.models if options.strategies is not None else ()
    return {*options.providers, options.judge, *(parse_model(name, "--strategy") for name in mixed)}


def _asked(cell: Cell) -> Iterator[tuple[str, ModelName]]:
    """Whom the cell asks beside its candidate, and what names it."""
    if cell.judge is not None:
        yield "judge", cell.judge
    for scorer in cell.scorers:
        for name in getattr(scorer, "judges", ()):
            yield f"scorer {scorer.name!r}", parse_model(name, "judge")
    for name in cell.strategy.models:
        yield f"strategy {cell.strategy.name!r}", parse_model(name, "strategy")
