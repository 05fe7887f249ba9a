"""The `CellConfig` of a cell: what is known of it before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..engine.cases import Cell
from ..model_names import full_name, parse_model
from ..results.cell_config import CellConfig
from ..scorers.capabilities import capabilities_of
from ..taskfile.streamed.spool import must_pass_ids, sample_ids
from ..types import ModelName


def config_from_cell(cell: Cell, total: int) -> CellConfig:
    """The configuration of a cell whose task file holds `total` samples."""
    task = cell.task
    names = [spec.name for spec in task.scorers]
    versions = {
        (spec.label or spec.name): f"{scorer.name}/{scorer.version}"
        + (f" as {spec.label}" if names.count(spec.name) > 1 else "")
        for spec, scorer in zip(task.scorers, cell.scorers, strict=True)
    }
    return CellConfig(
        task=task.name,
        task_hash=task.hash,
        strategy=cell.strategy.name,
        strategy_params=dict(cell.strategy.params),
        label=cell.strategy.label,
        provider=cell.model.provider,
        model=full_name(cell.model),
        slug=cell.slug,
        params=cell.params,
        scorer=next(iter(versions.values())),
        scorers=versions,
        seed=cell.seed,
        epochs=cell.epochs,
        reducer=task.reducer,
        pass_score=cell.pass_score,
        threshold=task.threshold,
        min_scored=task.min_scored,
        margin=task.margin,
        min_effect=task.min_effect,
        expect=task.expect,
        total=total,
        tags=task.tags,
        preset=cell.strategy.preset,
        self_judged=_self_judged(cell),
    )


def with_all_samples(config: CellConfig, cell: Cell, gate_id: str | None) -> CellConfig:
    """The configuration of a cell of which every answer is selected."""
    selected, must_pass = sample_ids(cell.task.samples), must_pass_ids(cell.task.samples)
    answers = len(selected) * cell.epochs
    return replace(config, selected=selected, must_pass=must_pass, answers=answers, gate_id=gate_id)


def _self_judged(cell: Cell) -> bool:
    """Whether the candidate's model judges the candidate, in the strategy or as a scorer."""
    return any(
        judge.provider == cell.model.provider and full_name(judge) == full_name(cell.model) for judge in _judges(cell)
    )


def _judges(cell: Cell) -> Iterator[ModelName]:
    """Every judge that the strategy or a scorer of the cell uses."""
    run_judge = cell.judge or cell.model
    if "judge" in cell.strategy.params.values():
        yield run_judge
    for scorer in cell.scorers:
        capabilities = capabilities_of(scorer)
        if capabilities.judges:
            yield from (parse_model(name, "judge") for name in capabilities.judges)
        elif capabilities.asks_model:
            yield run_judge
