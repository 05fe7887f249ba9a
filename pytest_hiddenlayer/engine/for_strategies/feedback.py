"""Scores that a strategy may see: those of the task's scorers that need no target."""

from __future__ import annotations

from dataclasses import replace

from ...errors import UsageError, did_you_mean
from ...protocols import Ask, Scorer
from ...types import Message, Sample, Score
from ..cases import Cell


def feedback_scorers(cell: Cell) -> dict[str, Scorer]:
    """Return the scorers of a task that need no target, by the names of their scores."""
    return {
        name: scorer for name, scorer in zip(cell.scorer_names, cell.scorers, strict=True) if not scorer.needs_target
    }


async def feedback(
    cell: Cell, sample: Sample, messages: tuple[Message, ...], text: str, scorer: str, ask: Ask
) -> Score:
    """Return the score of `text`; `sample` has no target. Raises UsageError if no such scorer needs none."""
    known = feedback_scorers(cell)
    if scorer not in known:
        raise UsageError(
            f"strategy {cell.strategy.name!r} asks for the score {scorer!r} of task {cell.task.name!r}, "
            f"{_why(cell, scorer, known)}; add a scorer that needs no target, such as `pattern` or `llm_judge`"
        )
    return await known[scorer].score(text, replace(sample, prompt=messages), ask)


def _why(cell: Cell, scorer: str, known: dict[str, Scorer]) -> str:
    if scorer in cell.scorer_names:
        return "which needs the target, and a strategy must not see it"
    names = ", ".join(known) or "none"
    return f"which it does not have{did_you_mean(scorer, known)} (without a target: {names})"
