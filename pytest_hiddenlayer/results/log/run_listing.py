"""Lists the runs of a project from `run.json` and `summary.json`, without reading their records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...io.regular_files import read_text
from .parquet_file import RECORDS_PARQUET
from .record_file import CALLS, RECORDS, has_calls
from .run_log import MANIFEST, METRICS


@dataclass(frozen=True, kw_only=True, slots=True)
class RunEntry:
    """One run. A value that its files do not contain is None, such as the score of an interrupted run."""

    run_id: str
    started_at: str | None  # ISO 8601, UTC
    tasks: tuple[str, ...]
    models: tuple[str, ...]  # PROVIDER:MODEL
    strategies: tuple[str, ...]
    cells: int
    n_scored: int | None
    n_selected: int | None
    score: float | None  # mean over the cells that have a score, each with the same weight
    cost_usd: float | None  # None: no summary, or a cell of unknown cost
    name: str | None = None  # of an experiment of the tracker

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def list_runs(reports: Path) -> list[RunEntry]:
    """The runs in a folder of reports, the latest first.

    A folder is a run if it holds `run.json`, and records, answered calls, or values that the tracker logged.
    """
    files = (path for name in (RECORDS, RECORDS_PARQUET, METRICS) for path in (reports / "runs").glob(f"*/{name}"))
    folders = {path.parent for path in files}
    folders |= {path.parent for path in (reports / "runs").glob(f"*/{CALLS}") if has_calls(path.parent)}
    entries = [entry for folder in folders if (entry := _entry(folder)) is not None]
    return sorted(entries, key=lambda entry: (entry.started_at or "", entry.run_id), reverse=True)


def _entry(folder: Path) -> RunEntry | None:
    """The run in a folder; None if it has no `run.json`. Of one that cannot be read, nothing is known."""
    if not (folder / MANIFEST).is_file():
        return None
    manifest, cells = _read(folder / MANIFEST, dict) or {}, _read(folder / "summary.json", list)
    summaries = [cell for cell in cells or () if isinstance(cell, dict)]
    scores = [cell["score"] for cell in summaries if isinstance(cell.get("score"), int | float)]
    costs = [cell.get("cost_usd") for cell in summaries]
    return RunEntry(
        run_id=folder.name,
        started_at=manifest.get("started_at") if isinstance(manifest.get("started_at"), str) else None,
        tasks=_texts(manifest.get("tasks")),
        models=_texts(manifest.get("models")),
        strategies=_texts(list(dict.fromkeys(cell.get("label") for cell in summaries))),
        cells=len(summaries),
        n_scored=_sum([cell.get("n") for cell in summaries]),
        n_selected=_sum([cell.get("n_selected") for cell in summaries]),
        score=sum(scores) / len(scores) if scores else None,
        cost_usd=_sum(costs),
        name=manifest["name"] if isinstance(manifest.get("name"), str) else None,
    )


def _read(path: Path, kind: type) -> Any:
    """The JSON value of a file if it is of this kind; None if it does not exist or cannot be read."""
    try:
        value = json.loads(read_text(path))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, kind) else None


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in values) if isinstance(values, list | dict) else ()


def _sum(values: Sequence[Any]) -> Any:
    """The sum; None if there is no value or one of them is unknown."""
    numbers = [value for value in values if isinstance(value, int | float)]
    return sum(numbers) if numbers and len(numbers) == len(values) else None
