"""What a page shows first: its title, runs, notices and cells; see `Overview` in `web/src/data.ts`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...results.log.run_log import MANIFEST
from .cell_statistics import PageStatistics


def overview(folder: Path, statistics: PageStatistics | None = None) -> dict[str, Any]:
    """What the page shows first; `statistics` are those of the run's records."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    cells = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return {
        "format": 1,
        "kind": "run",
        "title": f"Evals {folder.name}",
        "runs": [{"name": folder.name, "manifest": manifest}],
        "live": False,
        "complete": True,
        "notices": [],
        "cells": [page_cell(cell, statistics or PageStatistics()) for cell in cells],
        "notes": [],
    }


def page_cell(cell: Mapping[str, Any], statistics: PageStatistics, run: int = 0) -> dict[str, Any]:
    """A cell of the page: an object of `summary.json` with its statistics. `run` is its run's position."""
    key = (cell["task"], cell["label"], cell["provider"], cell["slug"])
    return {"gate_message": None, **cell, "run": run, **statistics.of(key)}
