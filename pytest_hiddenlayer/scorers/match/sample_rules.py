"""Rules that a sample brings itself, in its metadata: `rules: [{contains: Oslo}, {is_json: true, negate: true}]`.

Characters count as written, apart from composed and decomposed letters: `contains` also finds a
text inside a word.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from ...errors import UsageError, did_you_mean
from ...regular_expressions import compile_regex
from .extract import truncate
from .messages import show

RULES = "rules"
"""The key of a sample's metadata."""
_SHARED = ("negate", "ignore_case", "weight")
MAX_STARTS = 1000  # places of an output at which a JSON value may begin


def sample_results(metadata: Mapping[str, Any], output: str) -> list[tuple[float, str]]:
    """Returns each rule's weight, and how the output breaks it ("" if it does not). Raises UsageError."""
    rules = metadata.get(RULES)
    if not isinstance(rules, list | tuple) or not rules:
        raise UsageError(f"the sample's metadata has no list `{RULES}`; write [{{contains: TEXT}}, ...]")
    return [_result(rule, unicodedata.normalize("NFC", output.strip())) for rule in rules]


def _result(rule: Any, output: str) -> tuple[float, str]:
    kinds = [key for key in rule if key not in _SHARED] if isinstance(rule, Mapping) else []
    if len(kinds) != 1 or kinds[0] not in _KINDS:
        unknown = did_you_mean(str(kinds[0]), _KINDS) if len(kinds) == 1 else ""
        raise UsageError(f"{show(str(rule))} is not a rule{unknown}; it has one of {', '.join(_KINDS)}")
    (kind,) = kinds
    negate, weight = rule.get("negate") is True, rule.get("weight", 1)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
        raise UsageError(f"{kind}: weight must be a number above 0, got {weight!r}")
    follows = _KINDS[kind](output, rule[kind], rule.get("ignore_case") is True)
    if follows != negate:
        return float(weight), ""
    value = "" if rule[kind] is True else f" {show(str(rule[kind]))}"
    return float(weight), f"{'not ' if negate else ''}{kind}{value} does not hold"


def _folded(text: Any, ignore_case: bool) -> str:
    if not isinstance(text, str):
        raise UsageError(f"a rule needs a text, got {text!r}")
    folded: str = unicodedata.normalize("NFC", text)
    return folded.casefold() if ignore_case else folded


def _texts(value: Any, ignore_case: bool) -> list[str]:
    if not isinstance(value, list | tuple) or not value:
        raise UsageError(f"a rule needs a list of texts, got {value!r}")
    return [_folded(text, ignore_case) for text in value]


def _contains(output: str, value: Any, ignore_case: bool) -> bool:
    return _folded(value, ignore_case) in _folded(output, ignore_case)


def _contains_any(output: str, value: Any, ignore_case: bool) -> bool:
    return any(text in _folded(output, ignore_case) for text in _texts(value, ignore_case))


def _contains_all(output: str, value: Any, ignore_case: bool) -> bool:
    return all(text in _folded(output, ignore_case) for text in _texts(value, ignore_case))


def _equals(output: str, value: Any, ignore_case: bool) -> bool:
    """A text equals character by character; another value equals an output that is its JSON."""
    if isinstance(value, str):
        return _folded(output, ignore_case) == _folded(value.strip(), ignore_case)
    return _json(output) == (value,)


def _starts_with(output: str, value: Any, ignore_case: bool) -> bool:
    return _folded(output, ignore_case).startswith(_folded(value, ignore_case))


def _ends_with(output: str, value: Any, ignore_case: bool) -> bool:
    return _folded(output, ignore_case).endswith(_folded(value, ignore_case))


def _matches(output: str, value: Any, ignore_case: bool) -> bool:
    regex = compile_regex(_folded(value, False), re.IGNORECASE * ignore_case)
    return regex.search(truncate(output, "first")) is not None


def _is_json(output: str, value: Any, ignore_case: bool) -> bool:
    return _json(output) is not None


def _contains_json(output: str, value: Any, ignore_case: bool) -> bool:
    """Whether the output has an object or a list in JSON anywhere."""
    starts = [match.start() for match in re.finditer(r"[{\[]", output)][:MAX_STARTS]
    return any(_decodes(output, start) for start in starts)


def _decodes(output: str, start: int) -> bool:
    try:
        json.JSONDecoder().raw_decode(output, start)
    except (ValueError, RecursionError):
        return False
    return True


def _json(output: str) -> tuple[Any] | None:
    try:
        return (json.loads(output),)
    except (ValueError, RecursionError):
        return None


_KINDS: dict[str, Callable[[str, Any, bool], bool]] = {
    "contains": _contains,
    "contains_any": _contains_any,
    "contains_all": _contains_all,
    "equals": _equals,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "matches": _matches,
    "is_json": _is_json,
    "contains_json": _contains_json,
}
