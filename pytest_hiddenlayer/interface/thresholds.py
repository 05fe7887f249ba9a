"""The threshold of a cascade or a router, learnt from a finished run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..analysis.cascades.questions import stored_questions
from ..analysis.cascades.text import strategy_option, threshold_text
from ..analysis.cascades.thresholds import LearntThreshold, learn_threshold
from ..errors import UsageError, did_you_mean
from ..strategies.orchestration.signals import SIGNALS
from .runs import Run, load_run


@dataclass(frozen=True, slots=True)
class CascadeThreshold:
    """A learnt threshold with its held-out figures; `print` shows the text of `hiddenlayer cascade`."""

    learnt: LearntThreshold

    @property
    def strategy(self) -> str | None:
        """The strategy as `--strategy` and `run_strategy` take it; None if no threshold is worth it."""
        return None if self.learnt.threshold is None else strategy_option(self.learnt)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, as `hiddenlayer cascade --json` prints them."""
        return self.learnt.to_json()

    def __repr__(self) -> str:
        return threshold_text(self.learnt)


def learn_cascade(
    run: Run | str = "last",
    *,
    signal: str = "mean_logprob",
    models: Sequence[str] = (),
    task: str | None = None,
    max_loss: float = 0.0,
    train: float = 0.5,
    seed: int = 0,
    cwd: str | Path | None = None,
) -> CascadeThreshold:
    """Return the threshold of a cascade or a router, learnt on one part of a run and measured on the other.

    No model is asked. `models` are two names `PROVIDER:MODEL` of the run, the cheaper one first. `signal` is a
    confidence of the first model, or `words` or `numbers` of the prompt. Raises UsageError if the run does not
    exist, has no answers of two models or no such signal, or is too small.
    """
    if signal not in SIGNALS:
        raise UsageError(f"signal {signal!r}{did_you_mean(signal, SIGNALS)}: use one of {', '.join(SIGNALS)}")
    loaded = run if isinstance(run, Run) else load_run(run, cwd=cwd)
    stored = stored_questions(loaded.records, signal, task=task, models=models)
    return CascadeThreshold(learn_threshold(stored, max_loss=max_loss, train=train, seed=seed))
