"""A cassette: recorded calls as JSON Lines, one call a line, made to be committed and read.

    {"messages":[{"user":"2 + 2?"}],"model":"nano-1","params":{"temperature":0.0},"provider":"mlx",
     "role":"agent-1","sample":"s1","seed":7,"text":"4","usage":{"input_tokens":9,"output_tokens":1}}

What has its usual value is left out. Nothing tells where, when or how fast it was recorded, so
that the same answers make the same file: no server, no path, no time. A line needs no key: it
is found by what it says, also when the code that computes keys has changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from ...errors import UsageError
from ...identifiers import slug
from ...io.atomic import replacing
from ...io.jsonl import raw_lines
from ...types import Completion
from ..cache_key import call_key
from ..stored_completion import stored_completion, stored_values

LOGPROB_DECIMALS = 4
_USUAL: dict[str, Any] = {"epoch": 1, "params": {}, "round": 0, "sample": "", "schema": None, "top_logprobs": 0}
_ASKED = {"messages", "model", "provider", "role", "seed", *_USUAL}
_KINDS: dict[str, type] = {
    **dict.fromkeys(("model", "provider", "role", "sample", "text"), str),
    **dict.fromkeys(("epoch", "round", "seed", "top_logprobs"), int),
    **{"messages": list, "params": dict, "usage": dict},
}
_ANSWERED = {"text", "finish_reason", "usage", "answered_by", "logprobs", "alternatives", "warnings", "remarks"}


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One line of a cassette."""

    line: bytes  # without its end
    identity: Mapping[str, Any]  # as `portable` gives it
    completion: Completion

    @property
    def key(self) -> str:
        """What it is found by."""
        return call_key(self.identity)

    @property
    def file(self) -> str:
        """The name of the cassette that it belongs into."""
        return file_name(self.identity["provider"], self.identity["model"])

    @property
    def order(self) -> tuple[Any, ...]:
        """Its place in the file: calls of one sample stand together, in the order of the rounds."""
        own = self.identity
        return own["sample"], own["epoch"], own["round"], own["role"], self.key


def file_name(provider: str, model: str) -> str:
    """`mlx-nano-1.jsonl`; models of one slug share a file."""
    return f"{provider}-{slug(model)}.jsonl"


def normalize_model_path(identity: Mapping[str, Any]) -> dict[str, Any]:
    """A call's identity on any machine: without the server, and without the folders of a model's path."""
    rest = {name: value for name, value in identity.items() if name != "endpoint"}
    return {**rest, "model": portable_model(identity["model"])}


def portable_model(model: str) -> str:
    """The last part of an absolute path; any other name as it is."""
    for kind in (PurePosixPath, PureWindowsPath):
        if kind(model).is_absolute():
            return kind(model).name or model
    return model


def format_line(identity: Mapping[str, Any], completion: Completion) -> bytes:
    """The line of a call, with its end. Alternatives are kept only where they were asked for."""
    asked = normalize_model_path(identity)
    values = {name: value for name, value in asked.items() if name not in _USUAL or _USUAL[name] != value}
    values["messages"] = [{one["role"]: one["content"]} for one in asked["messages"]]
    values |= _answer(completion, asked)
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    # A lone surrogate becomes its JSON escape, and reads back as it was.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def parse_line(line: bytes) -> RecordedCall:
    """The call that a line tells. Raises ValueError, TypeError or KeyError for a line that tells none."""
    values = json.loads(line)
    if not isinstance(values, dict):
        raise TypeError("a JSON object is needed")
    if unknown := set(values) - _ASKED - _ANSWERED:
        raise ValueError(f"unknown {sorted(unknown)}")
    identity = {**_USUAL, **{name: value for name, value in values.items() if name in _ASKED}}
    for name, kind in _KINDS.items():
        value = identity[name] if name in _ASKED else values[name]
        if not isinstance(value, kind):
            raise TypeError(f"`{name}` must be of type {kind.__name__}, found {value!r:.60}")
    identity["messages"] = [_message(one) for one in identity["messages"]]
    return RecordedCall(line, identity, _completion(values))


def read_cassette(path: Path, *, growing: bool = False) -> Iterator[RecordedCall]:
    """The calls of a file; of a `growing` one half a line at the very end is left out.

    Raises UsageError with file and line for any other that is no recorded call.
    """
    for number, line in raw_lines(path, allow_incomplete=growing):
        try:
            yield parse_line(line)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else error
            raise UsageError(
                f"{path}:{number}: not a recorded call: {what}; take the line out and record it anew with --record"
            ) from error


def write_cassette(path: Path, calls: Mapping[str, RecordedCall]) -> None:
    """Write a file in one step, in the calls' order; one that says the same already is not touched."""
    data = b"".join(call.line + b"\n" for call in sorted(calls.values(), key=lambda call: call.order))
    if path.is_file() and path.read_bytes() == data:
        return
    with replacing(path, sync=True) as file:
        file.write(data)


def _answer(completion: Completion, asked: Mapping[str, Any]) -> dict[str, Any]:
    kept = stored_values(completion)
    usage = asdict(completion.usage)
    calls = usage.pop("calls")
    values: dict[str, Any] = {
        "text": completion.text,
        "usage": {name: value for name, value in usage.items() if value is not None},
    }
    if calls != 1:
        values["usage"]["calls"] = calls
    if completion.finish_reason != "stop":
        values["finish_reason"] = completion.finish_reason
    if portable_model(completion.model) != asked["model"]:
        values["answered_by"] = portable_model(completion.model)
    if completion.logprobs is not None:
        values["logprobs"] = [_short(value) for value in kept["logprobs"]]
    if completion.top_logprobs is not None and asked["top_logprobs"]:
        values["alternatives"] = kept["top_logprobs"]
    if completion.warnings:
        values["warnings"] = kept["warnings"]
    return values


def _completion(values: Mapping[str, Any]) -> Completion:
    return stored_completion(
        {
            "text": values["text"],
            "finish_reason": values.get("finish_reason", "stop"),
            "usage": {"calls": 1, **values["usage"]},
            "latency_s": 0.0,
            "model": values.get("answered_by", values["model"]),
            "logprobs": values.get("logprobs"),
            "top_logprobs": values.get("alternatives"),
            "warnings": values.get("warnings", values.get("remarks", ())),
        }
    )


def _message(one: Mapping[str, str]) -> dict[str, str]:
    ((role, content),) = one.items()
    if not isinstance(content, str):
        raise TypeError("a message is {role: text}")
    return {"role": role, "content": content}


def _short(value: float | None) -> float | int | None:
    """A log-probability in few characters: -0.0123, -1, 0."""
    if value is None:
        return None
    rounded = round(value, LOGPROB_DECIMALS)
    return int(rounded) if rounded.is_integer() else rounded
