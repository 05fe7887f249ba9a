"""MT-Bench: questions of two turns, with answers of models in files of their own.

Files as in lm-sys/FastChat: `question.jsonl` ({question_id, category, turns, reference}), and below it
`reference_answer/*.jsonl` and `model_answer/*.jsonl` ({question_id, model_id, choices: [{turns}]}).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import TaskError
from ..taskfile.tables.row import Row
from .draft import Draft, DraftSample, Work
from .files import text_of, texts_of
from .write import samples_on

_CRITERIA = (
    "The quality of the answer as a response to the user's question: helpfulness, relevance, accuracy, depth, "
    "creativity and level of detail."
)
_TO_REFERENCE = f"{_CRITERIA} The reference answer is correct; an answer that disagrees with it on facts is wrong."


def convert(work: Work) -> Iterator[Draft]:
    """Yield the first turns: one task for questions with a reference answer, and one for those without.

    For each model with recorded answers next to the questions, a copy of the tasks has these answers.
    """
    references = _first_answers(work, "reference_answer")
    rows = list(work.files.rows(work.source))
    samples = [sample for row in rows if (sample := _sample(row, references, work))]
    _say_second_turns(rows, samples, work)
    yield from _drafts(work.source.path.parent.name, samples)
    for model, answers in _answers(work, "model_answer"):
        answered = [
            DraftSample(id=s.id, line=s.line, input=s.input, target=s.target, metadata=s.metadata, outputs=[text])
            for s in samples
            if (text := answers.get(s.id)) is not None
        ]
        if answered:
            yield from _drafts(f"{work.source.path.parent.name}-{model}", answered)


def _drafts(name: str, samples: list[DraftSample]) -> Iterator[Draft]:
    plain = [sample for sample in samples if sample.target is None]
    referenced = [sample for sample in samples if sample.target is not None]
    for suffix, part in (("", plain), ("-reference", referenced)):
        if part:
            judge: dict[str, Any] = {"criteria": _TO_REFERENCE if suffix else _CRITERIA, "scale": [1, 10]}
            judge |= {"reference": True} if suffix else {}
            yield Draft(name=f"{name}{suffix}", scorers=[{"llm_judge": judge}], samples=part)


def _sample(row: Row, references: Mapping[str, str], work: Work) -> DraftSample | None:
    turns = texts_of(row.values.get("turns"))
    name = text_of(row.values.get("question_id")) or str(row.number)
    if not turns or not turns[0]:
        if row.values.get("choices") is not None:
            raise work.source.error("holds answers; convert the question.jsonl that they belong to", line=row.line)
        work.left_out(f"question {name} has no turns", row.line)
        return None
    written = texts_of(row.values.get("reference"))
    reference = written[0] if written else references.get(name)
    category = text_of(row.values.get("category"))
    return DraftSample(
        id=name,
        line=row.line,
        input=turns[0],
        target=reference or None,
        metadata={"category": category} if category else {},
    )


def _say_second_turns(rows: list[Row], samples: list[DraftSample], work: Work) -> None:
    longer = {str(row.line) for row in rows if len(texts_of(row.values.get("turns")) or []) > 1}
    lost = [sample for sample in samples if str(sample.line) in longer]
    if lost:
        work.left_out(
            f"the second turn of {samples_on(lost)}: it follows the model's own first answer, and a sample is one "
            "prompt",
            lost[0].line,
        )


def _first_answers(work: Work, folder: str) -> dict[str, str]:
    merged: dict[str, str] = {}
    for _, answers in _answers(work, folder):
        merged = {**answers, **merged}
    return merged


def _answers(work: Work, folder: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each file of answers in a folder next to the questions: its model, and the first turns by question."""
    below = work.source.path.parent / folder
    for path in sorted(below.glob("*.jsonl")) if below.is_dir() else ():
        try:
            source = work.files.resolve(work.source, f"{folder}/{path.name}")
            answers = {name: text for row in work.files.rows(source) for name, text in _first_turn(row)}
        except TaskError as error:
            work.left_out(str(error))
            continue
        yield path.stem, answers


def _first_turn(row: Row) -> Iterator[tuple[str, str]]:
    choices = row.values.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    turns, name = texts_of(first.get("turns")), text_of(row.values.get("question_id"))
    if turns and name:
        yield name, turns[0]
