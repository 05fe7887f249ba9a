"""Rewrites pydantic's errors: each message says what is expected, what was found and what to do."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import did_you_mean, shorten
from .document import FieldPath
from .field_types import FAULT
from .scalar import Scalar, describe, plain_value, resolve
from .schema import TAGS, DataFile, ExpectForm, FieldMap, GenerateForm, SampleRow, TaskForm

_INSIDE: dict[str, type[BaseModel]] = {"generate": GenerateForm, "fields": FieldMap, "expect": ExpectForm}
_WHAT_TO_WRITE = {
    "samples": "a list of samples, or the name of a .jsonl, .json, .csv, .tsv or .parquet file",
    "scorers": "name at least one, such as `scorers: [exact]`",
    "input": "the problem for the model",
    "file": "the name of a .jsonl, .json, .csv, .tsv or .parquet file",
    "task": "`task: NAME`, or an empty `task:` for the file's stem",
}
_KINDS = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a mapping",
    "model": "a mapping",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("greater than", "gt"),
    "less_than": ("less than", "lt"),
}


def faults(error: ValidationError, form: type[BaseModel]) -> list[tuple[FieldPath, str]]:
    """Return each fault's field path and message."""
    return [(_field_path(fault), _message(fault, form)) for fault in error.errors(include_url=False)]


def _field_path(fault: ErrorDetails) -> FieldPath:
    return tuple(part for part in fault["loc"] if part not in TAGS)


def _message(fault: ErrorDetails, form: type[BaseModel]) -> str:
    kind, value = fault["type"], describe(fault["input"])
    if kind == FAULT:
        return fault["msg"]
    if kind == "extra_forbidden":
        return _unknown_field(_field_path(fault), _form_at(fault["loc"], form))
    if kind == "missing":
        return f"is missing: {_WHAT_TO_WRITE.get(str(fault['loc'][-1]), 'write it')}"
    if kind == "too_short":
        return "is an empty list; write at least one entry"
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return f"must be {words} {fault['ctx'][bound]:,g}, got {value}"
    base = kind.split("_")[0]
    if base not in _KINDS:
        return f"{fault['msg']}, got {value}"
    return f"must be {_KINDS[base]}, got {value}{_remedy(base, fault['input'])}"


def _remedy(base: str, written: object) -> str:
    """Return what to write instead, if that is plain: `; write 3` for 3.0 and "3"."""
    resolved = resolve(written) if isinstance(written, str) else written
    try:
        value = plain_value(resolved)
    except ValueError:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"; write {resolved.text} without quotes" if base == "bool" and isinstance(resolved, Scalar) else ""
    if base not in ("int", "float") or (base == "int" and value != int(value)):
        return ""
    return f"; write {int(value) if base == 'int' else value:g}" + (
        " without quotes" if isinstance(written, str) else ""
    )


def _form_at(loc: tuple[int | str, ...], form: type[BaseModel]) -> type[BaseModel]:
    """Return the form that the last part of a location belongs to."""
    if form is not TaskForm or len(loc) == 1:
        return form
    return _INSIDE.get(str(loc[0])) or (DataFile if len(loc) == 3 else SampleRow)


def _unknown_field(field_path: FieldPath, form: type[BaseModel]) -> str:
    name, names = str(field_path[-1]), list(form.model_fields)
    hint = _other_section(name, form) or did_you_mean(name, names)
    if not hint and form is SampleRow:
        hint = "; other values of a sample belong under `metadata:`"
    return f"unknown field {shorten(name)!r}{hint or ' (fields here: ' + ', '.join(names) + ')'}"


def _other_section(name: str, form: type[BaseModel]) -> str:
    if form is TaskForm and name in GenerateForm.model_fields:
        return "; it belongs under `generate:`"
    if form is not TaskForm and name in TaskForm.model_fields:
        return "; it belongs at the top of the task file"
    return ""
