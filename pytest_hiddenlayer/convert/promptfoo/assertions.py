"""Assertions of promptfoo as rules of a sample, or as requirements for a judge.

The types and their fields are those of promptfoo's reference (docs/configuration/expected-outputs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import UsageError
from ...io.json_text import decode_json
from ...regular_expressions import compile_regex
from ..draft import At, Work
from ..files import number_of, plain, text_of
from ..templates import render

_TEXT = {
    "contains": "contains",
    "icontains": "contains",
    "starts-with": "starts_with",
    "ends-with": "ends_with",
}
_LISTS = {
    "contains-any": "contains_any",
    "icontains-any": "contains_any",
    "contains-all": "contains_all",
    "icontains-all": "contains_all",
}
_JSON = {"is-json": "is_json", "contains-json": "contains_json"}
_RUBRICS = ("llm-rubric", "model-graded-closedqa", "g-eval")
_CODE = {"javascript": "JavaScript", "python": "Python", "ruby": "Ruby", "webhook": "a server"}
KNOWN = {*_TEXT, *_LISTS, *_JSON, *_RUBRICS, *_CODE, "equals", "regex", "factuality"}
MAX_NESTED = 5  # assertion sets in each other


@dataclass(slots=True)
class Expected:
    """What one test expects."""

    rules: list[dict[str, Any]] = field(default_factory=list)
    rubrics: list[str] = field(default_factory=list)
    reference: str | None = None  # of `factuality`
    lost: list[str] = field(default_factory=list)  # assertions that are left out

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the test can be scored."""
        return not self.rules and not self.rubrics and self.reference is None


def read_assertion(at: At, values: Mapping[str, Any], expected: Expected, work: Work, depth: int = 0) -> None:
    """Add one assertion to `expected`; says what of it cannot be expressed."""
    written = at.value if isinstance(at.value, dict) else {"type": at.value}
    kind = text_of(written.get("type")) or ""
    if kind == "assert-set":
        _read_set(at, values, expected, work, depth)
        return
    weight = number_of(written.get("weight"))
    if weight == 0:
        work.note(f"{kind}: an assertion of weight 0 decides nothing", at.line, source=at.source)
        return
    problem = _problem(kind, written)
    if problem is None:
        try:
            _add(kind, written, values, expected, 1.0 if weight is None else weight)
        except (ValueError, UsageError) as error:
            problem = f"the assertion {kind}: {error}"
    if problem is not None:
        expected.lost.append(kind)
        work.left_out(problem, at.line, source=at.source)
        return
    for key in ("transform", "contextTransform", "rubricPrompt", "config"):
        if written.get(key) is not None:
            work.left_out(f"{key} of the assertion {kind}", at.line, source=at.source)
    if kind in _RUBRICS and written.get("threshold") is not None:
        work.left_out(f"threshold of {kind}: the judge answers yes or no", at.line, source=at.source)
    if kind in _JSON and written.get("value") is not None:
        work.left_out(f"the JSON schema of {kind}: only whether it is JSON is checked", at.line, source=at.source)


def _read_set(at: At, values: Mapping[str, Any], expected: Expected, work: Work, depth: int) -> None:
    """The assertions of a set count one by one, which is the same unless the set has its own threshold."""
    if at.value.get("threshold") is not None or at.value.get("weight") is not None:
        work.left_out(
            "threshold or weight of an assert-set: its assertions count one by one", at.line, source=at.source
        )
    entries = at.get("assert")
    if depth >= MAX_NESTED or entries is None:
        work.left_out("an assert-set that is empty or nested too deep", at.line, source=at.source)
        return
    for entry in entries.items():
        read_assertion(entry, values, expected, work, depth + 1)


def _problem(kind: str, written: Mapping[str, Any]) -> str | None:
    """What is to be said of an assertion without a counterpart; None if it may have one."""
    base = kind.removeprefix("not-")
    if base in _CODE:
        return f"the assertion {kind} runs {_CODE[base]}, which is not converted"
    if base not in KNOWN:
        return f"the assertion {kind!r} has no counterpart here"
    if kind != base and base in (*_RUBRICS, "factuality"):
        return f"the assertion {kind!r} has no counterpart here; write its opposite as llm-rubric"
    value = written.get("value")
    if isinstance(value, str) and value.startswith("file://") and not value.endswith(".txt"):
        return f"the assertion {kind} reads {value!r}, which is not converted"
    return None


def _add(kind: str, written: Mapping[str, Any], values: Mapping[str, Any], expected: Expected, weight: float) -> None:
    base = kind.removeprefix("not-")
    value = _rendered(written.get("value"), values)
    if base in _RUBRICS:
        expected.rubrics += [_requirement(item) for item in (value if isinstance(value, list) else [value])]
        return
    if base == "factuality":
        expected.reference = _requirement(value)
        return
    rule = _rule(base, value)
    if base.startswith("icontains"):
        rule["ignore_case"] = True
    if base != kind:
        rule["negate"] = True
    if weight != 1:
        if weight < 0:
            raise ValueError("its weight is negative")
        rule["weight"] = weight
    expected.rules.append(rule)


def _rule(base: str, value: Any) -> dict[str, Any]:
    if base in _JSON:
        return {_JSON[base]: True}
    if base in _LISTS:
        texts = value if isinstance(value, list) else [part.strip() for part in str(value or "").split(",")]
        if not texts or not all(isinstance(text, str | int | float) and str(text) for text in texts):
            raise ValueError("its value is not a list of texts")
        return {_LISTS[base]: [str(text) for text in texts]}
    if value is None:
        raise ValueError("it has no value")
    if base == "equals":
        return {"equals": value if isinstance(value, str | dict | list) else str(value)}
    if isinstance(value, dict | list):
        raise ValueError("its value is not a text")
    if base == "regex":
        compile_regex(str(value))
        return {"matches": str(value)}
    return {_TEXT[base]: str(value)}


def _requirement(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("it has no text for a judge")
    return value.strip()


def _rendered(value: Any, values: Mapping[str, Any]) -> Any:
    """The value with the test's variables filled in."""
    text = text_of(value)
    if text is not None:
        return render(text, values)
    value = plain(value)
    if isinstance(value, list):
        return [render(item, values) if isinstance(item, str) else item for item in value]
    return value


def from_cell(text: str) -> dict[str, Any]:
    """Return the assertion of a cell `__expected`: `type:value`, `type(threshold):value`, or a text to equal."""
    text = text.strip()
    head, colon, value = text.partition(":")
    kind, _, threshold = head.strip().partition("(")
    kind = {"fn": "javascript", "eval": "javascript", "grade": "llm-rubric"}.get(kind, kind)
    if kind.removeprefix("not-") in KNOWN and (colon or kind.removeprefix("not-") in _JSON):
        assertion: dict[str, Any] = {"type": kind}
        if value.strip():
            assertion["value"] = _list_in(kind, value.strip())
        if threshold.endswith(")"):
            assertion["threshold"] = threshold[:-1]
        return assertion
    if colon and kind.removeprefix("not-") in _OTHERS:
        return {"type": kind, "value": value}
    return {"type": "equals", "value": text}


def _list_in(kind: str, value: str) -> Any:
    if kind.removeprefix("not-") in _LISTS and value.startswith("["):
        try:
            return decode_json(value)
        except ValueError:
            return value
    return value


_OTHERS = {
    "similar",
    "levenshtein",
    "rouge-n",
    "bleu",
    "gleu",
    "meteor",
    "latency",
    "cost",
    "perplexity",
    "is-sql",
    "is-xml",
    "is-html",
    "contains-sql",
    "contains-xml",
    "contains-html",
    "classifier",
    "moderation",
    "answer-relevance",
    "context-recall",
    "context-relevance",
    "context-faithfulness",
    "is-refusal",
    "select-best",
    "max-score",
    "pi",
}
"""Types without a counterpart, as a cell may name them."""
