"""Finds the scorer whose scores a strategy may see: one of the task's that needs no target."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import UsageError, did_you_mean
from ...protocols import Scorer
from ...strategies.bind import BoundStrategy
from ...types import Task


def check_feedback(task: Task, strategy: BoundStrategy, scorers: Sequence[Scorer]) -> None:
    """Raise UsageError if a parameter of the strategy names a score that it must not see, or that does not exist."""
    for name in strategy.feedback:
        feedback_scorer(task, strategy, scorers, name)


def feedback_scorer(task: Task, strategy: BoundStrategy, scorers: Sequence[Scorer], name: str) -> Scorer:
    """Return the scorer whose scores the task calls `name`. Raises UsageError without one that needs no target."""
    names = [spec.label or spec.name for spec in task.scorers]
    known = {name: scorer for name, scorer in zip(names, scorers, strict=True) if not scorer.needs_target}
    if name in known:
        return known[name]
    if name in names:
        why = "which needs the target, and a strategy must not see it"
    else:
        without_target = ", ".join(known) or "none"
        why = f"which it does not have{did_you_mean(name, known)} (without a target: {without_target})"
    raise UsageError(
        f"strategy {strategy.name!r} asks for the score {name!r} of task {task.name!r}, {why}; "
        "add a scorer that needs no target, such as `pattern` or `llm_judge`"
    )
