"""Short hashes of everything that determines an answer and its score."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ..types import GenerationConfig, Message, Sample, Spec, Task
from .prompt import render_prompt

_DIGITS = 12
# Excludes fields that only gates, error bars and readers use.
_TASK_FIELDS = (
    "name",
    "prompt",
    "system",
    "strategies",
    "scorers",
    "generate",
    "epochs",
    "reducer",
    "pass_score",
    "judge",
)
_SAMPLE_FIELDS = ("id", "input", "target", "choices", "metadata")


def sample_hash(task: Task, sample: Sample) -> str:
    """Return 12 hex digits over the rendered messages, the targets and the choices, but not the id."""
    return messages_hash(render_prompt(task, sample), sample)


def messages_hash(messages: Sequence[Message], sample: Sample) -> str:
    """Return the `sample_hash` of a sample whose prompt has already been rendered to `messages`."""
    return _digest([[[message.role, message.content] for message in messages], sample.targets, sample.choices])


def task_hash(task: Task) -> str:
    """Return 12 hex digits over every field of `task` that can change an answer or a score."""
    digest = hashlib.sha256()
    for part in _parts(task):
        digest.update(_canonical(part))
    return digest.hexdigest()[:_DIGITS]


def _parts(task: Task) -> Iterator[Any]:
    yield {name: getattr(task, name) for name in _TASK_FIELDS}
    if task.reasoning != "strip":  # the default, so that the hashes of earlier versions hold
        yield task.reasoning
    yield task.outputs
    for sample in task.samples:
        yield {name: getattr(sample, name) for name in _SAMPLE_FIELDS}
        if sample.recording is not None:
            yield sample.recording


def _digest(value: Any) -> str:
    return hashlib.sha256(_canonical(value)).hexdigest()[:_DIGITS]


def _canonical(value: Any) -> bytes:
    return _ENCODE(value).encode() + b"\n"


def hashed_parameters(params: GenerationConfig) -> dict[str, Any]:
    """Return the generation parameters by name. Those added after version 0.1 appear only if they are set.

    So hashes of tasks that do not use them stay as they are.
    """
    values = asdict(params)
    return {name: value for name, value in values.items() if value or name not in ("reasoning_effort", "omitted")}


def _plain(value: Any) -> dict[str, Any]:
    """The fields of a dataclass, without a scorer's label: it names scores and changes none."""
    if isinstance(value, GenerationConfig):
        return hashed_parameters(value)
    values = asdict(value)
    if isinstance(value, Spec):
        del values["label"]
    return values


_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_plain).encode
