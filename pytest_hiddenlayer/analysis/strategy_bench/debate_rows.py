"""Debates in one row each: what voting alone explains, drift, and who persuades whom; `analysis.debates` has all."""

from __future__ import annotations

from collections.abc import Sequence

from ..debates.analysis import CellDebates
from ..debates.drift import Drift

HEADERS = (
    *("debate", "one answer", "+ vote of round 0", "+ discussion", "+ verdict", "share that voting explains"),
    *("drift per round", "wrong→right", "right→wrong", "followed a wrong majority"),
)


def debate_rows(cells: Sequence[CellDebates]) -> list[tuple[str, ...]]:
    """Returns a row per cell in the order of HEADERS; `?` is unknown."""
    return [_row(cell) for cell in cells]


def _row(cell: CellDebates) -> tuple[str, ...]:
    gain = cell.gain
    whole = next((change for change in cell.transitions if change.after is None), None)
    follow = next((one for one in cell.conformity if one.size is None and one.majority == "wrong"), None)
    share = "none" if gain.share is None else f"{gain.share:.0%}"
    if gain.share_ci95 is not None:
        share += f" ({gain.share_ci95[0]:.0%} to {gain.share_ci95[1]:.0%})"
    return (
        cell.key[1],
        *(_number(value) for value in (gain.single, gain.first_majority, gain.last_majority, gain.final)),
        share,
        _drift(next((one for one in cell.drift if one.who == "agents"), None)),
        "?" if whole is None else f"{whole.wrong_right} of {whole.scored}",
        "?" if whole is None else f"{whole.right_wrong} of {whole.scored}",
        "never met one" if follow is None else f"{_number(follow.conformed.mean, '.0%')} of {follow.n}",
    )


def _drift(drift: Drift | None) -> str:
    if drift is None or drift.slope.mean is None:
        return "?"
    return f"{drift.slope.mean:+.3f}" + ("" if drift.p is None else f" (p {drift.p:.2g})")


def _number(value: float | None, form: str = ".3f") -> str:
    return "?" if value is None else f"{value:{form}}"
