"""The types of `changes.json`: `Changes` of `web/src/data.ts`."""

from __future__ import annotations

from typing import Any

from .json_types import (
    Faults,
    UnfitError,
    count,
    every,
    flag,
    interval,
    list_of,
    map_of,
    number,
    object_of,
    one_of,
    text,
)
from .summary_types import COMPARISON, ESTIMATE, unknown

KINDS = ("newly_wrong", "newly_right", "lower", "higher", "lost", "gained")
_KEY = every(text, 4)
_SIDE = object_of(
    {},
    {
        **unknown(number, "score", "confidence"),
        **unknown(text, "answer", "output", "outcome"),
        **unknown(list_of(number), "epoch_scores"),
        **unknown(count, "row"),
        "scores": (map_of(number), {}),
    },
)
_FLIP = object_of(
    {"sample": text, "kind": one_of(*KINDS)},
    {
        **dict.fromkeys(("old", "new"), (_SIDE, _SIDE({}, "", []))),
        **unknown(text, "noise"),
        **unknown(number, "p_epochs"),
        "prompt_changed": (flag, False),
    },
)
_CELL_SIDE = object_of(
    dict.fromkeys(("name", "strategy", "provider", "model", "slug"), text),
    {"epochs": (count, 1), "answers_only": (flag, False)},
)
_SCORER = object_of(
    {},
    {
        "n": (count, 0),
        **unknown(ESTIMATE, "old", "new"),
        **unknown(number, "difference", "p_worse", "p_better"),
        **unknown(interval, "ci95"),
        "method": (text, ""),
    },
)
_CELL = object_of(
    {"cell": _KEY, "old": _CELL_SIDE, "new": _CELL_SIDE, "verdict": text},
    {
        **unknown(text, "fault", "noise"),
        **unknown(COMPARISON, "comparison"),
        "other_scorers": (map_of(_SCORER), {}),
        "notes": (list_of(text), []),
        "flips": (list_of(_FLIP), []),
        "flips_left_out": (count, 0),
    },
)
_CHANGES = object_of(
    {"old": text, "new": text, "cells": list_of(_CELL)},
    {
        **dict.fromkeys(("only_old", "only_new"), (list_of(_KEY), [])),
        **dict.fromkeys(("faults", "notes"), (list_of(text), [])),
    },
)
NEEDED = {"old", "new", "cells", "only_old", "only_new", "faults"}


def changes_type(value: Any, place: str, faults: Faults) -> Any:
    """Changes as the end of a run writes them. Raises UnfitError."""
    if not isinstance(value, dict) or not set(value) >= NEEDED:
        raise UnfitError(place)
    return _CHANGES(value, place, faults)
