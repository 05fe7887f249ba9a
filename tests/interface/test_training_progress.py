"""The line that says how far training is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pytest_hiddenlayer.finetuning.training_log import TrainingEvent
from pytest_hiddenlayer.interface.finetuning.progress import TrainingProgress


@dataclass
class Logged:
    """Takes what an experiment would write."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def log(self, values, *, step):
        """Keep the values."""
        self.rows.append({"step": step, **values})


def event(kind: str, step: int, loss: float, **more: Any) -> TrainingEvent:
    """An event of 10 steps."""
    return TrainingEvent(kind=kind, step=step, steps=10, epoch=1, loss=loss, **more)


def test_losses_and_the_time_left():
    """Two of ten steps took 6 seconds: eight more take about 24."""
    times = iter((0.0, 1.0, 6.0, 6.0))
    progress = TrainingProgress(Logged(), clock=lambda: next(times))
    assert progress.line(80) == "before the first step, 1 s"
    progress.add(event("validation", 0, 3.25))
    progress.add(event("step", 1, 3.0))
    progress.add(event("step", 2, 2.5, tokens_per_s=1234.4))
    assert progress.line(80) == "step 2 of 10, loss 2.500, validation 3.250, about 24 s left, 1,234 tokens/s"
    assert progress.line(24) == "step 2 of 10, loss 2.500"


def test_a_resumed_training_counts_its_own_steps():
    """Training that continues after step 6 took 4 seconds for one step: three more take 12."""
    times = iter((0.0, 4.0))
    progress = TrainingProgress(Logged(), clock=lambda: next(times))
    progress.add(event("step", 7, 1.0))
    assert "about 12 s left" in progress.line(80)
