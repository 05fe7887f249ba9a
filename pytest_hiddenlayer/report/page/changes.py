"""The changes of a run against its baseline, as the end of the run wrote them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CHANGES = "changes.json"
_FIELDS = {"old", "new", "cells", "only_old", "only_new", "faults"}


def changes(folder: Path) -> dict[str, Any] | None:
    """`Changes` of `web/src/data.ts` for the run in `folder`; None if it was compared with nothing.

    A run of an earlier version has only its summary: its samples are named, without answers.
    """
    written = _read(folder / CHANGES)
    if isinstance(written, dict) and set(written) >= _FIELDS:
        return written
    return _from_summary(folder)


def change_words(changes: Mapping[str, Any] | None) -> dict[tuple[str, ...], str]:
    """(task, strategy label, provider, model slug, sample) → how it changed, such as `newly wrong`."""
    cells = [] if changes is None else changes["cells"]
    return {
        (*cell["cell"], flip["sample"]): flip["kind"].replace("_", " ") for cell in cells for flip in cell["flips"]
    }


def _from_summary(folder: Path) -> dict[str, Any] | None:
    cells = _read(folder / "summary.json")
    compared = [
        cell
        for cell in (cells if isinstance(cells, list) else [])
        if isinstance(cell, dict) and isinstance(cell.get("comparison"), dict) and "slug" in cell
    ]
    if not compared:
        return None
    return {
        "old": "baseline",
        "new": folder.name,
        "cells": [_cell_of_summary(cell) for cell in compared],
        "only_old": [],
        "only_new": [],
        "faults": [],
        "notes": [f"This run has no {CHANGES}: the samples that turned right or wrong are named, without answers."],
    }


def _cell_of_summary(cell: Mapping[str, Any]) -> dict[str, Any]:
    comparison = cell["comparison"]
    side = {"strategy": cell["label"], "provider": cell["provider"], "model": cell["model"], "slug": cell["slug"]}
    sides = {"epochs": cell.get("epochs", 1), "answers_only": False}
    return {
        "cell": [cell["task"], cell["label"], cell["provider"], cell["slug"]],
        "old": {"name": str(comparison.get("baseline", "baseline")), **side, **sides},
        "new": {"name": "this run", **side, **sides},
        "verdict": str(comparison.get("verdict", "not compared")),
        "fault": None,
        "comparison": comparison,
        "other_scorers": {},
        "notes": [],
        "noise": None,
        "flips": [
            {
                "sample": str(sample),
                "kind": kind,
                "old": _unknown_side(),
                "new": _unknown_side(),
                "noise": None,
                "p_epochs": None,
                "prompt_changed": False,
            }
            for kind in ("newly_wrong", "lost", "newly_right", "gained")
            for sample in comparison.get(kind) or ()
        ],
        "flips_left_out": 0,
    }


def _unknown_side() -> dict[str, Any]:
    empty = dict.fromkeys(("score", "answer", "output", "epoch_scores", "confidence", "outcome", "row"))
    return {**empty, "scores": {}}


def _read(path: Path) -> Any:
    """The JSON of a file; None if it is missing or torn."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
