"""The table of cells for a terminal."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from ..results.metrics.cells import CellMetrics
from ..results.regression.gate import GateResult
from .details import details_text, with_error

HEADERS = ("task", "strategy", "model", "scored", "score", "tokens", "cost", "seconds", "change", "gate")
_COLOURS = {"regressed": "red", "failed": "red", "improved": "green", "same": "green", "passed": "green"}


def cell_rows(metrics: Sequence[CellMetrics], gates: Mapping[tuple[str, ...], GateResult]) -> list[tuple[str, ...]]:
    """One row of text a cell, in the order of HEADERS; what is unknown is written `?`."""
    return [_row(found, gates.get(found.plan.key)) for found in metrics]


def cell_table(
    metrics: Sequence[CellMetrics],
    gates: Mapping[tuple[str, ...], GateResult],
    *,
    width: int,
    colour: bool,
) -> str:
    """The table as text, and below it what `details.py` has to tell.

    Where it is wider than `width` the terminal folds it rather than that a figure is cut.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold" if colour else "")
    headers = HEADERS if gates else HEADERS[:-2]
    for name in headers:
        right = name in ("scored", "score", "tokens", "cost", "seconds")
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "task", overflow="fold")
    rows = [row[: len(headers)] for row in cell_rows(metrics, gates)]
    for row in rows:
        cells = [Text(value) for value in row]
        cells[-1].stylize(_COLOURS.get(row[-1], "") if colour and gates else "")
        table.add_row(*cells)
    out = io.StringIO()
    wide = max(width, 120, _needed(headers, rows))
    console = Console(file=out, width=wide, force_terminal=colour, no_color=not colour, legacy_windows=False)
    console.print(table)
    if any(map(self_judged, metrics)):
        console.print("* judged by the candidate itself; name another with --judge", highlight=False)
    return out.getvalue() + details_text(metrics, width=width, colour=colour)


def _needed(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Columns without which rich would cut: all but the task, which may be folded to 16."""
    from rich.cells import cell_len

    columns = list(zip(headers, *rows, strict=True))
    return 16 + sum(2 + max(map(cell_len, column)) for column in columns[1:])


def self_judged(found: CellMetrics) -> bool:
    """Whether the candidate's own model judges it, in the strategy or as a scorer."""
    return found.plan.self_judged


def _row(found: CellMetrics, gate: GateResult | None) -> tuple[str, ...]:
    plan, e = found.plan, found.estimate
    judged = "*" if self_judged(found) else ""
    return (
        plan.task,
        plan.label + judged,
        f"{plan.provider}:{plan.slug}",
        f"{e.n}/{found.n_selected}",
        with_error(e),
        _tokens(found),
        "?" if found.cost_usd is None else f"${found.cost_usd:.4f}" if found.cost_usd else "$0",
        f"{found.wall_s:.1f}",
        _change(gate),
        "-" if gate is None else gate.word,
    )


def _change(gate: GateResult | None) -> str:
    """`-0.115 [-0.196, -0.019]`: against the baseline, over the samples that both scored; `-` where there is none."""
    if gate is None or gate.comparison is None:
        return "-"
    paired = gate.comparison.paired
    interval = "" if paired.ci95 is None else f" [{paired.ci95[0]:+.3f}, {paired.ci95[1]:+.3f}]"
    return f"{paired.difference:+.3f}{interval}"


def _tokens(found: CellMetrics) -> str:
    parts = (found.usage.input_tokens, found.usage.output_tokens)
    return "?" if None in parts else f"{sum(part or 0 for part in parts):,}"
