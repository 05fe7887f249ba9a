"""One person's sitting: which question is next, and what was said, on disk at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .labels import Label, append_label, read_labels
from .questions import Question

CHOICES: dict[str, int | None] = {"1": 0, "2": 1, "tie": None}
"""What can be said of a pair → the place of the better answer as shown."""


@dataclass(kw_only=True, slots=True)
class LabelingSession:
    """The questions that a rater has not answered yet, and a place among them."""

    path: Path
    rater: str
    questions: Sequence[Question]  # open when the sitting began
    now: Callable[[], str]  # the time in ISO 8601
    before: int = 0  # questions answered in earlier sittings
    at: int = 0
    answers: dict[int, str] = field(default_factory=dict)  # place → what was said in this sitting

    @classmethod
    def begin(cls, path: Path, rater: str, questions: Sequence[Question], now: Callable[[], str]) -> LabelingSession:
        """A sitting over what the rater has not answered before. Raises UsageError for a file of other things."""
        said = {label.question for label in read_labels(path)} if path.is_file() else set()
        left = [question for question in questions if question.by(rater) not in said]
        return cls(path=path, rater=rater, questions=left, now=now, before=len(questions) - len(left))

    @property
    def current(self) -> Question | None:
        """The question to be asked; None at the end."""
        return self.questions[self.at] if self.at < len(self.questions) else None

    @property
    def total(self) -> int:
        """All questions, of earlier sittings too."""
        return self.before + len(self.questions)

    @property
    def answered(self) -> int:
        """All answers, of earlier sittings too."""
        return self.before + len(self.answers)

    def choices(self) -> tuple[str, ...]:
        """What can be said to the current question: 1, 2, tie; or the whole numbers of the scale."""
        question = self.current
        if question is None:
            return ()
        if question.scale is None:
            return tuple(CHOICES)
        return tuple(map(str, range(question.scale[0], question.scale[1] + 1)))

    def answer(self, choice: str, note: str = "") -> None:
        """Put the answer on disk and go on. Raises ValueError where it is none of `choices`."""
        question = self.current
        if question is None or choice not in self.choices():
            raise ValueError(f"{choice!r} is no answer; write one of {', '.join(self.choices())}")
        append_label(self.path, _label(question, choice, note, self.rater, self.now()))
        self.answers[self.at] = choice
        self.at += 1

    def skip(self) -> None:
        """Go on without an answer; the question comes again in the next sitting."""
        self.at = min(self.at + 1, len(self.questions))

    def back(self) -> None:
        """Go back by one; a new answer replaces the old one."""
        self.at = max(self.at - 1, 0)


def _label(question: Question, choice: str, note: str, rater: str, at: str) -> Label:
    a, b = question.a, question.b
    rated = question.scale is not None
    return Label(
        kind=question.kind,
        task=a.spot[0],
        sample_id=a.spot[1],
        a=a.player,
        b=b.player if b else None,
        winner=None if rated else _winner(choice, question.shown),
        rating=float(choice) if rated else None,
        scale=question.scale,
        shown=question.shown,
        rater=rater,
        at=at,
        run_a=a.run_id,
        run_b=b.run_id if b else None,
        key_a=a.record.key,
        key_b=b.record.key if b else None,
        note=note.strip(),
    )


def _winner(choice: str, shown: Literal["ab", "ba"]) -> Literal["a", "b", "tie"]:
    place = CHOICES[choice]
    if place is None:
        return "tie"
    return "a" if shown[place] == "a" else "b"
