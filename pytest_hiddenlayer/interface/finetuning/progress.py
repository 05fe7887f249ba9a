"""Losses of training: logged by the tracker, and shown in one line that is rewritten."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ...finetuning.training_log import TrainingEvent
from ...session.progress import duration_text, fitting_parts
from ..experiment import Experiment


class TrainingProgress:
    """Receives the events of training. `line(width)` says how far it is."""

    def __init__(self, experiment: Experiment, clock: Callable[[], float] = time.monotonic) -> None:
        self._experiment, self._clock = experiment, clock
        self._started_s = clock()
        self._first: int | None = None  # step of the first event, from which time is counted: loading is no step
        self._last: TrainingEvent | None = None
        self._losses: dict[str, float] = {}  # kind → the latest

    def add(self, event: TrainingEvent) -> None:
        """Log the loss in `metrics.jsonl` as `loss` or `validation_loss`, and remember it."""
        if self._first is None:
            self._first, self._started_s = event.step, self._clock()
        self._last = event
        self._losses[event.kind] = event.loss
        self._experiment.log(_logged(event), step=event.step)

    def line(self, width: int) -> str:
        """The parts that fit in this many columns, the most important first."""
        return fitting_parts(self._parts(), width)

    def _parts(self) -> list[str]:
        elapsed_s, last = self._clock() - self._started_s, self._last
        if last is None:
            return [f"loading the model, {duration_text(elapsed_s)}"]
        parts = [f"step {last.step:,} of {last.steps:,}"]
        names = {"step": "loss", "validation": "validation"}
        parts += [f"{names[kind]} {self._losses[kind]:.3f}" for kind in names if kind in self._losses]
        done = last.step - (self._first or 0)
        if done and last.step < last.steps:
            parts.append(f"about {duration_text(elapsed_s * (last.steps - last.step) / done)} left")
        if last.tokens_per_s is not None:
            parts.append(f"{last.tokens_per_s:,.0f} tokens/s")
        return parts


def _logged(event: TrainingEvent) -> dict[str, Any]:
    if event.kind == "validation":
        return {"validation_loss": event.loss, "epoch": event.epoch, "best": event.best}
    return {"loss": event.loss, "epoch": event.epoch, "learning_rate": event.learning_rate, "norm": event.norm}
