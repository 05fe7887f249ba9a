"""The training loop: steps, validations, the best weights, early stopping, and resuming."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..providers.mlx.adapters import WEIGHTS
from .adapters import trained_weights
from .batches import Batch, epoch_batches, packed
from .checkpoint import FOLDER, Checkpoint, Progress, load_checkpoint, save_checkpoint
from .loss import clipped, gradient_of, mean_loss
from .schedule import learning_rate
from .settings import FinetuneSettings
from .tokens import TokenRow
from .training_log import TrainingEvent, TrainingLog
from .weights import named_arrays, write_weights

NOT_FINITE = "not finite"
PATIENCE = "no lower validation loss"
FINISHED = "all epochs"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is trained on, and how often. Depends on rows and settings only."""

    rows: Sequence[TokenRow]
    validation: Sequence[Batch]
    settings: FinetuneSettings
    steps_per_epoch: int

    @classmethod
    def of(cls, rows: Sequence[TokenRow], validation: Sequence[TokenRow], settings: FinetuneSettings) -> Plan:
        """Return the plan for these rows."""
        limits = settings.batch_size, settings.batch_tokens
        by_length = sorted(rows, key=lambda row: len(row.ids))
        held = packed(sorted(validation, key=lambda row: len(row.ids)), *limits)
        n_steps = math.ceil(len(packed(by_length, *limits)) / settings.accumulation)
        return cls(rows=rows, validation=held, settings=settings, steps_per_epoch=n_steps)

    @property
    def steps(self) -> int:
        """How many steps all epochs have."""
        return self.steps_per_epoch * self.settings.epochs

    @property
    def evaluate_every(self) -> int:
        """Steps between two validations, each with a checkpoint."""
        return self.settings.evaluate_every or math.ceil(self.steps_per_epoch / 4)

    def epoch(self, step: int) -> int:
        """Return the epoch of a step, from 1. The step before the first has epoch 1."""
        return max(0, step - 1) // self.steps_per_epoch + 1

    def batches(self, epoch: int) -> list[list[Batch]]:
        """Return the batches of each step of an epoch; the last step has what is left over."""
        settings = self.settings
        batches = epoch_batches(
            self.rows,
            batch_size=settings.batch_size,
            batch_tokens=settings.batch_tokens,
            seed=settings.seed,
            epoch=epoch,
        )
        return [batches[i : i + settings.accumulation] for i in range(0, len(batches), settings.accumulation)]


class Trainer:
    """Trains the trainable weights of a model, in the calling thread."""

    def __init__(
        self,
        model: Any,
        plan: Plan,
        output: Path,
        *,
        identity: Mapping[str, Any],
        resume: bool,
        notify: Callable[[TrainingEvent], None],
    ) -> None:
        import mlx.optimizers

        self._model, self._plan, self._output = model, plan, output
        self._identity, self._notify = identity, notify
        decay = plan.settings.weight_decay
        self._optimizer = mlx.optimizers.AdamW(plan.settings.learning_rate, weight_decay=decay, bias_correction=True)
        self._optimizer.init(model.trainable_parameters())
        self._gradient = gradient_of(model)
        self.progress = Progress()
        checkpoint = load_checkpoint(output, identity) if resume else None
        if checkpoint is not None:
            self._restore(checkpoint)
        self.log = TrainingLog(output, through=None if checkpoint is None else self.progress.step)
        self._started_s, self._first = time.perf_counter(), self.progress

    def train(self) -> Progress:
        """Train to the end, write the best weights to the adapter's file, and return the progress."""
        self._model.train()
        try:
            if self.progress.step == 0 and not self.log.events:
                self._validate()
            while self.progress.stopped is None and self.progress.step < self._plan.steps:
                self._epoch()
            self._finish()
        finally:
            self.log.close()
        return self.progress

    @property
    def tokens_per_s(self) -> float:
        """Tokens read per second since this process began, padding excluded; validations take time too."""
        return (self.progress.tokens - self._first.tokens) / max(1e-9, time.perf_counter() - self._started_s)

    @property
    def trained_steps(self) -> int:
        """Steps that this process trained."""
        return self.progress.step - self._first.step

    def _epoch(self) -> None:
        epoch = self._plan.epoch(self.progress.step + 1)
        done = self.progress.step - (epoch - 1) * self._plan.steps_per_epoch
        for batches in self._plan.batches(epoch)[done:]:
            self._step(batches)
            if self.progress.stopped is None and self._is_checkpoint_due():
                self._validate()
                self._save()
            if self.progress.stopped is not None:
                return

    def _step(self, batches: Sequence[Batch]) -> None:
        """Update the weights once. A loss or gradient that is not finite ends training before it changes them."""
        import mlx.core as mx

        settings, step = self._plan.settings, self.progress.step + 1
        mx.random.seed((settings.seed << 32) + step)  # of dropout
        loss, gradient = self._gradient(batches)
        gradient, norm = clipped(gradient, settings.clip)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            self.progress = replace(self.progress, stopped=NOT_FINITE)
            return
        rate = learning_rate(
            step,
            total=self._plan.steps,
            highest=settings.learning_rate,
            schedule=settings.schedule,
            warmup=settings.warmup,
        )
        self._optimizer.learning_rate = rate
        self._optimizer.update(self._model, gradient)
        mx.eval(self._model.trainable_parameters(), self._optimizer.state)
        read = sum(len(row.ids) for batch in batches for row in batch)
        self.progress = replace(self.progress, step=step, tokens=self.progress.tokens + read)
        learned = sum(row.learned for batch in batches for row in batch)
        self._add("step", loss, learned, learning_rate=rate, norm=norm, tokens_per_s=self.tokens_per_s)

    def _validate(self) -> None:
        """Compute the loss over the validation rows; keep the weights if it is the lowest so far."""
        if not self._plan.validation:
            return
        progress, loss = self.progress, mean_loss(self._model, self._plan.validation)
        if not math.isfinite(loss):
            self.progress = replace(progress, stopped=NOT_FINITE)
            return
        best = progress.best_loss is None or loss < progress.best_loss
        if best:
            self.progress = replace(progress, best_step=progress.step, best_loss=loss, without_gain=0)
            self._keep_weights()
        else:
            self.progress = replace(progress, without_gain=progress.without_gain + 1)
            patience = self._plan.settings.patience
            if patience is not None and self.progress.without_gain >= patience:
                self.progress = replace(self.progress, stopped=PATIENCE)
        learned = sum(row.learned for batch in self._plan.validation for row in batch)
        self._add("validation", loss, learned, best=best)

    def _add(self, kind: str, loss: float, tokens: int, **values: Any) -> None:
        step = self.progress.step
        event = TrainingEvent(
            kind=kind,
            step=step,
            steps=self._plan.steps,
            epoch=self._plan.epoch(step),
            loss=loss,
            tokens=tokens,
            **values,
        )
        self.log.append(event)
        self._notify(event)

    def _finish(self) -> None:
        """Say why training ended, and write the last weights if none were validated."""
        if self.progress.stopped == NOT_FINITE and self.progress.step == 0:
            raise UsageError(
                "training stopped at its first step: the loss or its gradient is not finite, so there are no weights "
                "to keep; check that the base model answers, or give it in single precision"
            )
        if self.progress.best_step is None:
            self._keep_weights()
        if self.progress.stopped is None:
            self.progress = replace(self.progress, stopped=FINISHED)
            self._save()

    def _is_checkpoint_due(self) -> bool:
        step = self.progress.step
        return step % self._plan.evaluate_every == 0 or step == self._plan.steps

    def _keep_weights(self) -> None:
        write_weights(self._output / WEIGHTS, trained_weights(self._model))

    def _save(self) -> None:
        if self.progress.stopped == NOT_FINITE:  # the last checkpoint is the last good one
            return
        checkpoint = Checkpoint(
            progress=self.progress,
            weights=trained_weights(self._model),
            optimizer=named_arrays(self._optimizer.state),
        )
        save_checkpoint(self._output, checkpoint, self._identity)

    def _restore(self, checkpoint: Checkpoint) -> None:
        import mlx.core as mx
        from mlx.utils import tree_unflatten

        self.progress = checkpoint.progress
        if self.progress.best_step is not None and not (self._output / WEIGHTS).is_file():
            raise UsageError(
                f"{self._output}: {WEIGHTS} with the best weights so far is missing, so training cannot be resumed; "
                "train in another folder, or start again without resuming"
            )
        _check_arrays(self._output, checkpoint.weights, trained_weights(self._model))
        _check_arrays(self._output, checkpoint.optimizer, named_arrays(self._optimizer.state))
        self._model.load_weights(list(checkpoint.weights.items()), strict=False)
        self._optimizer.state = tree_unflatten(list(checkpoint.optimizer.items()))
        mx.eval(self._model.parameters(), self._optimizer.state)


def _check_arrays(output: Path, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Raise UsageError unless the arrays of a checkpoint have the names and shapes of those in training."""
    shapes = [{name: tuple(array.shape) for name, array in arrays.items()} for arrays in (found, expected)]
    if different := sorted(name for name, _ in shapes[0].items() ^ shapes[1].items()):
        raise UsageError(
            f"{output}: its last checkpoint has other arrays than this training ({different[0]}), so it is damaged; "
            f"remove the newest folder in {FOLDER} and resume"
        )
