"""The cells of a run as a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .cell_texts import cost_text, count_text, interval_text, score_text
from .exported_run import ExportedRun, checked_cells

HEADERS = ("task", "strategy", "model", "scored", "score", "95 % interval", "tokens", "cost", "gate")
_RIGHT = {"scored", "score", "tokens", "cost"}
_ESCAPED = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>#|~@$"} | {"&": "&amp;"})


def markdown_text(run: ExportedRun) -> str:
    """A table with one row per cell; an unknown value is `?`."""
    rows = [_row(cell) for cell in checked_cells(run)]
    lines = [_line(HEADERS), _line([" ---:" if name in _RIGHT else " ---" for name in HEADERS], plain=True)]
    lines += [_line(row) for row in rows]
    note = f"Run `{run.run_id}`: mean scores with 95 % intervals; scored answers of those selected."
    return "\n".join([*lines, "", note]) + "\n"


def _row(cell: Mapping[str, Any]) -> tuple[str, ...]:
    usage = cell.get("usage") or {}
    tokens: list[Any] = [usage.get(name) for name in ("input_tokens", "output_tokens")]
    return (
        str(cell["task"]),
        str(cell["label"]),
        f"{cell['provider']}:{cell['model']}",
        count_text(cell),
        score_text(cell.get("score")),
        interval_text(cell.get("ci95")),
        "?" if None in tokens else f"{sum(tokens):,}",
        cost_text(cell.get("cost_usd")),
        str(cell.get("gate") or "?"),
    )


def _line(values: Sequence[str], *, plain: bool = False) -> str:
    return "| " + " | ".join(value.strip() if plain else _safe(value) for value in values) + " |"


def _safe(text: str) -> str:
    """The text for one cell of a table: shown as it is written, on one line."""
    if text.replace(".", "").replace(",", "").isalnum():
        return text
    return " ".join(text.split()).translate(_ESCAPED)
