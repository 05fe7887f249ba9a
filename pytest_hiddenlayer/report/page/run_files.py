"""Reads `run.json` and `summary.json` for a page: what is missing or damaged is said, and the rest shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...results.log.run_log import MANIFEST, RECORDS
from ...results.log.summary import SUMMARY

_NAMES = ("task", "strategy", "label", "provider", "model", "slug", "scorer")
_CELL: Mapping[str, Any] = {
    **dict.fromkeys(("score", "stderr", "ci95", "n_groups", "cost_usd", "gate", "comparison", "calibration")),
    **{name: {} for name in ("scorers", "outcomes", "usage", "passes", "calls", "judging", "lost_epochs")},
    **{"n": 0, "n_selected": 0, "epochs": 1, "pass_score": 1.0, "method": "", "flaky": [], "tags": []},
}
"""What a cell of an earlier version may lack."""


@dataclass(kw_only=True, slots=True)
class RunFiles:
    """What a run's folder holds besides its records."""

    folder: Path
    manifest: Mapping[str, Any]
    cells: Sequence[Mapping[str, Any]] | None  # of the summary; None: there is none that can be read
    ended: bool  # False: the run goes on, or its process was killed
    complete: bool  # False: it also may have been interrupted
    notices: list[dict[str, str]] = field(default_factory=list)

    @property
    def tags(self) -> dict[tuple[str, ...], str]:
        """Cell → its task's tags, joined by a space."""
        return {cell_key(cell): " ".join(map(str, cell["tags"])) for cell in self.cells or ()}


def read_run_files(folder: Path) -> RunFiles:
    """The manifest and the summary of a run's folder. Raises nothing: `notices` says what is wrong."""
    notices: list[dict[str, str]] = []
    manifest, fault = _read(folder / MANIFEST)
    if not isinstance(manifest, dict):
        fault = fault or "is not a JSON object"
        notices.append(_notice("error", f"{MANIFEST} {fault}: command, versions and times of the run are unknown."))
        manifest = {}
    values, fault = _read(folder / SUMMARY)
    cells = _cells(values)
    ended = "complete" in manifest or "records" in manifest or (not manifest and cells is not None)
    if ended and cells is None:
        fault = fault or "does not hold the cells of a run"
        notices.append(_notice("error", f"{SUMMARY} {fault}: scores are computed from {RECORDS}, without gates."))
    complete = ended and manifest.get("complete", True) is True
    return RunFiles(folder=folder, manifest=manifest, cells=cells, ended=ended, complete=complete, notices=notices)


def early_end_notices(files: RunFiles, n_records: int) -> list[dict[str, str]]:
    """A sentence on a run that did not end as planned."""
    answers = "1 answer" if n_records == 1 else f"{n_records:,} answers"
    if not files.ended:
        return [
            _notice(
                "warning",
                f"This run had not ended when this page was written: it goes on, or its process was killed. "
                f"Everything here is computed from the {answers} that it had recorded.",
            )
        ]
    if files.complete:
        return []
    planned = sum(cell["n_selected"] for cell in files.cells or ())
    of = f" of {planned:,}" if planned > n_records else ""
    return [
        _notice(
            "warning",
            f"This run ended early, because it was interrupted or stopped at a failure: it recorded "
            f"{n_records:,}{of} answers. Its gates were not judged; "
            f"--resume {files.folder.name} asks for the rest.",
        )
    ]


def cell_key(cell: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """As in `Record.cell`."""
    return (cell["task"], cell["label"], cell["provider"], cell["slug"])


def _cells(values: Any) -> list[dict[str, Any]] | None:
    """The cells of a summary; None if they are not those that this package writes."""
    if not isinstance(values, list) or not all(map(_is_cell, values)):
        return None
    return [{**_CELL, **{name: value for name, value in cell.items() if value is not None}} for cell in values]


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or not all(isinstance(cell.get(name), str) for name in _NAMES):
        return False
    numbers = [cell.get(name) for name in ("score", "stderr", "cost_usd", "n", "n_selected")]
    numbers += _ends(cell.get("ci95"))
    if not all(value is None or (isinstance(value, int | float) and value == value) for value in numbers):
        return False
    return all(
        isinstance(cell.get(name, value), type(value))
        for name, value in _CELL.items()
        if isinstance(value, dict | list)
    )


def _ends(ci95: Any) -> list[Any]:
    if ci95 is None:
        return []
    return list(ci95) if isinstance(ci95, list) and len(ci95) == 2 else ["damaged"]


def _read(path: Path) -> tuple[Any, str]:
    """(the JSON value of a file, why there is none)."""
    try:
        return json.loads(path.read_text(encoding="utf-8")), ""
    except FileNotFoundError:
        return None, "is missing"
    except OSError as error:
        return None, f"cannot be read: {error.strerror or error}"
    except (ValueError, RecursionError) as error:
        return None, f"cannot be read: {error}"[:200]


def _notice(level: str, text: str) -> dict[str, str]:
    return {"level": level, "text": text}
