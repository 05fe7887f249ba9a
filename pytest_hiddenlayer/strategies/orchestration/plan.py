"""Reads the steps of a plan as models write it: a list, headings, JSON, or sentences in order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_WORDS = r"(?:step|task|part|phase|schritt|étape|paso|passo)"
_OPEN, _CLOSE = r"(?:\*\*|__)?", r"(?:\*\*|__)?"
_NUMBERED = re.compile(
    rf"^[ \t]*(?:#{{1,6}}[ \t]+)?(?:[-*•+][ \t]+)?{_OPEN}"
    rf"(?:{_WORDS}[ \t]*\(?\d{{1,3}}(?:[.):\]]|[ \t]*[-–—:])?|\(?\d{{1,3}}(?:[.):\]]|[ \t]+[-–—](?=[ \t])))"
    rf"{_CLOSE}(?:[ \t]*[:–—-](?=[ \t]))?(?:[ \t]++(\S.*))?$",
    re.MULTILINE | re.IGNORECASE,
)
_BULLET = re.compile(r"^[ \t]*[-*•‣◦▪·+–—][ \t]++(\S.*)$", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}[ \t]++(\S.*)$", re.MULTILINE)
_INLINE = re.compile(r"(?:^|(?<=[\s:;,]))\(?(\d{1,2})[.)][ \t]+(?=\S)")
_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)```", re.DOTALL)
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)([^*_\n]+?)(?<=\S)\1")
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]+)*[.!?]*")
_IN_ORDER = re.compile(
    r"\b(?:first|firstly|second|secondly|third|then|next|afterwards?|finally|lastly)\b", re.IGNORECASE
)
_NOT_A_STEP = re.compile(
    r"(?:I|I'm|I’m|I'd|I'll|It|This|That|There|The|A|An|We|You|Your|Sorry|Sure|As|However|No|Yes|Unfortunately|Please|My|Here)\b"
)
_TEXT_KEYS = ("step", "task", "description", "action", "instruction", "content", "text", "title", "name", "goal")
_LIST_KEYS = ("steps", "plan", "tasks", "subtasks", "sub_tasks")
_MAX_CHARS = 100_000


def parse_plan(text: str) -> list[str]:
    """Returns the steps in order; empty if the text is not a plan.

    The first form that gives a step decides: JSON (in a fence or bare), numbered lines ('1.', '1)',
    'Step 1:', also as headings or in bold), bullets, headings, numbers within a line, or several
    sentences that are instructions or say their order.
    """
    text = text[:_MAX_CHARS]
    for read in (_from_json, _numbered, _bullets, _headings, _inline, _sentences):
        if steps := [step for step in map(_plain, read(text)) if step]:
            return steps
    return []


def json_items(text: str) -> list[Any]:
    """Returns the steps of a plan in JSON as they are written, each a text or an object; empty without one."""
    for block in (*_FENCE.findall(text), text):
        if (start := re.search(r"[\[{]", block)) and (items := _items_of(_decoded(block[start.start() :]))):
            return items
    return []


def _from_json(text: str) -> list[str]:
    return list(filter(None, map(_step_text, json_items(text))))


def _decoded(text: str) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None


def _items_of(value: Any) -> list[Any]:
    """The steps of a decoded plan: a list of texts or objects, or an object that holds one or numbers its steps."""
    if isinstance(value, list):
        return value if value and all(map(_step_text, value)) else []
    if not isinstance(value, dict):
        return []
    for key in value:
        if str(key).casefold() in _LIST_KEYS and (items := _items_of(value[key])):
            return items
    numbered = [item for key, item in value.items() if re.fullmatch(rf"{_WORDS}?[\s_-]*\d{{1,3}}", str(key), re.I)]
    return _items_of(numbered) if numbered and len(numbered) == len(value) else []


def _step_text(item: Any) -> str | None:
    if isinstance(item, str):
        return item
    if isinstance(item, dict):
        return next((item[key] for key in _TEXT_KEYS if isinstance(item.get(key), str)), None)
    return None


def _numbered(text: str) -> Iterator[str]:
    """The numbered steps. A step without text on its line is what follows it, up to the next one."""
    matches = list(_NUMBERED.finditer(text))
    ends = [*(match.start() for match in matches[1:]), len(text)]
    for match, end in zip(matches, ends[: len(matches)], strict=True):
        rest = text[match.end() : end]
        lines = [_BULLET.sub(r"\1", line).strip() for line in rest.splitlines() if line.strip()]
        step = (match[1] or "").rstrip()
        if not step:
            yield " ".join(lines)
        elif step.endswith((":", ":**")) and lines:
            yield f"{step} {'; '.join(lines)}"
        else:
            yield step


def _bullets(text: str) -> list[str]:
    return _BULLET.findall(text)


def _headings(text: str) -> list[str]:
    headings: list[str] = _HEADING.findall(text)
    return headings if len(headings) > 1 else []


def _inline(text: str) -> list[str]:
    """The parts of '… 1) add 2) multiply', if their numbers count from 1."""
    marks = list(_INLINE.finditer(text))
    if len(marks) < 2 or [int(mark[1]) for mark in marks] != list(range(1, len(marks) + 1)):
        return []
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return [text[mark.end() : end].strip(" \t\n,;") for mark, end in zip(marks, ends, strict=True)]


def _sentences(text: str) -> list[str]:
    """Several sentences, if they say their order or none of them is a statement."""
    sentences = [match[0].strip() for match in _SENTENCE.finditer(text) if re.search(r"\w", match[0])]
    if len(sentences) < 2:
        return []
    in_order = sum(_IN_ORDER.search(sentence) is not None for sentence in sentences) > 1
    return sentences if in_order or not any(map(_NOT_A_STEP.match, sentences)) else []


def _plain(step: str) -> str:
    """A step on one line, without emphasis."""
    return _EMPHASIS.sub(r"\2", step).strip()
