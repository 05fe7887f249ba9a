"""Plans of cells: what is known before anything runs."""

from __future__ import annotations

from ..engine.cases import Cell, full_name
from .figures import CellPlan


def plan_of(cell: Cell, total: int) -> CellPlan:
    """The plan of a cell whose task file holds `total` samples."""
    task = cell.task
    return CellPlan(
        task=task.name,
        task_hash=task.hash,
        strategy=cell.strategy.name,
        strategy_params=dict(cell.strategy.params),
        label=cell.strategy.label,
        provider=cell.model.provider,
        model=full_name(cell.model),
        slug=cell.slug,
        params=cell.params,
        scorer=f"{cell.scorers[0].name}/{cell.scorers[0].version}",
        seed=cell.seed,
        epochs=cell.epochs,
        reducer=task.reducer,
        pass_score=cell.pass_score,
        threshold=task.threshold,
        min_scored=task.min_scored,
        margin=task.margin,
        min_effect=task.min_effect,
        total=total,
        self_judged=cell.judge is None,
    )
