"""AlpacaEval model outputs: `[{instruction, dataset, output, generator}]`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..taskfile.tables.row import Row
from .draft import Draft, DraftSample, Work
from .files import text_of
from .write import samples_on

_CRITERIA = "Is the answer a helpful, correct and complete response to the instruction?"


def convert(work: Work) -> Iterator[Draft]:
    """Yield the instructions as samples, with the model's outputs; with `--data`, judged against those outputs."""
    rows = list(work.files.rows(work.source))
    samples = [sample for row in rows if (sample := _sample(row, work))]
    generators = sorted({name for row in rows if (name := text_of(row.values.get("generator")))})
    if len(generators) > 1:
        work.left_out(f"outputs of {len(generators)} generators, which become one model's recorded answers")
    name = "-".join(["alpaca-eval", *generators[:1]])
    draft = Draft(name=name, scorers=[{"llm_judge": {"criteria": _CRITERIA, "scale": [1, 10]}}], samples=samples)
    draft.fields["description"] = f"AlpacaEval instructions, with the outputs of {', '.join(generators) or 'a model'}"
    if work.data is None:
        work.left_out(
            "AlpacaEval's win rate compares with another model's outputs: name them with --data FILE. Without them a "
            "judge rates each answer from 1 to 10"
        )
    else:
        _compare(draft, work)
    yield draft


def _sample(row: Row, work: Work) -> DraftSample | None:
    instruction, output = text_of(row.values.get("instruction")), text_of(row.values.get("output"))
    if not instruction:
        work.left_out(f"row {row.number} has no instruction", row.line)
        return None
    dataset = text_of(row.values.get("dataset"))
    return DraftSample(
        id=str(row.number),
        line=row.line,
        input=instruction,
        metadata={"dataset": dataset} if dataset else {},
        outputs=None if output is None else [output],
    )


def _compare(draft: Draft, work: Work) -> None:
    """Judge each answer against the other file's output to the same instruction."""
    assert work.data is not None
    others: dict[str, Any] = {}
    for row in work.files.rows(work.data):
        instruction, output = text_of(row.values.get("instruction")), text_of(row.values.get("output"))
        if instruction and output is not None:
            others.setdefault(instruction, output)
    lacking = [sample for sample in draft.samples if sample.input not in others]
    draft.samples = [sample for sample in draft.samples if sample.input in others]
    if not draft.samples:
        raise work.data.error("has no output to an instruction of the file; name the same benchmark's outputs")
    if lacking:
        work.left_out(f"{samples_on(lacking)} without an output in {work.data.display_path}", lacking[0].line)
    draft.against = [{"id": sample.id, "output": others[str(sample.input)]} for sample in draft.samples]
