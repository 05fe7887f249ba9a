"""Reads what was recorded for one sample: independent samples, or the rounds of agents (docs/recordings.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from ...errors import shorten
from ...types import RecordedAnswer, Recording
from ..scalar import describe
from .answers import read_answer, read_count, read_list, read_text

ANSWERS = ("samples", "rounds", "agents", "trials")
"""Keys of the answers, of which a row has one: each says what the lists mean."""
PARALLEL = {"verdicts": "verdict", "answers": "answer", "confidences": "confidence"}
"""Keys whose lists have the shape of the answers → the key of an answer that they set."""
KEYS = (*ANSWERS, *PARALLEL, "correct", "of", "final", "calls", "models", "roles", "reads")
"""All keys of a recording."""
MAX_ANSWERS = 10_000
"""Answers of one sample."""


def has_recording(values: Mapping[str, Any]) -> bool:
    """Return whether a row holds recorded samples, rounds, verdicts or counts."""
    lists = any(isinstance(values.get(key), list) for key in (*ANSWERS, "verdicts"))
    return lists or {"correct", "of"} <= values.keys()


def read_recording(values: Mapping[str, Any]) -> Recording:
    """Return the recording in a row's values. Raises ValueError with the key, what was found and what to write."""
    if values.get("correct") is not None or values.get("of") is not None:
        return _counted(values)
    key = _answers_key(values)
    written = _with_parallel(key, values)
    recording = _samples(written) if key == "samples" else _debate(key, written)
    kind, n = ("samples", len(recording.samples)) if key == "samples" else ("agents", _width(recording.rounds))
    if not n:
        raise ValueError(f"{key} holds no answer; write at least one, or leave the row out")
    models, roles = _names("models", values, kind, n), _names("roles", values, kind, n)
    return _shared(_with_models(recording, models), values, models, roles)


def _counted(values: Mapping[str, Any]) -> Recording:
    others = [key for key in (*ANSWERS, *PARALLEL) if values.get(key) is not None]
    if others:
        raise ValueError(f"has `correct` and `of`, which count samples without answers, and {others[0]}; keep one")
    correct, of = read_count("correct", values.get("correct")), read_count("of", values.get("of"))
    if correct is None or not of or correct > of:
        raise ValueError(
            f"correct and of must be whole numbers with 0 <= correct <= of and of >= 1, got "
            f"{describe(values.get('correct'))} and {describe(values.get('of'))}"
        )
    return _shared(Recording(counts=(correct, of)), values, (), ())


def _answers_key(values: Mapping[str, Any]) -> str:
    keys = [key for key in ANSWERS if values.get(key) is not None]
    if len(keys) > 1:
        raise ValueError(f"has {' and '.join(keys)}, which say the same in different shapes; keep one")
    if keys:
        return keys[0]
    if alone := [key for key in PARALLEL if values.get(key) is not None]:
        raise ValueError(
            f"has {alone[0]} and no answers: independent samples, or attempts after each other? For verdicts alone "
            "write `samples: [true, false]` or `trials: [false, true]`, or `rounds` or `agents` with true and false"
        )
    raise ValueError(
        f"needs one of {', '.join(ANSWERS)}, or `correct` and `of` (it has {shorten(', '.join(values))})"
    )


def _with_parallel(key: str, values: Mapping[str, Any]) -> Any:
    """Return the answers, each with its entry of the parallel lists."""
    written = read_list(key, values[key])
    for name, field in PARALLEL.items():
        if values.get(name) is not None:
            written = _zipped(f"{key}", written, name, read_list(name, values[name]), field)
    return written


def _zipped(at: str, answers: list[Any], name: str, entries: list[Any], field: str) -> list[Any]:
    if len(answers) != len(entries):
        raise ValueError(f"{name} must have the shape of {at}: {len(answers)} entries, got {len(entries)}")
    merged: list[Any] = []
    for index, (answer, entry) in enumerate(zip(answers, entries, strict=True)):
        place, other = f"{at}[{index}]", f"{name}[{index}]"
        if isinstance(answer, list):
            merged.append(_zipped(place, answer, other, read_list(other, entry), field))
        elif answer is None and entry is None:
            merged.append(None)
        else:
            merged.append(_with_field(place, answer, other, entry, field))
    return merged


def _with_field(place: str, answer: Any, other: str, entry: Any, field: str) -> dict[str, Any]:
    values = answer if isinstance(answer, dict) else {} if answer is None else {"text": answer}
    if isinstance(answer, bool):
        values = {"verdict": answer}
    if field in values:
        raise ValueError(f"{place} has a {field} already, and {other} gives another; keep one")
    return {**values, field: entry}


def _samples(written: list[Any]) -> Recording:
    for index, item in enumerate(written):
        if isinstance(item, list):
            raise ValueError(
                f"samples[{index}] is a list: for a debate write `rounds` or `agents`, and an "
                "answer that is a list itself, such as a grid, as a text"
            )
    answers = [read_answer(f"samples[{index}]", item) for index, item in enumerate(written)]
    _check_number(len(answers))
    return Recording(samples=tuple(RecordedAnswer() if answer is None else answer for answer in answers))


def _debate(key: str, written: list[Any]) -> Recording:
    rows = [[item] for item in written] if key == "trials" else written
    table = []
    for index, row in enumerate(rows):
        items = [] if row is None else read_list(f"{key}[{index}]", row)
        places = (f"{key}[{index}]" if key == "trials" else f"{key}[{index}][{n}]" for n in range(len(items)))
        table.append([read_answer(place, item) for place, item in zip(places, items, strict=True)])
    if key == "agents":
        table = [list(answers) for answers in zip_longest(*table)]
    width = max(map(len, table), default=0)
    _check_number(width * len(table))
    rounds = [(*row, *[None] * (width - len(row))) for row in table]
    while len(rounds) > 1 and not any(rounds[-1]):
        rounds.pop()
    return Recording(rounds=tuple(rounds))


def _width(rounds: tuple[tuple[RecordedAnswer | None, ...], ...]) -> int:
    return len(rounds[0]) if rounds else 0


def _check_number(n: int) -> None:
    if n > MAX_ANSWERS:
        raise ValueError(f"has {n:,} answers; at most {MAX_ANSWERS:,} per row are possible: write `correct` and `of`")


def _shared(
    recording: Recording, values: Mapping[str, Any], models: tuple[str, ...], roles: tuple[str, ...]
) -> Recording:
    """Return the recording with what belongs to the whole row."""
    final, calls = read_answer("final", values.get("final")), read_count("calls", values.get("calls"))
    return replace(recording, final=final, calls=calls, roles=roles, models=models, reads=_reads(recording, values))


def _reads(recording: Recording, values: Mapping[str, Any]) -> tuple[tuple[int, ...], ...]:
    """Return the numbers of the agents that each agent read; empty if the row does not say."""
    if values.get("reads") is None:
        return ()
    written, n = read_list("reads", values["reads"]), _width(recording.rounds)
    if len(written) != n:
        raise ValueError(f"reads must have one list for each of the {n} agents, got {len(written)}")
    places = [f"reads[{index}]" for index in range(n)]
    lists = [read_list(place, item) for place, item in zip(places, written, strict=True)]
    reads = tuple(
        tuple(read_count(place, item) for item in items) for place, items in zip(places, lists, strict=True)
    )
    for place, numbers in zip(places, reads, strict=True):
        if wrong := [number for number in numbers if number is None or not 1 <= number <= n]:
            raise ValueError(f"{place} must hold numbers of agents, from 1 to {n}, got {wrong[0]}")
    return tuple(tuple(number for number in numbers if number is not None) for numbers in reads)


def _with_models(recording: Recording, models: tuple[str, ...]) -> Recording:
    """Return the recording with the model of each answer that states none itself."""
    if not models:
        return recording
    if recording.samples:
        return replace(recording, samples=tuple(map(_by, recording.samples, models)))
    return replace(recording, rounds=tuple(tuple(map(_by, row, models)) for row in recording.rounds))


def _by(answer: RecordedAnswer | None, model: str) -> Any:
    return answer if answer is None or answer.model else replace(answer, model=model)


def _names(key: str, values: Mapping[str, Any], kind: str, n: int) -> tuple[str, ...]:
    """Return one name per agent or sample; a single name of a model is that of all."""
    value = values.get(key)
    if value is None:
        return ()
    if key == "models" and not isinstance(value, list):
        return (read_text(key, value),) * n
    names = [read_text(f"{key}[{index}]", item) for index, item in enumerate(read_list(key, value))]
    if len(names) != n:
        raise ValueError(f"{key} must name each of the {n} {kind}, got {len(names)} names")
    return tuple(names)
