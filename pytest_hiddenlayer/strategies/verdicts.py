"""Reads the verdict of a model on an answer: right, wrong, or not readable."""

from __future__ import annotations

import re

from ..completions.finish_reasons import ended_normally
from ..types import Completion
from .alternatives import are_alternatives
from .verbal_confidence import read_yes_or_no

_RIGHT = frozenset({"correct", "right", "yes", "true"})
_WORDS = r"(?:correct|right|yes|true|incorrect|wrong|no|false)\b"
_VERDICT = re.compile(rf"\b(?:verdict|answer)\b\W{{0,12}}(?:is\b\W{{0,6}})?(?P<not>not\s+)?(?P<word>{_WORDS})")
_EITHER = re.compile(rf"\W{{0,12}}(?:\bor\b|/|\|)\W{{0,12}}{_WORDS}")


def read_verdict(reply: Completion) -> bool | None:
    """Returns whether the reply says that an answer is right; None if it cannot be read or did not end normally.

    The last `Verdict: correct`, `Answer: no` or `the answer is not correct` decides, else a reply that begins with
    such a word.
    """
    if not ended_normally(reply.finish_reason):
        return None
    text = reply.text.casefold()
    verdicts = list(_VERDICT.finditer(text))
    if not verdicts:
        value = read_yes_or_no(reply.text)
        return None if value is None else bool(value)
    last = verdicts[-1]
    if _EITHER.match(text, last.end()):
        return None
    if len(verdicts) > 1 and verdicts[-2]["word"] != last["word"] and are_alternatives(text, verdicts[-2], last):
        return None
    return (last["word"] in _RIGHT) != bool(last["not"])
