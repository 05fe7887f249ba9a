"""Reads single values of a task file. Each function returns the value or raises ValueError.

The message continues the field's name. A function per kind of value reports one fault; a
pydantic union would report one per member.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from ..errors import UsageError, did_you_mean, shorten
from ..registry import Registry
from ..regular_expressions import compile_regex
from ..types import Message, Spec
from .scalar import as_written, describe, plain_value

AS = "as"
"""The parameter of any scorer that names its scores."""
T = TypeVar("T")
ROLES = ("system", "user", "assistant")
REDUCER_WITH_K = r"pass_(at|hat)_[1-9][0-9]{0,3}"


def read_text(value: Any) -> str:
    text = as_written(value)
    if text is None:
        raise ValueError(f"must be text, got {describe(value)}")
    return text


def read_texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"must be a list of texts, got {describe(value)}")
    return tuple(_item(value, n, read_text) for n in range(len(value)))


def _item(values: list[Any], number: int, read: Callable[[Any], T]) -> T:
    try:
        return read(values[number])
    except ValueError as error:
        raise ValueError(f"entry {number} {error}") from error


def read_input(value: Any) -> str | tuple[Message, ...]:
    if not isinstance(value, list):
        if as_written(value) is None:
            raise ValueError(f"must be text or a list of chat messages, got {describe(value)}")
        return read_text(value)
    if not value:
        raise ValueError("is an empty list of chat messages; write at least one")
    return tuple(_item(value, n, _message) for n in range(len(value)))


def _message(value: Any) -> Message:
    if not isinstance(value, dict) or set(value) != {"role", "content"}:
        keys = f" with {shorten(', '.join(value)) or 'nothing'}" if isinstance(value, dict) else ""
        raise ValueError(f"must be a chat message {{role: user, content: ...}}, got {describe(value)}{keys}")
    role, content = value["role"], as_written(value["content"])
    if role not in ROLES:
        raise ValueError(f"has the role {describe(role)}; use {', '.join(ROLES)}")
    if content is None:
        raise ValueError(f"has {describe(value['content'])} as content; write text")
    return Message(role=role, content=content)


def read_target(value: Any) -> str | tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        if as_written(value) is None:
            raise ValueError(f"must be text, a number or a list of accepted answers, got {describe(value)}")
        return read_text(value)
    if not value:
        raise ValueError("is an empty list; write the accepted answers, or leave the target out")
    return read_texts(value)


def check_id(value: str) -> str:
    """Check a sample id, which becomes part of pytest ids, snapshots and JUnit files."""
    if not value:
        raise ValueError("is empty; write an id, or leave it out for the row number")
    if len(value) > 200:
        raise ValueError(f"is {len(value)} characters long; at most 200 are allowed")
    if "::" in value:
        raise ValueError(f"{shorten(value)!r} contains '::', which separates the parts of a pytest id")
    control = next((char for char in value if unicodedata.category(char) in {"Cc", "Zl", "Zp"}), None)
    if control is not None:
        raise ValueError(f"{shorten(value)!r} contains the control character U+{ord(control):04X}")
    return value


def check_task_name(value: str) -> str:
    """Check a task name, which becomes a folder name and part of ids. An empty name means the file's stem."""
    if value and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", value):
        raise ValueError(
            f"{shorten(value)!r} is not a valid task name; use up to 100 letters, digits, '.', '_' and '-', "
            "starting with a letter or digit"
        )
    return value


def read_stop(value: Any) -> tuple[str, ...]:
    texts = read_texts(value if isinstance(value, list) else [value])
    if "" in texts:
        raise ValueError("contains an empty text, which would end every answer immediately; remove it")
    return texts


def read_file_name(value: Any) -> str:
    text = as_written(value)
    if text is None:
        raise ValueError(f"must be a list of samples or the name of a data file, got {describe(value)}")
    return text


def read_outputs(value: Any) -> str | dict[str, tuple[str, ...]]:
    """Return the name of a file, or the recorded outputs by sample id, one per epoch."""
    if isinstance(value, dict):
        return {name: read_output(f"output of {shorten(name)!r}", output) for name, output in value.items()}
    text = as_written(value)
    if text is None:
        raise ValueError(f"must be a file name or a mapping from id to output, got {describe(value)}")
    return text


def read_output(what: str, value: Any) -> tuple[str, ...]:
    """Return the outputs of one sample, one per epoch; `value` is a text, null, or a list of them.

    A null is an empty answer, and so is a list without a text.
    """
    texts = [
        "" if text is None else as_written(text) for text in (value or [None] if isinstance(value, list) else [value])
    ]
    if any(text is None for text in texts):
        raise ValueError(f"{what} must be text or a list of texts, got {describe(value)}")
    return tuple(text for text in texts if text is not None)


def check_judge(value: str) -> str:
    if not re.fullmatch(r"\w+(:.+)?", value):
        raise ValueError(f"must be PROVIDER or PROVIDER:MODEL, got {describe(value)}")
    return value


def check_tag(value: str) -> str:
    if not value.isidentifier():
        message = "is not a valid marker name; use letters, digits and '_', not starting with a digit"
        raise ValueError(f"{describe(value)} {message}")
    return value


def check_target_pattern(value: str) -> str:
    try:
        groups = compile_regex(value).groups
    except UsageError as error:
        raise ValueError(str(error).removeprefix(f"pattern {value!r} ")) from error
    if groups != 1:
        raise ValueError(f"must have exactly one group, the answer in parentheses; it has {groups}")
    return value


def one_of(*names: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in names:
            suggestion = did_you_mean(value, names)
            raise ValueError(f"{describe(value)} is unknown{suggestion} (one of {', '.join(names)})")
        return value

    return read


def reducer_reader(read_name: Callable[[str], str]) -> Callable[[Any], str]:
    """Return a function that reads a reducer: a name, `pass_at_10`, or `{pass_at_k: {k: 10}}`, which is the same."""

    def read(value: Any) -> str:
        if isinstance(value, dict):
            return _reducer_with_k(value)
        if as_written(value) is None:
            raise ValueError(f"must be a name or {{pass_at_k: {{k: 10}}}}, got {describe(value)}")
        name = read_text(value)
        return name if re.fullmatch(REDUCER_WITH_K, name) else read_name(name)

    return read


def _reducer_with_k(value: dict[str, Any]) -> str:
    name, parameters = next(iter(value.items())) if len(value) == 1 else ("", None)
    if name not in ("pass_at_k", "pass_hat_k") or not isinstance(parameters, dict) or set(parameters) != {"k"}:
        raise ValueError("must be a name, {pass_at_k: {k: 10}} or {pass_hat_k: {k: 10}}, got another mapping")
    k = plain_value(parameters["k"])
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= 9999:
        raise ValueError(f"has {describe(parameters['k'])} as k; write a whole number from 1 to 9999")
    return f"{name.removesuffix('k')}{k}"


def spec_reader(registry: Registry) -> Callable[[Any], Spec]:
    def read(value: Any) -> Spec:
        name, params = value, None
        if isinstance(value, dict) and len(value) == 1:
            [(name, params)] = value.items()
        if not isinstance(name, str) or not isinstance(params, dict | None):
            got = f"{describe(params)} as its parameters" if isinstance(name, str) else describe(value)
            hint = f"; write preset:{params} for a preset" if name == "preset" and as_written(params) else ""
            raise ValueError(f"must be a name or {{name: {{parameter: value}}}}, got {got}{hint}")
        is_preset = name.startswith("preset:") and registry.kind == "strategy"  # found when it is bound
        if name not in (registered := registry.names()) and not is_preset:
            suggestion = did_you_mean(name, registered)
            names = ", ".join(registered) or "none"
            base, colon, _ = name.partition(":")
            if colon and base in registry.names():
                suggestion = f"; in a task file write `{base}: {{key: value}}`"
            presets = "; a preset is written preset:NAME" if registry.kind == "strategy" else ""
            raise ValueError(f"unknown {registry.kind} {shorten(name)!r}{suggestion} (registered: {names}){presets}")
        return Spec(name=name, params=plain_value(params or {}))

    return read


def scorer_reader(registry: Registry) -> Callable[[Any], Spec]:
    """As `spec_reader`; the parameter `as` becomes the spec's label."""
    read_spec = spec_reader(registry)

    def read(value: Any) -> Spec:
        spec = read_spec(value)
        if AS not in spec.params:
            return spec
        params = {key: param for key, param in spec.params.items() if key != AS}
        return replace(spec, params=params, label=_check_label(spec.params[AS]))

    return read


def _check_label(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[^\W\d][\w.-]{0,39}", value):
        raise ValueError(
            f"{AS}: {describe(value)} is not a name for a score; use up to 40 letters, digits, '_', '-' and '.', "
            "starting with a letter"
        )
    return value
