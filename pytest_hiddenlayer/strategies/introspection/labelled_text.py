"""Reads the parts of a reply that its model was asked to label: `Answer: 42`, `**Explanation:** because`."""

from __future__ import annotations

import re

from ...protocols import Context

_LABEL = re.compile(
    r"^[ \t>#*_-]*(?:(?:my|the|your)[ \t]+)?(?:final[ \t]+)?(?P<label>answer|explanation)[*_ \t]*[:：=][*_]*[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)


def split_at_answer(text: str) -> tuple[str, str | None]:
    """Returns the text before the last line `Answer: ...`, and what follows the label; None if there is no such line.

    An answer below its label counts. What follows the answer's paragraph is left out.
    """
    labels = [match for match in _LABEL.finditer(text) if match["label"].casefold() == "answer"]
    if not labels:
        return text, None
    answer = _part(text, labels[-1].end())
    return text[: labels[-1].start()].strip(), answer or None


def split_rationale(text: str) -> tuple[str | None, str | None]:
    """Returns (explanation, answer) of a reply with both labels, in any order; None for a part that it lacks.

    A reply with the label of the answer only has the rest of its text as the explanation.
    """
    labels = list(_LABEL.finditer(text))
    answers = [index for index, match in enumerate(labels) if match["label"].casefold() == "answer"]
    if not answers:
        return None, None
    label = labels[answers[-1]]
    following = labels[answers[-1] + 1].start() if answers[-1] + 1 < len(labels) else len(text)
    answer = _part(text[:following], label.end())
    rest = f"{text[: label.start()]}\n{text[text.index(answer, label.end()) + len(answer) :]}"
    return _LABEL.sub("", rest).strip() or None, answer or None


def readable_answer(context: Context, answer: str | None, text: str) -> str:
    """Returns the answer if the task's scorer reads something in it, else the whole text."""
    return answer if answer is not None and context.parse(answer) is not None else text


def _part(text: str, start: int) -> str:
    """The paragraph from a position on, without emphasis around it."""
    return re.split(r"\n[ \t]*\n", text[start:].lstrip(), maxsplit=1)[0].strip().strip("*_").strip()
