"""What a page shows first: its title, runs, notices and cells; see `Overview` in `web/src/data.ts`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .cell_statistics import PageStatistics
from .run_files import RunFiles, read_run_files


def overview(folder: Path, statistics: PageStatistics | None = None, files: RunFiles | None = None) -> dict[str, Any]:
    """What the page shows first; `statistics` are those of the run's records, `files` the run's other files."""
    files = files or read_run_files(folder)
    return {
        "format": 1,
        "kind": "run",
        "title": f"Evals {folder.name}",
        "runs": [{"name": folder.name, "manifest": files.manifest}],
        "live": False,
        "complete": files.complete,
        "notices": files.notices,
        "cells": [page_cell(cell, statistics or PageStatistics()) for cell in files.cells or ()],
        "notes": [],
    }


def page_cell(cell: Mapping[str, Any], statistics: PageStatistics, run: int = 0) -> dict[str, Any]:
    """A cell of the page: an object of `summary.json` with its statistics. `run` is its run's position."""
    key = (cell["task"], cell["label"], cell["provider"], cell["slug"])
    return {"gate_message": None, **cell, "run": run, **statistics.of(key)}
