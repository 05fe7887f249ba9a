"""Records without their texts, to save memory until the end of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from ...types import Record

_KEPT_FIELDS = ("mean_logprob", "cached", "attempts", "warnings")
_EMPTY: Mapping[str, Any] = MappingProxyType({})
_LEFT_OUT: Mapping[str, Any] = {
    "key": "",
    "input": "",
    "target": None,
    "output": None,
    "prompt": None,
    "choices": (),
    "metadata": _EMPTY,
    "reasoning": None,
    "traceback": None,
    "strategy_params": _EMPTY,
}
"""The fields that hold texts, and what a record without texts has in their place."""
_TEXTS_OF_A_SCORE = {"value", "answer", "explanation"}
_WITHOUT_TEXT = tuple(
    f.name
    for f in fields(Record)
    if f.name not in {*_LEFT_OUT, "transcript", "scores", "usage", "answer_metadata", "confidence"}
)


def without_texts(record: Record, *, explained: bool = False) -> Record:
    """The record without its texts: the fields that metrics, gates, snapshots and calibration read.

    With `explained` the scores keep their explanations, which the message of a failed sample shows.

    Prompt, target, output, key and the calls' texts are on disk, in the run log. Equal usages, equal
    scores and empty mappings are shared between records.
    """
    kept = {name: getattr(record, name) for name in _WITHOUT_TEXT}
    return Record(
        **kept,
        **_LEFT_OUT,
        transcript=_lean_calls(record.transcript),
        scores=record.scores if explained else _lean_scores(record.scores),
        usage=_shared(tuple(record.usage.items())),
        answer_metadata=record.answer_metadata or _EMPTY,
        confidence=record.confidence or _EMPTY,
    )


def _lean_calls(calls: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    compact = [{name: call[name] for name in _KEPT_FIELDS if call.get(name) is not None} for call in calls]
    return compact if any(compact) else _empty_calls(len(calls))


def _lean_scores(scores: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """The values of the scores; scores that have details, or a reason for having no value, stay whole."""
    if any(score["value"] is None or not score.keys() <= _TEXTS_OF_A_SCORE for score in scores.values()):
        return scores
    return _shared_scores(tuple((name, score["value"]) for name, score in scores.items()))


@lru_cache(maxsize=10_000)
def _shared_scores(values: tuple[tuple[str, float], ...]) -> Mapping[str, Mapping[str, Any]]:
    return MappingProxyType(
        {name: MappingProxyType({"value": value, "answer": None, "explanation": ""}) for name, value in values}
    )


@lru_cache(maxsize=100)
def _empty_calls(n_calls: int) -> Sequence[Mapping[str, Any]]:
    return (_EMPTY,) * n_calls


@lru_cache(maxsize=10_000)
def _shared(counts: tuple[tuple[str, Any], ...]) -> Mapping[str, Any]:
    return MappingProxyType(dict(counts))
