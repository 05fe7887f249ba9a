"""Reads what a moderator or a judge decided: a line `Answer:`, a JSON object, or a sentence `the answer is ...`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...completions.finish_reasons import ended_normally
from ...protocols import Context
from ...types import Completion
from .agents import parsed_answer

_LINE = r"^[^\w\n]*{name}[ \t*_`]*[:=][ \t*_`]*(?:\n[ \t]*)?(?P<value>.*)$"
_KIND = r"(?:final |debate |right |correct )?"
_ANSWER = re.compile(_LINE.format(name=rf"(?:the )?{_KIND}answer"), re.MULTILINE | re.IGNORECASE)
_SENTENCE = re.compile(
    rf"\bthe {_KIND}answer (?:to the question )?is\b:?(?!\s*(?:in)?(?:correct|valid)\b|\s*(?:right|wrong|clear)\b)"
    r"(?P<value>.*?)(?:\.\s|\.?$)",
    re.MULTILINE | re.IGNORECASE,
)
_SIDE = re.compile(_LINE.format(name=r"(?:supported |preferred )?side"), re.MULTILINE | re.IGNORECASE)
_NAMED_SIDE = re.compile(r"\b(affirmative|negative)\b", re.IGNORECASE)
_ANSWER_KEYS = ("answer", "debate_answer", "final_answer")
_SIDE_KEYS = ("side", "supported_side", "preferred_side")
_UNDECIDED = re.compile(
    r"(?:none|null|n/a|undecided|unclear|unknown|no (?:answer|decision)|not (?:yet|clear)\b.*)?[.!]?", re.I
)
_MAX_CHARS = 100_000
_MAX_BRACES = 200  # places where an object may begin: of nested braces that never close, each costs their depth


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What a reply decided."""

    readable: bool  # it says an answer, or that there is none
    answer: str | None = None  # as it is written; None: no decision
    side: str | None = None  # affirmative or negative; None: neither, or not said

    def to_json(self) -> dict[str, object]:
        """Returns plain JSON values."""
        return {"readable": self.readable, "answer": self.answer, "side": self.side}


def read_decision(completion: Completion) -> Decision:
    """Returns the decision in a reply; it is not readable if it was truncated, or says no answer in any form.

    The last JSON object with an answer decides, else the last line `Answer:`, else the last sentence `The answer
    is ...`. `none` is no decision. A side may be said in the same form.
    """
    if not ended_normally(completion.finish_reason):
        return Decision(readable=False)
    text = completion.text[-_MAX_CHARS:]
    for values in reversed(list(_objects(text))):
        key = next((key for key in _ANSWER_KEYS if key in values), None)
        if key is not None:
            return _decision(values[key], next((values[key] for key in _SIDE_KEYS if key in values), None))
    answer = _last(_ANSWER, text) or _last(_SENTENCE, text)
    return _decision(answer, _last(_SIDE, text)) if answer else Decision(readable=False)


def decided_output(context: Context, decision: Decision, completions: Sequence[Completion]) -> str | None:
    """Returns the output for a decided answer; None if the task's scorer cannot read it.

    It is the last of the debaters' `completions` with this answer, which has the form that the task asks for;
    else the answer as it is written; else the completion whose answer is the only one that it mentions. `42 or 43`,
    if the debaters gave both, decides nothing.
    """
    written = decision.answer or ""
    read = {text: answer for text in (written, f"Answer: {written}") if (answer := context.parse(text)) is not None}
    said = {answer: c.text for c in completions if (answer := parsed_answer(context, c)) is not None}
    if _names_alternatives(written, said):
        return None
    for answer in (*read.values(), written, written.rstrip(".")):
        if answer in said:
            return said[answer]
    if read:
        return next(iter(read))
    mentioned = [text for answer, text in said.items() if _mentions(written, answer)]
    return mentioned[0] if len(mentioned) == 1 else None


def _names_alternatives(text: str, answers: Iterable[str]) -> bool:
    """Whether the text names two of the answers with `or` between them."""
    one = "|".join(map(re.escape, answers))
    pairs = re.findall(rf"(?<!\w)({one})\W{{1,9}}or\W{{1,9}}({one})(?!\w)", text, re.IGNORECASE) if one else []
    return any(first.casefold() != second.casefold() for first, second in pairs)


def _mentions(text: str, answer: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text, re.IGNORECASE) is not None


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    """The value of the last place that fits, without emphasis."""
    matches = pattern.findall(text)
    return matches[-1].strip(" \t*_`\r") if matches else None


def _decision(answer: Any, side: Any) -> Decision:
    if isinstance(answer, list | dict):
        return Decision(readable=False)
    written = "" if answer is None else str(answer).strip().strip("\"'").strip()
    named = {match.casefold() for match in _NAMED_SIDE.findall(str(side))}
    return Decision(
        readable=True,
        answer=None if _UNDECIDED.fullmatch(written) else written,
        side=named.pop() if len(named) == 1 else None,
    )


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    """The JSON objects in a text that are not inside of another, with their keys in lower case and underscores."""
    decoder, at = json.JSONDecoder(), text.find("{")
    for _ in range(_MAX_BRACES):
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if isinstance(value, dict):
                yield {str(key).casefold().replace(" ", "_"): item for key, item in value.items()}
        at = text.find("{", end)
