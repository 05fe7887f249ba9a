"""The replayed rules as a table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from ...report.text_table import grid
from ...stats.estimate.mean_interval import Estimate
from .comparison import ReplayedCell, ReplayedRule
from .sample_curves import DRAWS, SampleCurve

_HEADERS = ("rule", "accuracy", "difference", "95 % interval", "verdict", "samples", "tokens", "saved", "questions")
_CURVE = ("k", "pass@k", "majority@k", "questions")
_RIGHT = frozenset(_HEADERS) - {"rule", "verdict"}


def votes_text(cells: Sequence[ReplayedCell], *, width: int, colour: bool) -> str:
    """Returns one table per cell, with a line for each rule that the records cannot replay."""
    blocks = []
    for cell in cells:
        task, label, provider, slug = cell.key
        lines = [f"{task} · {label} · {provider} {slug}".rstrip()]
        if cell.without_samples:
            lines.append(f"{cell.without_samples} of {cell.records} records have no complete set of samples")
        if rows := [_row(rule) for rule in cell.rules if rule.questions]:
            lines.append(grid(_HEADERS, rows, width=width, colour=colour, right=_RIGHT))
        lines += _missing_lines(cell.rules)
        lines += [] if cell.curve is None else ["", *_curve_lines(cell.curve, width=width, colour=colour)]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _missing_lines(rules: Sequence[ReplayedRule]) -> list[str]:
    """Why rules could not be replayed; one line for all that recorded answers lack."""
    lacking = [rule for rule in rules if rule.missing]
    recorded = [rule.rule for rule in lacking if rule.missing.endswith("was recorded")]
    lines = [f"{rule.rule}: {rule.missing}" for rule in lacking if rule.rule not in recorded]
    return lines + ([f"not recorded, so not replayed: {'; '.join(recorded)}"] if recorded else [])


def _curve_lines(curve: SampleCurve, *, width: int, colour: bool) -> list[str]:
    """pass@k and the majority of k as a table, with what it rests on."""
    fewest, most = curve.samples
    samples = f"{most}" if fewest == most else f"{fewest} to {most}"
    unscored = f", {curve.unscored} samples without a score left out" if curve.unscored else ""
    what = f"k of {samples} samples, {curve.questions} questions{unscored}; any right: {_estimate(curve.oracle)}"
    rows = [
        [
            str(point.k),
            _estimate(point.pass_at_k),
            "?" if point.majority_at_k is None else _estimate(point.majority_at_k),
            str(point.questions),
        ]
        for point in curve.points
    ]
    lines = [what, grid(_CURVE, rows, width=width, colour=colour, right=frozenset(_CURVE))]
    if not all(point.exact for point in curve.points):
        lines.append(f"majority@k: mean over {DRAWS:,} random sets of k samples where there are too many to count")
    return lines


def _estimate(value: Estimate) -> str:
    interval = "" if value.ci95 is None else f" [{value.ci95[0]:.3f}, {value.ci95[1]:.3f}]"
    return f"{_number(value.mean, '.3f')}{interval}"


def _row(rule: ReplayedRule) -> list[str]:
    interval = "" if rule.ci95 is None else f"{rule.ci95[0]:+.3f} to {rule.ci95[1]:+.3f}"
    left_out = f" ({rule.left_out} left out)" if rule.left_out else ""
    return [
        rule.rule,
        _number(rule.accuracy, ".3f"),
        "" if rule.verdict is None else _number(rule.difference, "+.3f"),
        interval,
        rule.verdict or "",
        _number(rule.samples, ".1f"),
        _number(rule.tokens, ".0f"),
        "" if rule.verdict is None else _number(rule.saved, ".0%"),
        f"{rule.questions}{left_out}",
    ]


def _number(value: float | None, form: str) -> str:
    return "?" if value is None else f"{value:{form}}"
