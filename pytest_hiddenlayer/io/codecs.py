"""Data types from plain JSON values, as files hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ..types import RECORD_SCHEMA, Record

_RECORD_FIELDS = frozenset(f.name for f in fields(Record))


def record_from_json(values: Mapping[str, Any]) -> Record:
    """The record of one line of `records.jsonl`, of this schema version or an earlier one.

    Fields that this version does not know are ignored. Raises TypeError or AttributeError for
    values that are not a record.
    """
    migrated = values if values.get("schema") == RECORD_SCHEMA else _from_schema_1(values)
    return Record(**{name: value for name, value in migrated.items() if name in _RECORD_FIELDS})


def _from_schema_1(values: Mapping[str, Any]) -> dict[str, Any]:
    """Schema 1 named `answer_metadata` `notes`, and the `warnings` of a call `remarks`."""
    migrated = {**values, "schema": RECORD_SCHEMA}
    if "notes" in values:
        migrated["answer_metadata"] = values["notes"]
    migrated["transcript"] = [_call_from_schema_1(call) for call in values.get("transcript") or ()]
    return migrated


def _call_from_schema_1(call: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {key: value for key, value in call.items() if key != "remarks"}
    return {**renamed, "warnings": call["remarks"]} if "remarks" in call else renamed
