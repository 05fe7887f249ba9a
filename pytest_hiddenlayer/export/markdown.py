"""The cells of a run as a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..report.markdown.text import cell as as_cell
from ..report.markdown.text import code, is_plain
from .cell_texts import cost_text, count_text, interval_text, score_text
from .exported_run import ExportedRun, checked_cells

HEADERS = ("task", "strategy", "model", "scored", "score", "95 % interval", "tokens", "cost", "gate")
_RIGHT = {"scored", "score", "tokens", "cost"}


def markdown_text(run: ExportedRun) -> str:
    """A table with one row per cell; an unknown value is `?`."""
    rows = [_row(cell) for cell in checked_cells(run)]
    lines = [_line(HEADERS), _line(["---:" if name in _RIGHT else "---" for name in HEADERS])]
    lines += [_line(row) for row in rows]
    note = f"Run {code(run.run_id)}: mean scores with 95 % intervals; scored answers of those selected."
    return "\n".join([*lines, "", note]) + "\n"


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    usage = row.get("usage") or {}
    tokens: list[Any] = [usage.get(name) for name in ("input_tokens", "output_tokens")]
    return (
        as_cell(str(row["task"])),
        as_cell(str(row["label"])),
        _model(str(row["provider"]), str(row["model"])),
        count_text(row),
        score_text(row.get("score")),
        interval_text(row.get("ci95")),
        "?" if None in tokens else f"{sum(tokens):,}",
        cost_text(row.get("cost_usd")),
        as_cell(str(row.get("gate") or "?")),
    )


def _line(values: Sequence[str]) -> str:
    return f"| {' | '.join(values)} |"


def _model(provider: str, model: str) -> str:
    name = f"{provider}:{model}"
    return name if is_plain(provider) and is_plain(model) else code(name)
