"""One record, and the table of cells, as HTML for pytest-html. The templates escape every value."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..results.metrics.cells import CellMetrics
from ..results.regression.gate import GateResult
from .details import (
    BINS,
    CALIBRATION,
    REPEATS,
    bin_rows,
    calibration_note,
    calibration_rows,
    call_lines,
    interval_text,
    judging_lines,
    repeat_rows,
    scorer_lines,
    with_error,
    with_interval,
)
from .html_template import load_template
from .table import HEADERS, cell_rows, self_judged, with_scorers

TEMPLATES = Path(__file__).parent / "templates"
RECORD = TEMPLATES / "record.html.jinja"  # once: joining and hashing a path for every record takes time


def style_html() -> str:
    """The style of the page: results first, then the environment; no row scrolls by itself."""
    return load_template(TEMPLATES / "style.html.jinja").render()


def run_link_html(page: Path, folder: Path) -> str:
    """A link from a file in `folder` to the report of the run; relative, so that both can be moved together."""
    try:
        address = quote(Path(os.path.relpath(page, folder)).as_posix())
    except ValueError:  # another drive
        address = page.resolve().as_uri()
    return load_template(TEMPLATES / "run_link.html.jinja").render(address=address)


def record_html(record: Mapping[str, Any]) -> str:
    """A record's outcome, scores and answer, with the transcript folded below."""
    headline = next(iter(record["scores"].values()), None)
    return load_template(RECORD).render(
        record=record,
        score=headline and headline["value"],
        metadata=json.dumps(record["answer_metadata"], indent=1, ensure_ascii=False),
    )


def cells_html(metrics: Sequence[CellMetrics], gates: Mapping[tuple[str, ...], GateResult]) -> str:
    """The table of cells with intervals, repeats and calibration; each gate's message is folded below."""
    gate_counts = Counter(gate.word for gate in gates.values())
    split = HEADERS.index("score") + 1
    headers, rows = with_scorers(
        metrics,
        (*HEADERS[:split], "95 % interval", *HEADERS[split:]),
        [
            (*row[:split], ", ".join(interval_text(cell.estimate)), *row[split:])
            for cell, row in zip(metrics, cell_rows(metrics, gates), strict=True)
        ],
        lambda estimate: (with_error(estimate), ", ".join(interval_text(estimate))),
    )
    return load_template(TEMPLATES / "cells.html.jinja").render(
        headers=headers,
        rows=rows,
        self_judged=any(map(self_judged, metrics)),
        repeat_headers=REPEATS,
        repeats=repeat_rows(metrics, with_interval, every_k=True),
        calibration_headers=CALIBRATION,
        calibration=calibration_rows(metrics, with_interval),
        calibration_note=calibration_note(metrics),
        bin_headers=BINS,
        bins=bin_rows(metrics),
        notes=[*scorer_lines(metrics), *call_lines(metrics), *judging_lines(metrics)],
        gate_counts=", ".join(f"{count} {word}" for word, count in gate_counts.items()) or "none",
        gate_messages=[gate.message for gate in gates.values()],
    )
