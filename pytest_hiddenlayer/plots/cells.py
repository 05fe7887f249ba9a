"""Which cells of a run a figure shows, and what it calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from ..errors import UsageError, did_you_mean
from ..types import Record

CellKey: TypeAlias = tuple[str, str, str, str]
"""(task, strategy label, provider, model slug)."""


class PlottedRun(Protocol):
    """What a figure needs of a run."""

    @property
    def run_id(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def records(self) -> list[Record]: ...
    @property
    def cells(self) -> list[Mapping[str, Any]]: ...


def cells_of(
    run: PlottedRun, task: str | None = None, strategy: str | None = None
) -> dict[CellKey, Mapping[str, Any]]:
    """Return the run's cells by key, those of one task and strategy if they are named.

    The strategy is a label, or a name without parameters. Raises UsageError for what is not a run
    and for a name that the run does not have.
    """
    check_run(run)
    cells = {_key(run, cell): cell for cell in run.cells}
    _check(run, "task", task, {key[0] for key in cells})
    labels = {key[1] for key in cells}
    _check(run, "strategy", strategy, labels | {_name(label) for label in labels})
    wanted = {label for label in labels if strategy in (None, label)} or {
        label for label in labels if strategy == _name(label)
    }
    return {key: cell for key, cell in cells.items() if task in (None, key[0]) and key[1] in wanted}


def check_run(run: object) -> None:
    """Raise UsageError for what is not a run."""
    if not all(hasattr(run, name) for name in ("run_id", "name", "records", "cells")):
        raise UsageError(
            f"a run is needed, found {type(run).__name__}; pass what load_run or evaluate_task returns"
            + (f": load_run({run.run_id!r})" if hasattr(run, "run_id") else "")
        )


def _key(run: PlottedRun, cell: Mapping[str, Any]) -> CellKey:
    missing = [name for name in ("task", "label", "provider", "slug") if not isinstance(cell.get(name), str)]
    if missing:
        raise UsageError(
            f"run {run.run_id}: a cell of its summary has no {', '.join(missing)}; "
            "it was edited, or written by another version: remove summary.json to compute it from the records"
        )
    return cell["task"], cell["label"], cell["provider"], cell["slug"]


def _check(run: PlottedRun, what: str, name: str | None, known: set[str]) -> None:
    if name is not None and name not in known:
        raise UsageError(
            f"{what} {name!r}: run {run.run_id} has {', '.join(sorted(known)) or 'none'}{did_you_mean(name, known)}"
        )


def _name(label: str) -> str:
    """The strategy's name in its label."""
    return label.partition(".")[0]


def short_names(keys: Sequence[CellKey]) -> dict[CellKey, str]:
    """Return a name per cell: task, strategy and model, without those that all share; a single cell's is whole."""
    parts = {key: (key[0], key[1], f"{key[2]}:{key[3]}") for key in keys}
    differ = [len({part[i] for part in parts.values()}) > 1 for i in range(3)]
    if not any(differ):
        differ = [True, True, True]
    return {key: " · ".join(part[i] for i in range(3) if differ[i]) for key, part in parts.items()}


def common_parts(keys: Sequence[CellKey]) -> str:
    """Return the parts that all cells share and `short_names` leaves out; empty if there is none."""
    parts = [(key[0], key[1], f"{key[2]}:{key[3]}") for key in keys]
    shared = [parts[0][i] for i in range(3) if len({part[i] for part in parts}) == 1] if parts else []
    return " · ".join(shared) if len(shared) < 3 else ""
