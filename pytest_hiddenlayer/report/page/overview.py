"""What a page shows first: its title, runs, notices and cells; see `Overview` in `web/src/data.ts`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...results.log.run_log import MANIFEST


def overview(folder: Path) -> dict[str, Any]:
    """What the page shows first; see `Overview` in `web/src/data.ts`."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    cells = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    extra = {"run": 0, "roles": [], "latency_s": None, "cached": 0, "gate_message": None}
    return {
        "format": 1,
        "kind": "run",
        "title": f"Evals {folder.name}",
        "runs": [{"name": folder.name, "manifest": manifest}],
        "live": False,
        "complete": True,
        "notices": [],
        "cells": [{**cell, **extra} for cell in cells],
        "notes": [],
    }
