"""Tests grouped by how they are scored: a task has the same scorers for all of its samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..draft import Draft, DraftSample, Work
from ..templates import RESERVED, as_prompt, render, stored
from .assertions import Expected, read_assertion
from .prompts import Prompt
from .tests import Test

_REQUIREMENT = "Does the answer meet the requirement that is stated as the reference?"
_FACTS = "Is the answer consistent with the facts of the reference?"
_SINGLE = {"equals": "exact", "contains": "text", "starts_with": "start", "ends_with": "end"}
Item = tuple[DraftSample, Expected]
Key = tuple[str, float | None]


def drafts_of(name: str, prompt: Prompt, tests: Sequence[Test], work: Work) -> Iterator[Draft]:
    """Yield a task per kind of scoring and threshold."""
    groups: dict[Key, list[Item]] = {}
    for number, test in enumerate(tests):
        expected = Expected()
        for assertion in test.assertions:
            read_assertion(assertion, test.variables, expected, work)
        if expected.is_empty:
            what = "no assertion that can be converted" if expected.lost else "no assertion"
            work.left_out(f"test {number} has {what}", test.line, source=test.source)
            continue
        try:
            sample = _sample(number, prompt, test)
        except ValueError as error:
            work.left_out(f"test {number}: {error}", test.line, source=test.source)
            continue
        groups.setdefault((_kind(expected), test.threshold), []).append((sample, expected))
    for index, ((kind, threshold), items) in enumerate(groups.items()):
        suffix = "" if index == 0 else f"-{kind}" if len({k for k, _ in groups}) > 1 else f"-{index + 1}"
        yield _draft(f"{name}{suffix}", kind, threshold, prompt, items, work)


def _kind(expected: Expected) -> str:
    if expected.rubrics and expected.reference is not None:  # a sample has one target
        expected.rubrics.append(f"It is consistent with the facts of this text: {expected.reference}")
        expected.reference = None
    kinds = {"rules": bool(expected.rules), "judge": bool(expected.rubrics), "facts": expected.reference is not None}
    return "-".join(kind for kind, is_there in kinds.items() if is_there)


def _sample(number: int, prompt: Prompt, test: Test) -> DraftSample:
    """Return the sample, without its target. Raises ValueError if its prompt does not render."""
    values = dict.fromkeys(prompt.variables(), "") | test.variables  # a variable that is missing is empty there
    kept = {key: value for key, value in (test.metadata or {}).items() if key not in RESERVED}
    text: str | list[dict[str, str]]
    if prompt.text is not None:
        text = render(prompt.text, values)
        kept |= stored(values, prompt.variables())
    else:
        text = [{**message, "content": render(message["content"], values)} for message in prompt.chat]
    outputs = None if test.output is None else [test.output]
    return DraftSample(id=str(number), line=test.line, input=text, metadata=kept, outputs=outputs)


def _draft(name: str, kind: str, threshold: float | None, prompt: Prompt, items: list[Item], work: Work) -> Draft:
    scorers = [scorer for part in kind.split("-") for scorer in _SCORERS[part](items)]
    if len(scorers) > 1:
        work.left_out(
            f"a test of {name} passes only if all its assertions hold; here the first scorer decides, and the others "
            "are further scores"
        )
    draft = Draft(name=name, scorers=scorers, samples=[sample for sample, _ in items])
    if prompt.text is not None:
        draft.fields["prompt"] = as_prompt(prompt.text)
    if threshold is not None:
        draft.fields["pass_score"] = threshold
    return draft


def _rules(items: list[Item]) -> list[Any]:
    """One common kind of rule on a text becomes a scorer of its own; anything else is the samples' rules."""
    kinds = {_single(expected) for _, expected in items}
    if len(kinds) == 1 and (kind := kinds.pop()) is not None and _has_free_target(items):
        name, ignore_case = kind
        for sample, expected in items:
            sample.target = expected.rules[0][name]
        if name == "equals":
            return ["exact"]
        return [{"keyword": {"match": _SINGLE[name], "ignore_case": ignore_case}}]
    for sample, expected in items:
        sample.metadata["rules"] = expected.rules
    return [{"rules": {"sample_rules": True}}]


def _single(expected: Expected) -> tuple[str, bool] | None:
    """The kind of the only rule, if a scorer compares with its text; None otherwise."""
    if len(expected.rules) != 1:
        return None
    rule = expected.rules[0]
    name = next(iter(rule))
    has_text = name in _SINGLE and isinstance(rule[name], str) and rule[name].strip()
    return (name, rule.get("ignore_case", False)) if has_text and not rule.get("negate") else None


def _has_free_target(items: list[Item]) -> bool:
    """Whether no judge needs the target."""
    return all(not expected.rubrics and expected.reference is None for _, expected in items)


def _judge(items: list[Item]) -> list[Any]:
    """A requirement that all tests share is the judge's criterion; others are each sample's target."""
    texts = {_joined(expected) for _, expected in items}
    if len(texts) == 1:
        return [{"llm_judge": {"criteria": f"The answer meets this requirement: {texts.pop()}", "scale": "yes_no"}}]
    for sample, expected in items:
        sample.target = _joined(expected)
    return [{"llm_judge": {"criteria": _REQUIREMENT, "scale": "yes_no", "reference": True}}]


def _joined(expected: Expected) -> str:
    if len(expected.rubrics) == 1:
        return expected.rubrics[0]
    return "All of these:\n" + "\n".join(f"{number}. {text}" for number, text in enumerate(expected.rubrics, 1))


def _facts(items: list[Item]) -> list[Any]:
    for sample, expected in items:
        sample.target = expected.reference
    return [{"llm_judge": {"as": "factuality", "criteria": _FACTS, "scale": "yes_no", "reference": True}}]


_SCORERS = {"rules": _rules, "judge": _judge, "facts": _facts}
