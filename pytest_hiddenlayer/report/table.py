"""The table of cells for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..results.metrics.cells import CellMetrics
from ..results.regression.gate import GateResult
from ..stats.estimate.mean_interval import Estimate
from .details import details_text, with_error
from .text_table import grid

SCORER = "scorer"
"""The column that a table has if one of its cells has several scorers."""
HEADERS = ("task", "strategy", "model", "scored", "score", "tokens", "cost", "seconds", "change", "gate")
FOOTNOTE = "* judged by the candidate itself; name another with --judge"
COLOURS = {"regressed": "red", "failed": "red", "improved": "green", "same": "green", "passed": "green"}


def cell_rows(metrics: Sequence[CellMetrics], gates: Mapping[tuple[str, ...], GateResult]) -> list[tuple[str, ...]]:
    """One row of text per cell, in the order of HEADERS; an unknown value is `?`."""
    return [_row(cell, gates.get(cell.config.key)) for cell in metrics]


def cell_table(
    metrics: Sequence[CellMetrics],
    gates: Mapping[tuple[str, ...], GateResult],
    *,
    width: int,
    colour: bool,
    calibration: bool = False,
) -> str:
    """The table, and below it the details of `details_text`. Without gates it has no columns for them.

    No value is cut: the terminal wraps a table wider than `width`.
    """
    headers: tuple[str, ...] = HEADERS if gates else HEADERS[:-2]
    rows = [row[: len(headers)] for row in cell_rows(metrics, gates)]
    headers, rows = with_scorers(metrics, headers, rows, lambda estimate: (with_error(estimate),))
    table = grid(
        headers,
        rows,
        width=max(width, 120),
        colour=colour,
        right=("scored", "score", "tokens", "cost", "seconds"),
        fold=("task",),
        styles=[COLOURS.get(row[-1], "") if gates else "" for row in rows],
    )
    lines = [table, FOOTNOTE] if any(map(self_judged, metrics)) else [table]
    return "\n".join(lines) + "\n" + details_text(metrics, width=width, colour=colour, calibration=calibration)


def with_scorers(
    metrics: Sequence[CellMetrics],
    headers: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    score: Callable[[Estimate], tuple[str, ...]],
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The table with the column SCORER and a row for each further scorer, if a cell has several; else as it was.

    `score` returns the columns of an estimate.
    """
    if not any(cell.other_scorers for cell in metrics):
        return tuple(headers), list(rows)
    at = headers.index("scored")
    wide: list[tuple[str, ...]] = []
    for cell, row in zip(metrics, rows, strict=True):
        wide.append((*row[:at], cell.headline, *row[at:]))
        for name, scorer in cell.other_scorers.items():
            columns = (name, f"{scorer.n_scored}/{cell.n_selected}", *score(scorer.estimate))
            wide.append(("",) * at + columns + ("",) * (len(row) - at - len(columns) + 1))
    return (*headers[:at], SCORER, *headers[at:]), wide


def self_judged(cell: CellMetrics) -> bool:
    """Whether the candidate's own model judges the cell, in the strategy or as a scorer."""
    return cell.config.self_judged


def _row(cell: CellMetrics, gate: GateResult | None) -> tuple[str, ...]:
    config, estimate = cell.config, cell.estimate
    return (
        config.task,
        config.label + ("*" if self_judged(cell) else ""),
        f"{config.provider}:{config.slug}",
        f"{cell.n_scored}/{cell.n_selected}",
        with_error(estimate),
        _tokens(cell),
        "?" if cell.cost_usd is None else f"${cell.cost_usd:.4f}" if cell.cost_usd else "$0",
        f"{cell.wall_s:.1f}",
        _change(gate),
        "-" if gate is None else gate.word,
    )


def _change(gate: GateResult | None) -> str:
    """`-0.115 [-0.196, -0.019]`: the difference from the baseline over the samples that both scored; `-` if none."""
    if gate is None or gate.comparison is None:
        return "-"
    paired = gate.comparison.paired
    interval = "" if paired.ci95 is None else f" [{paired.ci95[0]:+.3f}, {paired.ci95[1]:+.3f}]"
    return f"{paired.difference:+.3f}{interval}"


def _tokens(cell: CellMetrics) -> str:
    counts = (cell.usage.input_tokens, cell.usage.output_tokens)
    return "?" if None in counts else f"{sum(count or 0 for count in counts):,}"
