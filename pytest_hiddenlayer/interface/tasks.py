"""`evaluate_task`: one task file, answered and scored."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from ..api import evaluate
from ..errors import ProviderUnavailableError, UsageError
from .runs import Run


def evaluate_task(path: str | Path, **options: Any) -> Run:
    """Answer and score every sample of a task file, and return the run.

    `options` are those of `hiddenlayer run` with underscores: `strategy="debate"`, `provider="mlx"`,
    `epochs=3`, `baseline="main"`, `snapshot_update=True`. Raises TaskError or UsageError for a
    mistake, ProviderUnavailableError if the model cannot be used here, KeyboardInterrupt if it is
    interrupted (what was answered is on disk). Wrong answers and failed gates are in the run.
    """
    answered = evaluate(path, **options)
    if answered.errors:
        raise answered.errors[0]
    if answered.skips and not any(record.outcome != "skipped" for record in answered.records):
        raise ProviderUnavailableError(next(iter(answered.skips)))
    if not answered.records:
        raise UsageError(f"{path}: no task file with samples; a task file has a top-level `task:` key")
    return Run(answered.folder)


async def aevaluate_task(path: str | Path, **options: Any) -> Run:
    """As `evaluate_task`, for `await`."""
    return await asyncio.to_thread(evaluate_task, path, **options)
