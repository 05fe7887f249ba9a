"""Answers that a debate corrects and spoils, by round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..results.budget_match.round_transitions import RoundTransition, round_transitions
from ..stats.estimate.mean_interval import Estimate
from .cells import PlottedRun, cells_of, short_names
from .figures import COLOURS, bars_around, clear_frame, explain_empty, figure_of, label_x, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GAINED, _LOST = COLOURS[2], COLOURS[1]


def plot_debate_transitions(
    run: PlottedRun, *, task: str | None = None, strategy: str | None = None, ax: Axes | None = None
) -> Figure:
    """Return a figure with a panel per debating cell: what each step corrects (up) and spoils (down).

    A step leads from round to round, for the agents and for their majority, and from the last
    majority to the strategy's answer. Bars are shares of all answers of a step in per cent, with
    95 % intervals that take the agents of a sample as one cluster. Raises UsageError.
    """
    cells = cells_of(run, task, strategy)
    transitions = round_transitions(run.records)
    keys = [key for key in dict.fromkeys(step.key for step in transitions) if key in cells]
    names = short_names(keys)
    axes = panels([names[key] for key in keys], ax, width=6.0, height=4.0, what="one per debating cell")
    for key, one in zip(keys, axes, strict=False):
        _draw(one, [transition for transition in transitions if transition.key == key])
    if not keys:
        explain_empty(axes[0], "no changes by round: no agents (agent-1, agent-2, ...) were scored in two rounds")
    return figure_of(axes)


def _draw(axes: Axes, steps: Sequence[RoundTransition]) -> None:
    for x, step in enumerate(steps):
        _draw_bar(axes, x, step.gained, step.wrong_right, 1, _GAINED)
        _draw_bar(axes, x, step.lost, step.right_wrong, -1, _LOST)
    axes.axhline(0, color="black", lw=0.8)
    axes.set_xticks(range(len(steps)), [_name(step) for step in steps], fontsize=8)
    axes.set_xlim(-0.6, len(steps) - 0.4)
    axes.set_ylabel("answers of the step, %", fontsize=9)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
    low, high = axes.get_ylim()
    low, high = min(low, -10.0), max(high, 10.0)  # a debate that changes nothing has an axis too
    axes.set_ylim(low - 0.08 * (high - low), high + 0.08 * (high - low))
    clear_frame(axes, grid="y")
    axes.bar([0], [0], color=_GAINED, label="wrong → right")
    axes.bar([0], [0], color=_LOST, hatch="//", edgecolor="white", label="right → wrong")
    axes.legend(loc="best", fontsize=8, frameon=False)
    label_x(axes, "step, with the number of answers", _notes(steps))


def _draw_bar(axes: Axes, x: float, share: Estimate, count: int, sign: int, colour: str) -> None:
    mean = 100 * (share.mean or 0.0)
    hatch = "//" if sign < 0 else None
    axes.bar(x, sign * mean, width=0.55, color=colour, hatch=hatch, edgecolor="white")
    end = mean
    if share.ci95 is not None:
        interval = [100 * bound for bound in share.ci95]
        below, above = bars_around(mean, interval) or [[0.0], [0.0]]
        lengths = [below, above] if sign > 0 else [above, below]
        axes.errorbar(x, sign * mean, yerr=lengths, color="black", capsize=3, lw=1)
        end = interval[1]
    axes.annotate(
        str(count),
        (x, sign * end),
        xytext=(0, sign * 3),
        textcoords="offset points",
        ha="center",
        va="bottom" if sign > 0 else "top",
        fontsize=8,
    )


def _name(step: RoundTransition) -> str:
    if step.who == "verdict":
        return f"last majority →\nfinal answer\nn = {step.n}"
    return f"{step.who}\nround {step.before} → {step.after}\nn = {step.n}"


def _notes(steps: Sequence[RoundTransition]) -> list[str]:
    left_out = max(step.left_out for step in steps)
    bare = any(step.gained.ci95 is None or step.lost.ci95 is None for step in steps)
    return [
        *([f"up to {left_out} answers of a step left out: not scored before or after"] if left_out else []),
        *(["bars without interval: too little data"] if bare else []),
    ]
