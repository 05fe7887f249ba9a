"""The changes of a run against its baseline, as the end of the run wrote them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...io.regular_files import read_text
from ...results.log.summary import SUMMARY
from ..file_types.changes_types import changes_type
from ..file_types.json_types import checked, every, left_out_words
from ..file_types.summary_types import CELL

CHANGES = "changes.json"


def changes(folder: Path) -> dict[str, Any] | None:
    """`Changes` of `web/src/data.ts` for the run in `folder`; None if it was compared with nothing.

    A run of an earlier version has only its summary: its samples are named, without answers.
    What is damaged in the files is left out, and `notes` say so.
    """
    path = folder / CHANGES
    written, places = checked(_read(path), changes_type)
    if written is not None:
        notes = [left_out_words(CHANGES, places)] if places else []
        return {**written, "notes": [*notes, *written["notes"]]}
    damaged = f"{CHANGES} cannot be read, or holds no changes of a run" if path.exists() else ""
    return _from_summary(folder, damaged)


def change_words(changes: Mapping[str, Any] | None) -> dict[tuple[str, ...], str]:
    """(task, strategy label, provider, model slug, sample) → how it changed, such as `newly wrong`."""
    cells = [] if changes is None else changes["cells"]
    return {
        (*cell["cell"], flip["sample"]): flip["kind"].replace("_", " ") for cell in cells for flip in cell["flips"]
    }


def _from_summary(folder: Path, damaged: str) -> dict[str, Any] | None:
    """The changes that the summary names; `damaged` says why the file of the changes is not used."""
    cells, _ = checked(_read(folder / SUMMARY), every(CELL))
    compared = [cell for cell in cells or () if cell["comparison"] is not None]
    if not compared and not damaged:
        return None
    why = damaged or f"This run has no {CHANGES}"
    return {
        "old": "baseline",
        "new": folder.name,
        "cells": [_cell_of_summary(cell) for cell in compared],
        "only_old": [],
        "only_new": [],
        "faults": [],
        "notes": [f"{why}: the samples that turned right or wrong are named, without answers."],
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
        return json.loads(read_text(path))
    except (OSError, ValueError, RecursionError):
        return None
