"""Converts requests, completions and records to plain JSON values and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from ..types import RECORD_SCHEMA, Completion, GenerationConfig, Message, Record, RecordedAnswer, Request, Usage
from .record_types import check_record_types, check_transcript

_RECORD_FIELDS = frozenset(f.name for f in fields(Record))
_COMPLETION_FIELDS = tuple(f.name for f in fields(Completion))
_PROMPT = "prompt"
"""In place of a call's messages: those of the record's field `prompt`."""
_PROMPTED_ROLES = ("answer", "sample-1", "agent-1")
"""Roles whose first call of a built-in strategy sends the prompt unchanged."""


def request_to_json(request: Request) -> dict[str, Any]:
    """All fields of a request as plain JSON values; messages as [role, content]."""
    return {**asdict(request), "messages": [[m.role, m.content] for m in request.messages]}


def request_from_json(values: Mapping[str, Any]) -> Request:
    """The request that `request_to_json` converted."""
    params = dict(values["params"])
    return Request(
        **{
            **values,
            "messages": tuple(Message(role=role, content=content) for role, content in values["messages"]),
            "params": GenerationConfig(
                **{**params, "stop": _tuple_or_none(params["stop"]), "omitted": tuple(params.get("omitted", ()))}
            ),
            "outputs": _tuple_or_none(values["outputs"]),
            "recorded": None if values.get("recorded") is None else RecordedAnswer(**values["recorded"]),
        }
    )


def completion_to_json(completion: Completion) -> dict[str, Any]:
    """All fields of a completion as plain JSON values; a log-probability of minus infinity becomes null."""
    values = {name: getattr(completion, name) for name in _COMPLETION_FIELDS}
    values["usage"] = asdict(completion.usage)
    values["token_texts"] = None if completion.token_texts is None else list(completion.token_texts)
    values["warnings"], values["not_sent"] = list(completion.warnings), list(completion.not_sent)
    values["entropies"] = None if completion.entropies is None else list(completion.entropies)
    if completion.logprobs is not None:
        values["logprobs"] = [_finite_or_none(value) for value in completion.logprobs]
    if completion.top_logprobs is not None:
        values["top_logprobs"] = [
            {text: _finite_or_none(value) for text, value in token.items()} for token in completion.top_logprobs
        ]
    return values


def completion_from_json(values: Mapping[str, Any]) -> Completion:
    """The completion that `completion_to_json` converted; omitted fields have their defaults.

    Raises TypeError, KeyError or AttributeError for values that are not a completion.
    """
    rest = dict(values)
    warnings = rest.pop("remarks", rest.pop("warnings", ()))  # `remarks` in files of version 0.1
    logprobs, top_logprobs = rest.pop("logprobs", None), rest.pop("top_logprobs", None)
    return Completion(
        **{
            **rest,
            "usage": Usage(**rest["usage"]),
            "warnings": tuple(warnings),
            "not_sent": tuple(rest.get("not_sent", ())),
            "token_texts": _tuple_or_none(rest.get("token_texts")),
            "entropies": _tuple_or_none(rest.get("entropies")),
            "logprobs": None if logprobs is None else tuple(map(_logprob, logprobs)),
            "top_logprobs": None
            if top_logprobs is None
            else tuple({text: _logprob(value) for text, value in token.items()} for token in top_logprobs),
        }
    )


def record_from_json(values: Mapping[str, Any]) -> Record:
    """The record of one line of `records.jsonl`, of this or an earlier schema version.

    Fields that this version does not know are ignored. Raises TypeError or AttributeError for
    values that are not a record.
    """
    _check_schema(values.get("schema"))
    check_transcript(values.get("transcript"))
    if values.get("schema") == RECORD_SCHEMA:
        migrated: Mapping[str, Any] = {**values, "transcript": _with_prompts(values)}
    else:
        migrated = _from_schema_2(values if values.get("schema") == 2 else _from_schema_1(values))
    check_record_types(migrated)
    if migrated.keys() <= _RECORD_FIELDS:
        return Record(**migrated)
    return Record(**{name: value for name, value in migrated.items() if name in _RECORD_FIELDS})


def _check_schema(schema: Any) -> None:
    """Raise TypeError if a record was written by a later version."""
    if isinstance(schema, int | float) and schema > RECORD_SCHEMA:
        raise TypeError(
            f"it has schema {schema}, and this version reads up to {RECORD_SCHEMA}; "
            "install a later pytest-hiddenlayer"
        )


def record_to_json(record: Record) -> dict[str, Any]:
    """The values of one line of `records.jsonl`; `record_from_json` reads them back.

    Most calls send the prompt itself. Its messages are written once: such a call has
    `"messages": "prompt"`.
    """
    values = record.to_json()
    if record.prompt:
        values["transcript"] = [
            {**call, "messages": _PROMPT} if call.get("messages") == record.prompt else call
            for call in record.transcript
        ]
    return values


def _with_prompts(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The calls, each with its messages."""
    prompt = values.get("prompt")
    return [
        {**call, "messages": prompt} if call.get("messages") == _PROMPT else call
        for call in values.get("transcript") or ()
    ]


def _from_schema_2(values: Mapping[str, Any]) -> dict[str, Any]:
    """Schema 2 had no `prompt`; the first call of most strategies sent it."""
    first: Mapping[str, Any] = next(iter(values.get("transcript") or ()), {})
    prompt = first.get("messages") if first.get("role") in _PROMPTED_ROLES else None
    return {**values, "schema": RECORD_SCHEMA, "prompt": prompt}


def _from_schema_1(values: Mapping[str, Any]) -> dict[str, Any]:
    """Schema 1 named `answer_metadata` `notes`, and the `warnings` of a call `remarks`."""
    migrated = {**values, "schema": 2}
    if "notes" in values:
        migrated["answer_metadata"] = values["notes"]
    migrated["transcript"] = [_call_from_schema_1(call) for call in values.get("transcript") or ()]
    return migrated


def _call_from_schema_1(call: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {key: value for key, value in call.items() if key != "remarks"}
    return {**renamed, "warnings": call["remarks"]} if "remarks" in call else renamed


def _tuple_or_none(values: Any) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)


def _finite_or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _logprob(value: float | None) -> float:
    return -math.inf if value is None else float(value)
