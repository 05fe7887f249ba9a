"""Samples of openai/evals, JSONL rows {input, ideal}; without a registry file, their class is unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...errors import TaskError
from ...taskfile.paths import Source
from ...taskfile.tables.row import Row
from ..draft import Draft, DraftSample, Work, slug
from ..files import text_of, texts_of
from ..messages import read_messages

MATCH: dict[str, Any] = {"keyword": {"match": "start", "ignore_case": False}}
"""The class Match: the output begins with an accepted answer."""


def convert(work: Work) -> Iterator[Draft]:
    """Yield the samples with the class Match, the most frequent one."""
    path = work.source.path
    generic = path.stem in ("samples", "data", "test")
    name = f"{path.parent.name}-{path.stem}" if generic else path.stem
    work.note("no registry file names the class of these samples: an answer is correct if it begins with an ideal")
    samples = list(read_samples(work.source, work))
    yield Draft(name=slug(name), scorers=[MATCH], samples=samples)


def read_samples(source: Source, work: Work, few_shot: Sequence[dict[str, str]] = ()) -> Iterator[DraftSample]:
    """Yield the rows with an input and an ideal answer; `few_shot` precedes the last message."""
    for row in work.files.rows(source):
        try:
            yield read_sample(row, few_shot, accepted(row.values.get("ideal")))
        except ValueError as error:
            work.left_out(f"row {row.number} {error}", row.line, source=source)


def read_sample(row: Row, few_shot: Sequence[dict[str, str]], target: list[str] | None) -> DraftSample:
    """Return one row. Raises ValueError with what cannot be expressed."""
    return DraftSample(
        id=str(row.number),
        line=row.line,
        input=_input(row.values.get("input"), few_shot),
        target=None if not target else target[0] if len(target) == 1 else target,
    )


def accepted(ideal: Any) -> list[str]:
    """Return the accepted answers. Raises ValueError if there is none."""
    texts = texts_of(ideal)
    if ideal is None or not texts or not any(text.strip() for text in texts):
        raise ValueError("has no ideal answer")
    return texts


def _input(value: Any, few_shot: Sequence[dict[str, str]]) -> str | list[dict[str, str]]:
    text = text_of(value)
    if text is None:
        messages = read_messages(value)
        return [*messages[:-1], *few_shot, *messages[-1:]]
    if few_shot:
        raise ValueError("has a text as its input, but few-shot examples need chat messages")
    return text


def read_few_shot(source: Source, number: int, work: Work) -> list[dict[str, str]]:
    """Return the messages of the first examples. Raises TaskError for an example that has none."""
    messages: list[dict[str, str]] = []
    for row in work.files.rows(source):
        if row.number >= number:
            break
        try:
            messages += read_messages(row.values.get("sample"))
        except ValueError as error:
            raise TaskError(f"few-shot example {error}", file=source.display_path, line=row.line) from error
    return messages
