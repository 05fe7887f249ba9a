"""The format of cassettes: recorded calls as JSON Lines, one call per line, to be committed and read.

    {"messages":[{"user":"2 + 2?"}],"model":"nano-1","params":{"temperature":0.0},"provider":"mlx",
     "role":"agent-1","sample":"s1","seed":7,"text":"4","usage":{"input_tokens":9,"output_tokens":1}}

Fields with default values are omitted. There is no server, path or time, so that the same answers
make the same file. Nor is there a key: it is computed from the line when the file is read, so that
cassettes remain valid if the computation changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from ...errors import UsageError
from ...identifiers import slug
from ...io.atomic import replacing
from ...io.json_text import decode_finite_json
from ...io.jsonl import raw_lines
from ...io.regular_files import read_bytes
from ...types import Completion
from ..cache_key import call_key
from ..stored_completion import stored_completion, stored_values

LOGPROB_DECIMALS = 4
_PROVIDER = re.compile(r"\w[\w.-]*")
_DEFAULTS: dict[str, Any] = {"epoch": 1, "params": {}, "round": 0, "sample": "", "schema": None, "top_logprobs": 0}
_REQUEST_FIELDS = {"messages", "model", "provider", "role", "seed", "token_entropies", "token_logprobs", *_DEFAULTS}
_TYPES: dict[str, type] = {
    **dict.fromkeys(("model", "provider", "role", "sample", "text"), str),
    **dict.fromkeys(("epoch", "round", "seed", "top_logprobs"), int),
    **{"messages": list, "params": dict, "usage": dict},
}
_ANSWER_FIELDS = {"text", "finish_reason", "usage", "answered_by", "logprobs", "alternatives", "warnings", "remarks"}
_ANSWER_FIELDS |= {"entropies", "reasoning", "token_texts"}


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One line of a cassette."""

    line: bytes  # without its line feed
    key_fields: Mapping[str, Any]  # cache key fields, as `normalize_model_path` returns them
    completion: Completion

    @property
    def key(self) -> str:
        """The key of the call."""
        return call_key(self.key_fields)

    @property
    def file(self) -> str:
        """The name of the cassette that it belongs to."""
        return file_name(self.key_fields["provider"], self.key_fields["model"])

    @property
    def order(self) -> tuple[Any, ...]:
        """Sort key of the file's lines: by sample, epoch, round and role."""
        call = self.key_fields
        return call["sample"], call["epoch"], call["round"], call["role"], self.key


def file_name(provider: str, model: str) -> str:
    """The name of a model's cassette, such as `mlx-nano-1.jsonl`; models with equal slugs share a file."""
    return f"{provider}-{slug(model)}.jsonl"


def normalize_model_path(key_fields: Mapping[str, Any]) -> dict[str, Any]:
    """The cache key fields on any machine: without the server, and without the folders of a model's path."""
    rest = {name: value for name, value in key_fields.items() if name != "endpoint"}
    return {**rest, "model": portable_model(key_fields["model"])}


def portable_model(model: str) -> str:
    """The last part of an absolute path; any other name unchanged."""
    for kind in (PurePosixPath, PureWindowsPath):
        if kind(model).is_absolute():
            return kind(model).name or model
    return model


def format_line(key_fields: Mapping[str, Any], completion: Completion) -> bytes:
    """The line of a call, with its line feed. Alternatives are stored only if they were requested."""
    call = normalize_model_path(key_fields)
    values = {name: value for name, value in call.items() if name not in _DEFAULTS or _DEFAULTS[name] != value}
    values["messages"] = [{message["role"]: message["content"]} for message in call["messages"]]
    values |= _answer_fields(completion, call)
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    # A lone surrogate becomes its JSON escape, and is read back unchanged.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def parse_line(line: bytes) -> RecordedCall:
    """The call of a line. Raises ValueError, TypeError, KeyError or AttributeError if it is not a recorded call."""
    values = decode_finite_json(line)
    if not isinstance(values, dict):
        raise TypeError("a JSON object is needed")
    if unknown := set(values) - _REQUEST_FIELDS - _ANSWER_FIELDS:
        raise ValueError(f"unknown {sorted(unknown)}")
    key_fields = {**_DEFAULTS, **{name: value for name, value in values.items() if name in _REQUEST_FIELDS}}
    for name, kind in _TYPES.items():
        value = key_fields[name] if name in _REQUEST_FIELDS else values[name]
        if not isinstance(value, kind):
            raise TypeError(f"`{name}` must be of type {kind.__name__}, found {value!r:.60}")
    if not _PROVIDER.fullmatch(key_fields["provider"]):
        raise ValueError(f"`provider` {key_fields['provider']!r:.60} is not a name; a file is named by it")
    key_fields["messages"] = [_message(message) for message in key_fields["messages"]]
    return RecordedCall(line, key_fields, _completion(values))


def read_cassette(path: Path, *, growing: bool = False) -> Iterator[RecordedCall]:
    """The calls of a file. If it is `growing`, an incomplete last line is omitted.

    Raises UsageError with file and line for any other line that is not a recorded call.
    """
    for number, line in raw_lines(path, allow_incomplete=growing):
        try:
            yield parse_line(line)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            reason = f"{error} is missing" if isinstance(error, KeyError) else error
            raise UsageError(
                f"{path}:{number}: not a recorded call: {reason}; remove the line and record it again with --record"
            ) from error


def write_cassette(path: Path, calls: Mapping[str, RecordedCall]) -> None:
    """Replace a file by sorted calls, in one step. A file with equal content is not written."""
    data = b"".join(call.line + b"\n" for call in sorted(calls.values(), key=lambda call: call.order))
    if path.is_file() and not path.is_symlink() and read_bytes(path) == data:
        return
    with replacing(path, sync=True) as file:
        file.write(data)


def _answer_fields(completion: Completion, call: Mapping[str, Any]) -> dict[str, Any]:
    stored = stored_values(completion)
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
    if portable_model(completion.model) != call["model"]:
        values["answered_by"] = portable_model(completion.model)
    if completion.logprobs is not None:
        values["logprobs"] = [_rounded(value) for value in stored["logprobs"]]
    if completion.token_texts is not None:
        values["token_texts"] = stored["token_texts"]
    if completion.entropies is not None:
        values["entropies"] = [_rounded(value) for value in stored["entropies"]]
    if completion.top_logprobs is not None and call["top_logprobs"]:
        values["alternatives"] = stored["top_logprobs"]
    if completion.warnings:
        values["warnings"] = stored["warnings"]
    if completion.reasoning is not None:
        values["reasoning"] = completion.reasoning
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
            "entropies": values.get("entropies"),
            "top_logprobs": values.get("alternatives"),
            "token_texts": values.get("token_texts"),
            "warnings": values.get("warnings", values.get("remarks", ())),
            "reasoning": values.get("reasoning"),
        }
    )


def _message(values: Mapping[str, str]) -> dict[str, str]:
    ((role, content),) = values.items()
    if not isinstance(content, str):
        raise TypeError("a message is {role: text}")
    return {"role": role, "content": content}


def _rounded(value: float | None) -> float | int | None:
    """A log-probability with few characters: -0.0123, -1, 0."""
    if value is None:
        return None
    rounded = round(value, LOGPROB_DECIMALS)
    return int(rounded) if rounded.is_integer() else rounded
