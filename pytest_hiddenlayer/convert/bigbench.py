"""BIG-bench task.json and BIG-Bench-Hard JSON.

The fields and their defaults are those of BIG-bench's documents on the JSON schema
(google/BIG-bench, docs/doc.md); BIG-Bench-Hard has `{canary, examples: [{input, target}]}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..errors import UsageError
from ..regular_expressions import compile_regex
from .draft import At, Draft, DraftSample, Work
from .files import number_of, plain, text_of, texts_of
from .templates import literal

MAX_CHOICES = 26
_CAPTURING = re.compile(r"(?<!\\)\((?!\?)")
_BBH_EXTRACT = {"marker": "answer is ", "take": "first", "strip_final_dot": True}


def convert(work: Work) -> Iterator[Draft]:
    """Yield the task: generated answers as `exact`, or the best of `target_scores` as `choice`."""
    document = work.files.document(work.source)
    task = At(document, document.data)
    examples = task.get("examples")
    if examples is None or not isinstance(examples.value, list):
        raise work.source.error(
            "has no `examples`, as a group of subtasks or a task in Python; convert its subtasks", field="examples"
        )
    metrics = _metrics(task, work)
    has_choices = bool(examples.value) and _is_choice(examples, metrics)
    samples = [sample for example in examples.items() if (sample := _sample(example, has_choices, work))]
    fields: dict[str, Any] = {"description": text_of(task.value.get("description")), "prompt": _prompt(task)}
    stop = texts_of(task.value.get("stop_string"))
    if stop and all(stop):
        fields["generate"] = {"stop": stop}
    yield Draft(name=_name(task, work), scorers=[_scorer(task, has_choices, work)], samples=samples, fields=fields)


def _name(task: At, work: Work) -> str:
    path = work.source.path
    if path.stem != "task":
        return path.stem
    above = path.parent.parent.name if (path.parent.parent / "task.json").exists() else ""
    return "-".join(filter(None, (above, path.parent.name))) or text_of(task.value.get("name")) or "task"


def _metrics(task: At, work: Work) -> list[str]:
    """Return the metrics with a scorer here; says which have none. Raises TaskError if none is left."""
    written = texts_of(task.value.get("metrics")) or []
    known = [name for name in written if name in ("exact_str_match", "multiple_choice_grade")]
    line = task["metrics"].line if written else None
    for name in written:
        if name not in known:
            work.left_out(f"the metric {name} has no scorer here", line)
    if written and not known:
        raise work.source.error(f"its metrics ({', '.join(written)}) have no scorer here", line=line)
    return known


def _is_choice(examples: At, metrics: list[str]) -> bool:
    scored = sum(isinstance(e, dict) and isinstance(e.get("target_scores"), dict) for e in examples.value)
    targets = sum(isinstance(e, dict) and e.get("target") is not None for e in examples.value)
    return scored > 0 and ("exact_str_match" not in metrics or targets < len(examples.value))


def _sample(example: At, has_choices: bool, work: Work) -> DraftSample | None:
    values = example.value if isinstance(example.value, dict) else {}
    name = str(example.path[-1])
    text = text_of(values.get("input"))
    if text is None:
        work.left_out(f"example {name} has no text as its input", example.line)
        return None
    if not has_choices:
        target = texts_of(values.get("target"))
        if target is None:
            work.left_out(f"example {name} has no target", example.line)
            return None
        return DraftSample(id=name, line=example.line, input=text, target=target[0] if len(target) == 1 else target)
    return _choice_sample(name, text, example, work)


def _choice_sample(name: str, text: str, example: At, work: Work) -> DraftSample | None:
    written = example.value.get("target_scores")
    scores = {choice: number_of(score) for choice, score in written.items()} if isinstance(written, dict) else {}
    if not scores or None in scores.values():
        work.left_out(f"example {name} has no target_scores", example.line)
        return None
    if len(scores) > MAX_CHOICES:
        work.left_out(f"example {name} has {len(scores)} choices; at most {MAX_CHOICES} are possible", example.line)
        return None
    best = max(score for score in scores.values() if score is not None)
    if any(score not in (0, best) for score in scores.values()):
        work.left_out(
            "target_scores between the lowest and the best: only the best choices are correct", example.line
        )
    correct = [choice for choice, score in scores.items() if score == best]
    choices = list(scores)
    letters = [chr(ord("A") + choices.index(choice)) for choice in correct]
    return DraftSample(
        id=name,
        line=example.line,
        input=text,
        target=letters[0] if len(letters) == 1 else letters,
        choices=choices,
    )


def _appends(task: At) -> bool:
    return plain(task.value.get("append_choices_to_input")) is not False


def _prompt(task: At) -> str | None:
    """The prompt as BIG-bench writes it: prefix, question, choices, and the start of the answer."""
    keys = ("task_prefix", "example_input_prefix", "example_output_prefix", "choice_prefix")
    if not any(key in task.value for key in (*keys, "metrics")):
        return None  # BIG-Bench-Hard: the input is the prompt
    texts = {key: text_of(task.value.get(key)) for key in keys}
    before = (texts["task_prefix"] or "") + _or(texts["example_input_prefix"], "\nQ: ")
    choices = f"{literal(_or(texts['choice_prefix'], chr(10) + '  choice: '))}{{{{ choice }}}}"
    listed = f"{{% for choice in choices %}}{choices}{{% endfor %}}" if _appends(task) else ""
    after = _or(texts["example_output_prefix"], "\nA: ")
    return f"{literal(before)}{{{{ input }}}}{listed}{literal(after)}"


def _or(text: str | None, default: str) -> str:
    return default if text is None else text


def _scorer(task: At, has_choices: bool, work: Work) -> Any:
    if has_choices:
        work.note("choices are compared by the model's answer; BIG-bench compares their log-likelihoods")
        return "choice"
    regex = task.get("output_regex")
    if regex is None:
        is_hard = "metrics" not in task.value
        return {"exact": {"extract": _BBH_EXTRACT}} if is_hard else "exact"
    pattern = text_of(regex.value) or ""
    try:
        groups = compile_regex(pattern).groups
        if groups == 0:
            pattern = f"({pattern})"
        elif groups > 1:
            pattern = "(" + _CAPTURING.sub("(?:", pattern) + ")"
        compile_regex(pattern)
    except UsageError as error:
        work.left_out(f"output_regex: {error}", regex.line)
        return "exact"
    return {"exact": {"extract": {"pattern": pattern, "take": "first"}}}
