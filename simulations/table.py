"""The table of measured rates in docs/statistics.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .check import Check, Rate, holds

START, END = "<!-- simulations: start -->", "<!-- simulations: end -->"


def write_table(document: Path, checks: Sequence[Check], rates: Sequence[Rate]) -> None:
    """Replace what is between the two comments of the document."""
    text = document.read_text(encoding="utf-8")
    head, _, rest = text.partition(START)
    _, _, tail = rest.partition(END)
    document.write_text(f"{head}{START}\n{table(checks, rates)}\n{END}{tail}", encoding="utf-8")


def table(checks: Sequence[Check], rates: Sequence[Rate]) -> str:
    """Markdown, one row per check."""
    rows = ["| what | case | counted | measured | must be |", "| --- | --- | --- | --- | --- |"]
    rows += [_row(check, rate) for check, rate in zip(checks, rates, strict=True)]
    return "\n".join(rows)


def _row(check: Check, rate: Rate) -> str:
    must = f"at least {100 * check.low:.0f} %" if check.high == 1 else f"at most {100 * check.high:.0f} %"
    red = "" if holds(check, rate) else " **red**"
    measured = f"{100 * rate.value:.1f} ± {100 * rate.error:.1f} %{red}"
    return f"| {check.section} | {check.case} | {check.event} | {measured} | {must} |"
