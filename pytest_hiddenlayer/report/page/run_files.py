"""Reads `run.json` and `summary.json` for a page: what is missing or damaged is said, and the rest shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...io.regular_files import read_text
from ...results.log.record_file import RECORDS
from ...results.log.run_log import MANIFEST
from ...results.log.summary import SUMMARY
from ..file_types.json_types import checked, every, left_out_words
from ..file_types.manifest_types import manifest_type
from ..file_types.summary_types import CELL

_CELLS = every(CELL)


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
    manifest, left_out = checked(manifest, manifest_type)
    notices += left_out_notices(MANIFEST, left_out)
    values, fault = _read(folder / SUMMARY)
    cells, left_out = checked(values, _CELLS)
    ended = "complete" in manifest or "records" in manifest or (not manifest and cells is not None)
    if ended and cells is None:
        fault = fault or "does not hold the cells of a run"
        notices.append(_notice("error", f"{SUMMARY} {fault}: scores are computed from {RECORDS}, without gates."))
    notices += left_out_notices(SUMMARY, left_out if cells is not None else [])
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


def left_out_notices(name: str, places: list[str]) -> list[dict[str, str]]:
    """A sentence on the values of a file that were left out."""
    return [_notice("warning", left_out_words(name, places))] if places else []


def _read(path: Path) -> tuple[Any, str]:
    """(the JSON value of a file, why there is none)."""
    try:
        return json.loads(read_text(path)), ""
    except FileNotFoundError:
        return None, "is missing"
    except OSError as error:
        return None, f"cannot be read: {error.strerror or error}"
    except (ValueError, RecursionError) as error:
        return None, f"cannot be read: {error}"[:200]


def _notice(level: str, text: str) -> dict[str, str]:
    return {"level": level, "text": text}
