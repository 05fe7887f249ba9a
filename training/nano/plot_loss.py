"""Draws a run's losses and quick figures: `python -m training.nano.plot_loss FOLDER` writes FOLDER/loss.svg."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

Line = dict[str, Any]


def draw(folder: Path, out: Path) -> None:
    """Loss above, the share of right answers below, both against training tokens."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "nano"
    from matplotlib import pyplot

    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    figure, (above, below) = pyplot.subplots(2, 1, sharex=True, figsize=(8, 7))
    for phase in ("steady", "decayed"):
        some = [line for line in lines if line["phase"] == phase]
        _losses(above, phase, [line for line in some if "loss" in line])
        _shares(below, phase, [line for line in some if "right" in line])
    above.set(yscale="log", ylabel="loss per answer token")
    below.set(xlabel="training tokens, millions", ylabel="right answers, mean of families", ylim=(0, 1))
    above.legend()
    figure.savefig(out, metadata={"Date": None})
    pyplot.close(figure)


def _losses(axes: Any, phase: str, lines: list[Line]) -> None:
    axes.plot(_millions(lines), [line["loss"] for line in lines], label=phase)


def _shares(axes: Any, phase: str, lines: list[Line]) -> None:
    means = [sum(line["right"].values()) / len(line["right"]) for line in lines]
    axes.plot(_millions(lines), means, marker="o", label=phase)


def _millions(lines: list[Line]) -> list[float]:
    return [line["tokens"] / 1e6 for line in lines]


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").splitlines()[0])
    folder = Path(sys.argv[1])
    draw(folder, folder / "loss.svg")


if __name__ == "__main__":
    main()
