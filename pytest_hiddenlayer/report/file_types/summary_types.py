"""The types of `summary.json`: a list of cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .json_types import (
    Type,
    anything,
    count,
    flag,
    interval,
    list_of,
    map_of,
    number,
    object_of,
    or_null,
    text,
)

Fields = Mapping[str, tuple[Type, Any]]


def unknown(kind: Type, *names: str) -> Fields:
    """Fields that are null if they are unknown."""
    return dict.fromkeys(names, (kind, None))


_UNCERTAINTY: Fields = {
    **unknown(number, "stderr"),
    **unknown(interval, "ci95"),
    **unknown(count, "n_groups"),
    "n": (count, 0),
    "method": (text, ""),
}
ESTIMATE = object_of({}, {**unknown(number, "score"), **_UNCERTAINTY})
MEAN = object_of({}, {**unknown(number, "mean"), **_UNCERTAINTY})
_SCORER = object_of(
    {},
    {
        **unknown(number, "score"),
        **_UNCERTAINTY,
        **unknown(text, "scorer"),
        **unknown(count, "n_samples"),
        "unscored": (map_of(count), {}),
    },
)
_P_VALUES = ("p_worse", "p_better", "p_different", "p_worse_holm", "p_better_holm")
_LISTS = ("newly_wrong", "newly_right", "changed", "lost", "gained", "unscored", "added", "absent")
COMPARISON = object_of(
    {"verdict": text, "difference": number},
    {
        "baseline": (text, "baseline"),
        **unknown(text, "verdict_with_lost", "untested"),
        "lost_answers": (count, 0),
        **unknown(count, "n_groups", "pairs_needed"),
        "n": (count, 0),
        "old": (ESTIMATE, ESTIMATE({}, "", [])),
        "new": (ESTIMATE, ESTIMATE({}, "", [])),
        **unknown(interval, "ci95"),
        **unknown(number, "stderr", "smallest_effect", *_P_VALUES),
        "family": (count, 1),
        "method": (text, ""),
        "margin": (number, 0.0),
        "min_effect": (number, 0.05),
        **dict.fromkeys(_LISTS, (list_of(text), [])),
    },
)
_BIN = object_of({**dict.fromkeys(("low", "high", "confidence"), number), "n": count, "accuracy": MEAN})
_POINT = object_of(
    {**dict.fromkeys(("confidence", "coverage", "risk"), number), "n": count}, unknown(number, "stderr")
)
_CALIBRATION = object_of(
    {"n": count, "ece": MEAN, "brier": MEAN, "aurc": MEAN, "bins": list_of(_BIN), "risk_coverage": list_of(_POINT)},
    {"confidence": (text, "?"), "n_bins": (count, 10), "binning": (text, ""), **unknown(MEAN, "auroc", "wqd")},
)
_MEASURE = object_of(
    {"n": count, "aurc": MEAN, "bins": list_of(_BIN), "risk_coverage": list_of(_POINT)},
    {"n_bins": (count, 10), "binning": (text, ""), **unknown(MEAN, "ece", "brier", "auroc", "wqd")},
)
_AGREEMENT = object_of(
    {"judges": list_of(text)},
    {
        "items": (count, 0),
        "judged_twice": (count, 0),
        **unknown(number, "alpha", "stderr"),
        **unknown(interval, "ci95"),
        **unknown(text, "level", "why"),
    },
)
_SHARES = ("win_rate", "ties_by_order", "first_preferred", "longer_preferred")
_PAIRS = object_of(
    {},
    {
        **dict.fromkeys(("judged", "unjudged", "wins", "ties", "losses"), (count, 0)),
        **unknown(number, *_SHARES),
        "ci95": (map_of(or_null(interval)), {}),
        **unknown(anything, "longer", "shorter", "equal"),
    },
)
_JUDGING = object_of(
    {},
    {
        "flags": (list_of(text), []),
        "agreement": (map_of(map_of(_AGREEMENT)), {}),
        "pairs": (map_of(_PAIRS), {}),
    },
)
_CALLS = object_of({}, {**unknown(count, "calls", "cached", "repeated", "batched"), "warnings": (map_of(count), {})})
CELL = object_of(
    dict.fromkeys(("task", "strategy", "label", "provider", "model", "slug", "scorer"), text),
    {
        **unknown(number, "score", "cost_usd", "wall_s"),
        **_UNCERTAINTY,
        "n_selected": (count, 0),
        **unknown(count, "n_total", "n_samples", "n_samples_selected"),
        "epochs": (count, 1),
        "pass_score": (number, 1.0),
        **unknown(number, "min_scored"),
        **unknown(text, "reducer", "gate", "gate_message"),
        "self_judged": (flag, False),
        "scorers": (map_of(_SCORER), {}),
        "outcomes": (map_of(count), {}),
        "usage": (map_of(or_null(count)), {}),
        "lost_epochs": (map_of(count), {}),
        "passes": (map_of(MEAN), {}),
        "calls": (_CALLS, {}),
        "judging": (_JUDGING, {}),
        **unknown(COMPARISON, "comparison"),
        **unknown(_CALIBRATION, "calibration"),
        "confidence_measures": (map_of(_MEASURE), {}),
        "flaky": (list_of(text), []),
        "tags": (list_of(text), []),
    },
)
"""A cell, with what a cell of an earlier version may lack."""
