"""Plots a run's losses and quick evaluations: `python -m training.nano.plot_loss FOLDER` writes FOLDER/loss.svg."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

LogEntry = dict[str, Any]


def plot(folder: Path, out: Path) -> None:
    """Plot the loss above and the share of correct answers below, both against training tokens."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "nano"
    from matplotlib import pyplot

    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    figure, (above, below) = pyplot.subplots(2, 1, sharex=True, figsize=(8, 7))
    for phase in ("steady", "decayed"):
        of_phase = [entry for entry in entries if entry["phase"] == phase]
        _plot_losses(above, phase, [entry for entry in of_phase if "loss" in entry])
        _plot_shares(below, phase, [entry for entry in of_phase if "right" in entry])
    above.set(yscale="log", ylabel="loss per answer token")
    below.set(xlabel="training tokens, millions", ylabel="right answers, mean of families", ylim=(0, 1))
    above.legend()
    figure.savefig(out, metadata={"Date": None})
    pyplot.close(figure)


def _plot_losses(axes: Any, phase: str, entries: list[LogEntry]) -> None:
    axes.plot(_millions(entries), [entry["loss"] for entry in entries], label=phase)


def _plot_shares(axes: Any, phase: str, entries: list[LogEntry]) -> None:
    means = [sum(entry["right"].values()) / len(entry["right"]) for entry in entries]
    axes.plot(_millions(entries), means, marker="o", label=phase)


def _millions(entries: list[LogEntry]) -> list[float]:
    return [entry["tokens"] / 1e6 for entry in entries]


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").splitlines()[0])
    folder = Path(sys.argv[1])
    plot(folder, folder / "loss.svg")


if __name__ == "__main__":
    main()
