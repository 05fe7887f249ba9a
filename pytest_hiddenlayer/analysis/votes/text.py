"""The replayed rules as a table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from ...report.text_table import grid
from .comparison import ReplayedCell, ReplayedRule

_HEADERS = ("rule", "accuracy", "difference", "95 % interval", "verdict", "samples", "tokens", "saved", "questions")
_RIGHT = frozenset(_HEADERS) - {"rule", "verdict"}


def votes_text(cells: Sequence[ReplayedCell], *, width: int, colour: bool) -> str:
    """Returns one table per cell, with a line for each rule that the records cannot replay."""
    blocks = []
    for cell in cells:
        task, label, provider, slug = cell.key
        lines = [f"{task} · {label} · {provider} {slug}".rstrip()]
        if cell.without_samples:
            lines.append(f"{cell.without_samples} of {cell.records} records have no complete set of samples")
        rows = [_row(rule) for rule in cell.rules if rule.questions]
        lines.append(grid(_HEADERS, rows, width=width, colour=colour, right=_RIGHT))
        lines += [f"{rule.rule}: {rule.missing}" for rule in cell.rules if rule.missing]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


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
