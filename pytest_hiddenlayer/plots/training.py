"""The loss curves of fine-tuning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..finetuning.run import FinetuneResult
from ..finetuning.training_log import LOG, read_curves
from .figures import COLOURS, GREY, clear_frame, explain_empty, figure_of, label_x, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Sequence[tuple[int, float]]


def plot_training(training: FinetuneResult | str | Path, *, ax: Axes | None = None) -> Figure:
    """Return a figure with the loss per learned token in nats over the steps: of training, and of validation.

    `training` is what `finetune` returned, or the folder of an adapter. A vertical line marks the step whose
    weights are kept. Raises UsageError if the folder has no loss curve.
    """
    name, steps, validations = _curves(training)
    axes = panels([name], ax, width=6.4, height=3.6, what="one per adapter")
    if not (steps or validations):
        explain_empty(axes[0], "no step was trained")
        return figure_of(axes)
    _draw(axes[0], steps, validations)
    return figure_of(axes)


def _curves(training: FinetuneResult | str | Path) -> tuple[str, Curve, Curve]:
    if isinstance(training, FinetuneResult):
        return training.folder.name, training.training, training.validation
    if not isinstance(training, str | Path):
        raise UsageError(
            f"plot_training(): a result of finetune() or the folder of an adapter is needed, found "
            f"{type(training).__name__}"
        )
    folder = Path(training)
    if not (folder / LOG).is_file():
        raise UsageError(
            f"adapter {folder}: no loss curve, because it has no {LOG}; give a folder that finetune wrote"
        )
    curves = read_curves(folder)
    return folder.name, curves["step"], curves["validation"]


def _draw(axes: Axes, steps: Curve, validations: Curve) -> None:
    if steps:
        axes.plot(*zip(*steps, strict=True), color=COLOURS[0], lw=1, label="training")
    if validations:
        axes.plot(*zip(*validations, strict=True), color=COLOURS[1], marker="o", ms=4, label="validation")
        best = min(validations, key=lambda point: point[1])
        axes.axvline(best[0], color=GREY, lw=1, ls="--", label=f"kept: step {best[0]:,}")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("loss per learned token, nats", fontsize=9)
    clear_frame(axes, grid="y")
    axes.legend(fontsize=8, frameon=False)
    label_x(axes, "step", [] if validations else ["nothing was validated: the last weights are kept"])
