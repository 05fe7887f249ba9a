"""The metrics of a finished run, from its records and what its `summary.json` states about each cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...io.json_text import decode_json
from ...io.regular_files import read_text
from ...types import Record
from .cells import CellMetrics, by_cell, compute_metrics, config_from_records


def metrics_of_run(folder: Path, records: Iterable[Record], *, bootstrap: int = 0) -> Iterator[CellMetrics]:
    """The metrics of every cell of a run on disk, with the reducer and the limits that its summary states.

    Raises UsageError if there is a summary that cannot be read.
    """
    settings = cell_settings(folder)
    for key, cell in by_cell(records).items():
        yield compute_metrics(config_from_records(cell, settings.get(key)), cell, bootstrap=bootstrap)


def cell_settings(folder: Path) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """Cell → its object in the run's summary; empty if the run was interrupted.

    Raises UsageError if the summary cannot be read.
    """
    path = folder / "summary.json"
    try:
        cells = decode_json(read_text(path))
        return {(c["task"], c["label"], c["provider"], c["slug"]): c for c in cells if "slug" in c}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        advice = "delete the file: its cells are computed from the records then"
        raise UsageError(f"{path}: cannot be read as a summary: {error}; {advice}") from error
