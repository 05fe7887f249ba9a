"""Recorded samples, debates, trials and pass/fail counts, one question per line: docs/recordings.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import TaskError, did_you_mean, shorten
from ..taskfile.document import MAX_FAULTS
from ..taskfile.recordings.reader import ANSWERS, KEYS, read_recording
from ..taskfile.tables.row import Row
from ..types import RecordedAnswer, Recording
from .draft import Draft, DraftSample, Work
from .files import plain, text_of, texts_of
from .messages import read_messages
from .recording_scorers import scorer_of

_QUESTION = ("id", "input", "target", "choices", "group", "metadata")
_NO_QUESTION = "[question {}: its text was not recorded]"
_BOOLEAN_WORDS = frozenset({"true", "false", "yes", "no", "right", "wrong", "correct", "incorrect"})


def convert(work: Work) -> Iterator[Draft]:
    """Yield one task for the strategy `recorded`. A row that is not as documented refuses the file."""
    samples, recordings, faults = [], [], 0
    rows_by_id: dict[str, int] = {}
    for row in work.files.rows(work.source):
        try:
            sample, recording = _sample(row)
            if (first := rows_by_id.setdefault(sample.id, row.number)) != row.number:
                raise ValueError(f"id {shorten(sample.id)!r} is already in row {first}; a question is one row")
        except ValueError as error:
            work.refuse(f"row {row.number}: {error}", row.line)
            faults += 1
            if faults == MAX_FAULTS:
                work.refuse("... and perhaps more; correct these first")
                return
            continue
        samples.append(sample)
        recordings.append(recording)
    if faults:
        return
    if not samples:
        raise TaskError("has no rows; write one question per line", file=work.source.display_path)
    scorer, fields = scorer_of(samples, recordings, work)
    fields = {"description": f"Recorded answers of {work.source.path.name}", "strategies": ["recorded"], **fields}
    yield Draft(name=work.source.path.stem, scorers=[scorer], samples=samples, fields=fields)


def _sample(row: Row) -> tuple[DraftSample, Recording]:
    """Return one question and what was recorded for it. Raises ValueError with the key and what to write."""
    values = row.values
    known = (*_QUESTION, *KEYS)
    if unknown := next((key for key in values if key not in known), None):
        hint = did_you_mean(unknown, known)
        raise ValueError(
            f"has the unknown key {shorten(unknown)!r}{hint}; keep what else belongs to it in `metadata`"
        )
    name = text_of(values.get("id")) or str(row.number)
    recording = read_recording(values)
    target = _texts("target", values)
    _check_verdicts(values, target)
    sample = DraftSample(
        id=name,
        line=row.line,
        input=_input(values.get("input"), name),
        target=target[0] if len(target) == 1 else target or None,
        choices=_texts("choices", values),
        group=text_of(values.get("group")),
        metadata=_metadata(values.get("metadata")),
        recording=_recording_json(recording),
    )
    return sample, recording


def _input(value: Any, name: str) -> str | list[dict[str, str]]:
    if isinstance(value, list):
        return read_messages(value)
    text = text_of(value)
    if value is not None and text is None:
        raise ValueError("input must be a text or chat messages {role, content}")
    return text or _NO_QUESTION.format(name)


def _texts(key: str, values: Mapping[str, Any]) -> list[str]:
    value = values.get(key)
    if value is None or value == []:
        return []
    texts = texts_of(value)
    if texts is None:
        raise ValueError(f"{key} must be a text or a list of texts")
    return texts


def _metadata(value: Any) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise ValueError("metadata must be an object")
    return {} if value is None else {key: plain(item) for key, item in value.items()}


def _check_verdicts(values: Mapping[str, Any], target: list[str]) -> None:
    """Raise ValueError if true or false among the answers may be an answer instead of a verdict."""
    if not any(text.strip().casefold() in _BOOLEAN_WORDS for text in target):
        return
    if any(_has_boolean(values.get(key)) for key in ANSWERS):
        raise ValueError(
            f"has true or false among its answers, which is a verdict here, and the target {target[0]!r}, which may "
            'make it an answer; write the answer "true" in quotes, or the verdict as {"verdict": true}'
        )


def _has_boolean(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, list) and any(map(_has_boolean, value)))


def _recording_json(recording: Recording) -> dict[str, Any]:
    """The recording as a row of `outputs`: texts as written, rounds × agents, and only what is known."""
    values: dict[str, Any] = {}
    if recording.counts is not None:
        values |= dict(zip(("correct", "of"), recording.counts, strict=True))
    elif recording.samples:
        values["samples"] = [_answer_json(answer) for answer in recording.samples]
    else:
        values["rounds"] = [[_answer_json(answer) for answer in agents] for agents in recording.rounds]
    values |= {"final": _answer_json(recording.final), "calls": recording.calls}
    values |= {"models": list(recording.models), "roles": list(recording.roles), "reads": list(recording.reads)}
    return {key: value for key, value in values.items() if value not in (None, []) or key in ("samples", "rounds")}


def _answer_json(answer: RecordedAnswer | None) -> Any:
    if answer is None:
        return None
    names = ("text", "answer", "verdict", "confidence", "calls", "input_tokens", "output_tokens", "cost_usd", "model")
    values: dict[str, Any] = {name: getattr(answer, name) for name in names}
    values = {name: value for name, value in values.items() if value not in (None, "") or name == "text"}
    if values["text"] is None:
        del values["text"]
    if answer.unreadable:
        values["answer"] = None
    if answer.finish_reason != "stop":
        values["finish_reason"] = answer.finish_reason
    return values["text"] if values.keys() == {"text"} else values
