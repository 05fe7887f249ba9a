"""The values of a record that metrics and comparisons need, as one row of typed columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Literal, TypeAlias

from ...types import OWN_PROMPTS, Record, Usage
from ...types.record import ELICITED
from ...usage import costs_of
from ..metrics.confidence import confidence_and_kind

Kind: TypeAlias = Literal["names", "text", "int", "float", "bool"]
"""`names`: text with few values, which a dictionary encodes."""

USAGE = tuple(f.name for f in fields(Usage))
COLUMNS: dict[str, Kind] = {
    **dict.fromkeys(("task", "label", "provider", "slug", "strategy", "model"), "names"),
    "sample_id": "text",
    "epoch": "int",
    "outcome": "names",
    "scorer": "names",  # of the first score; null: no score
    "score": "float",  # of the first scorer, whatever the outcome is; null: none, or unscored
    "sample_hash": "text",
    "must_pass": "bool",
    "group": "names",
    "seed": "int",
    **dict.fromkeys(USAGE, "int"),
    "cost_usd": "float",  # null: unknown
    "asked": "bool",  # whether the cost counts: a model was called
    "latency_s": "float",
    "started_at": "float",  # seconds since 1970
    "n_cached": "int",  # calls
    "n_repeated": "int",  # calls
    "n_calls": "int",  # of the transcript
    "confidence": "float",  # of the answer; null: unknown
    "confidence_kind": "names",
    "own_prompts": "names",  # JSON: name → hash; null: none
    "scores": "text",  # JSON list of [name, value, explanation without a value]; null: at most one, with a value
    "judged": "bool",  # these three: whether what is only in `json` matters to a metric
    "remarks": "bool",
    "measured": "bool",
}
CELL = ("task", "label", "provider", "slug")


def row_of(record: Record) -> tuple[Any, ...]:
    """The values of `COLUMNS`, in their order. None if unknown."""
    scores, metadata, calls, usage = record.scores, record.answer_metadata, record.transcript, record.usage
    scorer = next(iter(scores), None)
    costs = costs_of((record,))
    confidence, kind = confidence_and_kind(record) or (None, None)
    cached = repeated = 0
    remarks = bool(metadata) and ELICITED in metadata
    for call in calls:
        cached += bool(call.get("cached"))
        repeated += call.get("attempts", 1) > 1
        remarks = remarks or bool(call.get("warnings"))
    return (
        record.task,
        record.label,
        record.provider,
        record.slug,
        record.strategy,
        record.model,
        record.sample_id,
        record.epoch,
        record.outcome,
        scorer,
        None if scorer is None else scores[scorer]["value"],
        record.sample_hash,
        record.must_pass,
        record.group,
        record.seed,
        *[usage.get(name) for name in USAGE],
        costs[0] if costs else None,
        bool(costs),
        record.latency_s,
        datetime.fromisoformat(record.started_at).timestamp(),
        cached,
        repeated,
        len(calls),
        confidence,
        kind,
        _own_prompts(metadata),
        _several(scores),
        any(score.get("details") for score in scores.values()),
        remarks,
        bool(record.confidence),
    )


def _several(scores: Mapping[str, Any]) -> str | None:
    if len(scores) < 2 and all(score["value"] is not None for score in scores.values()):
        return None
    return json.dumps(
        [[name, s["value"], s["explanation"] if s["value"] is None else None] for name, s in scores.items()]
    )


def _own_prompts(metadata: Mapping[str, Any]) -> str | None:
    prompts = metadata.get(OWN_PROMPTS)
    return json.dumps(prompts) if prompts and isinstance(prompts, Mapping) else None
