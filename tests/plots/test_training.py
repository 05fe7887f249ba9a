"""The figure of the losses of fine-tuning."""

from __future__ import annotations

import json

import pytest
from support.requirements import NEEDS_MATPLOTLIB

import pytest_hiddenlayer as hl

pytest.importorskip("matplotlib", reason=NEEDS_MATPLOTLIB)


def write_log(folder, events) -> None:
    """Write training.jsonl with (kind, step, loss)."""
    rows = [{"kind": kind, "step": step, "steps": 4, "epoch": 1, "loss": loss} for kind, step, loss in events]
    (folder / "training.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_both_curves_and_the_kept_step_are_drawn(tmp_path):
    """Training and validation losses are at their steps; a line marks the lowest validation loss."""
    write_log(
        tmp_path,
        [("validation", 0, 3.0), ("step", 1, 2.5), ("step", 2, 2.0), ("validation", 2, 1.5), ("validation", 4, 1.8)],
    )
    axes = hl.plot_training(tmp_path).axes[0]
    training, validation, kept = axes.get_lines()
    assert training.get_xydata().tolist() == [[1, 2.5], [2, 2.0]]
    assert validation.get_xydata().tolist() == [[0, 3.0], [2, 1.5], [4, 1.8]]
    assert list(kept.get_xdata()) == [2, 2]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training", "validation", "kept: step 2"]


def test_without_validation_the_figure_says_what_is_kept(tmp_path):
    """No validation curve is invented."""
    write_log(tmp_path, [("step", 1, 2.5), ("step", 2, 2.0)])
    axes = hl.plot_training(str(tmp_path)).axes[0]
    assert len(axes.get_lines()) == 1
    assert "nothing was validated: the last weights are kept" in axes.get_xlabel()


def test_a_folder_without_losses_is_a_usage_error(tmp_path):
    """The message names the missing file; another argument is named by its type."""
    with pytest.raises(hl.UsageError, match=r"no loss curve, because it has no training\.jsonl; give a folder that"):
        hl.plot_training(tmp_path)
    with pytest.raises(hl.UsageError, match="the folder of an adapter is needed, found int"):
        hl.plot_training(3)
