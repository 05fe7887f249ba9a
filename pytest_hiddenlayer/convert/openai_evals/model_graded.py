"""The class ModelBasedClassify: a judge chooses among strings, and each string has a score."""

from __future__ import annotations

import math
import string
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from ...taskfile.paths import Source
from ...taskfile.tables.row import Row
from ..draft import At, Draft, DraftSample, Work
from ..files import is_true, number_of, text_of, texts_of
from .data import samples_file
from .samples import read_sample

MAX_STEPS = 100
_KNOWN = {"samples_jsonl", "modelgraded_spec", "modelgraded_spec_args", "eval_type", "metaeval", "multicomp_n"}


def draft_model_graded(args: At, work: Work) -> Draft:
    """Return the task with `llm_judge`. Raises TaskError for a specification that gives no score."""
    spec = _spec(args, work)
    constants = _constants(args, work)
    if text_of(args.value.get("multicomp_n")) not in (None, "1"):
        raise work.source.error("compares several completions (multicomp_n)", line=args["multicomp_n"].line)
    if is_true(args.value.get("metaeval")):
        work.left_out("metaeval: the agreement of the judge with `choice`", args["metaeval"].line)
    for key in args.value:
        if key not in _KNOWN:
            work.left_out(f"the argument {key}", args[key].line)
    scale, verdicts = _verdicts(spec, work)
    prompt, columns = _prompt(spec, constants, work)
    judge = {"prompt": f"{prompt}\n\n{_instruction(verdicts)}", "scale": scale, "verdict": "[[rating]]"}
    source = samples_file(args, work)
    samples = [sample for row in work.files.rows(source) if (sample := _sample(row, columns, source, work))]
    return Draft(name="eval", scorers=[{"llm_judge": judge}], samples=samples)


def _spec(args: At, work: Work) -> At:
    written = args.get("modelgraded_spec")
    name = (text_of(written.value) or "").strip() if written is not None else ""
    line = written.line if written is not None else args.line
    for folder in _spec_folders(work):
        for path in sorted(folder.glob("*.y*ml")):
            source = work.files.source(path)
            document = work.files.document(source)
            if isinstance(document.data, dict) and isinstance(document.data.get(name), dict):
                work.files.used.add(path.resolve())
                return At(document, document.data)[name]
    raise work.source.error(f"modelgraded_spec {name!r} is not in the registry's `modelgraded`", line=line)


def _spec_folders(work: Work) -> Iterator[Path]:
    for parent in list(work.source.path.absolute().parents)[:6]:
        if work.files.contains(parent) and (parent / "modelgraded").is_dir():
            yield parent / "modelgraded"


def _constants(args: At, work: Work) -> dict[str, str]:
    """Return `modelgraded_spec_args`, whose texts are the same for every sample."""
    written = args.get("modelgraded_spec_args")
    if written is None:
        return {}
    values = written.value if isinstance(written.value, dict) else {}
    texts = {name: text for name, value in values.items() if (text := text_of(value)) is not None}
    if len(texts) < len(values) or not isinstance(written.value, dict):
        raise work.source.error("modelgraded_spec_args are not all texts", line=written.line)
    return texts


def _verdicts(spec: At, work: Work) -> tuple[list[int], dict[str, int]]:
    """Return a scale of whole numbers and each choice's place on it. Raises TaskError without scores."""
    strings = spec.value.get("choice_strings")
    text = text_of(strings)
    if text is not None and text.startswith("from_n"):
        raise work.source.error(f"its specification compares several completions (choice_strings {text})")
    choices = list(text) if text is not None else texts_of(strings) or []
    scores = _scores(choices, spec.value.get("choice_scores"))
    if not choices or scores is None:
        name = spec.path[-1]
        raise work.source.error(
            f"its specification {name!r} only counts choices: it has no choice_scores that say which is right"
        )
    low = min(scores.values())
    denominator = math.lcm(*((score - low).denominator for score in scores.values()))
    steps = {choice: int((score - low) * denominator) for choice, score in scores.items()}
    unit = math.gcd(*steps.values())
    if max(steps.values()) > unit * MAX_STEPS:
        raise work.source.error("its choice_scores are not on one scale of at most 100 steps")
    return [0, max(steps.values()) // unit], {choice: step // unit for choice, step in steps.items()}


def _scores(choices: list[str], written: Any) -> dict[str, Fraction] | None:
    if text_of(written) == "from_strings":
        numbers: Mapping[str, Any] = {choice: _number(choice) for choice in choices}
    elif isinstance(written, dict):
        numbers = {choice: number_of(written.get(choice)) for choice in choices}
    else:
        return None
    if None in numbers.values() or len(set(numbers.values())) < 2:
        return None
    return {choice: Fraction(str(number)) for choice, number in numbers.items()}


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _prompt(spec: At, constants: Mapping[str, str], work: Work) -> tuple[str, list[str]]:
    """Return the judge's prompt, and the columns of a sample that become its targets, in order."""
    written = spec.value.get("prompt")
    text = text_of(written)
    if text is None:
        text = "\n\n".join(m for m in _chat_texts(written))
    pairs = spec.value.get("input_outputs")
    if not text or not isinstance(pairs, dict) or len(pairs) != 1 or text_of(spec.value.get("format_type")):
        raise work.source.error(f"its specification {spec.path[-1]!r} does not judge one answer to one input")
    [(question, answer)] = pairs.items()
    known = {question: "{question}", text_of(answer) or "completion": "{answer}"}
    parts, columns = [], []
    try:
        for literal, name, _, _ in string.Formatter().parse(text):
            parts.append(_spaced(literal))
            if name is None:
                continue
            if name in known:
                parts.append(known[name])
            elif name in constants:
                parts.append(_spaced(constants[name]))
            else:
                columns += [name] if name not in columns else []
                parts.append(f"{{ref_answer_{columns.index(name) + 1}}}")
    except ValueError as error:
        raise work.source.error(f"its specification's prompt is not a template: {error}") from error
    if "{answer}" not in parts:
        raise work.source.error(f"its specification {spec.path[-1]!r} does not show the answer to the judge")
    return "".join(parts), columns


def _spaced(text: str) -> str:
    """The text with spaces inside braces: a name in braces would be a field."""
    return text.replace("{", "{ ").replace("}", " }")


def _chat_texts(written: Any) -> Iterator[str]:
    for message in written if isinstance(written, list) else ():
        if isinstance(message, dict) and (text := text_of(message.get("content"))):
            yield text


def _instruction(verdicts: Mapping[str, int]) -> str:
    options = ", ".join(f'[[{number}]] if it is "{choice}"' for choice, number in verdicts.items())
    return f"Think step by step. Then write your choice as a number in double square brackets: {options}."


def _sample(row: Row, columns: list[str], source: Source, work: Work) -> DraftSample | None:
    texts = [texts_of(row.values.get(column)) for column in columns]
    if None in texts:
        missing = columns[texts.index(None)]
        work.left_out(f"row {row.number} has no text as its {missing!r}", row.line, source=source)
        return None
    try:
        sample = read_sample(row, (), [" or ".join(text) for text in texts if text])
    except ValueError as error:
        work.left_out(f"row {row.number} {error}", row.line, source=source)
        return None
    completion = text_of(row.values.get("completion"))
    sample.outputs = None if completion is None else [completion]
    return sample
