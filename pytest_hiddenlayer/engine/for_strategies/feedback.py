"""Scores that a strategy may see: those of the task's scorers that need no target."""

from __future__ import annotations

from dataclasses import replace

from ...protocols import Ask
from ...types import Message, Sample, Score
from ..cases import Cell
from ..checks.feedback import feedback_scorer


async def feedback(
    cell: Cell, sample: Sample, messages: tuple[Message, ...], text: str, scorer: str, ask: Ask
) -> Score:
    """Return the score of `text`; `sample` has no target. Raises UsageError if no such scorer needs none."""
    found = feedback_scorer(cell.task, cell.strategy, cell.scorers, scorer)
    return await found.score(text, replace(sample, prompt=messages), ask)
