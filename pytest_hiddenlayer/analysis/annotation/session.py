"""One rater's labelling session. It tracks the current question and writes each answer to disk at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..answers import Winner
from .labels import Label, append_label, read_labels
from .questions import Question

CHOICES: dict[str, int | None] = {"1": 0, "2": 1, "tie": None}
"""A choice between two answers → the index of the better one, in the order in which they are presented."""


@dataclass(kw_only=True, slots=True)
class LabelingSession:
    """The questions that a rater has not answered yet, and the current position among them."""

    path: Path
    rater: str
    questions: Sequence[Question]  # unanswered when the session began
    now: Callable[[], str]  # returns the time in ISO 8601
    previously_answered: int = 0  # questions answered in earlier sessions
    position: int = 0
    answers: dict[int, str] = field(default_factory=dict)  # position → the choice made in this session

    @classmethod
    def begin(cls, path: Path, rater: str, questions: Sequence[Question], now: Callable[[], str]) -> LabelingSession:
        """A session over the questions that `path` has no label for. Raises UsageError if it holds anything else."""
        answered = {label.question_key for label in read_labels(path)} if path.is_file() else set()
        open_questions = [question for question in questions if question.key(rater) not in answered]
        previously_answered = len(questions) - len(open_questions)
        return cls(path=path, rater=rater, questions=open_questions, now=now, previously_answered=previously_answered)

    @property
    def current(self) -> Question | None:
        """The question at the current position; None at the end."""
        return self.questions[self.position] if self.position < len(self.questions) else None

    @property
    def total(self) -> int:
        """How many questions there are, including those of earlier sessions."""
        return self.previously_answered + len(self.questions)

    @property
    def answered(self) -> int:
        """How many questions are answered, including those of earlier sessions."""
        return self.previously_answered + len(self.answers)

    @property
    def unanswered(self) -> int:
        """How many questions are still open."""
        return self.total - self.answered

    def choices(self) -> tuple[str, ...]:
        """The valid answers to the current question: 1, 2 and tie, or the whole numbers of its scale."""
        question = self.current
        if question is None:
            return ()
        if question.scale is None:
            return tuple(CHOICES)
        return tuple(map(str, range(question.scale[0], question.scale[1] + 1)))

    def answer(self, choice: str, note: str = "") -> None:
        """Write the label to disk and move on. Raises ValueError if `choice` is not in `choices()`."""
        question = self.current
        if question is None or choice not in self.choices():
            raise ValueError(f"{choice!r} is not a valid answer; write one of {', '.join(self.choices())}")
        append_label(self.path, _label(question, choice, note, self.rater, self.now()))
        self.answers[self.position] = choice
        self.position += 1

    def skip(self) -> None:
        """Move on without an answer. The next session asks the question again."""
        self.position = min(self.position + 1, len(self.questions))

    def back(self) -> None:
        """Go back by one question. A new answer replaces the old one."""
        self.position = max(self.position - 1, 0)


def _label(question: Question, choice: str, note: str, rater: str, at: str) -> Label:
    a, b = question.a, question.b
    is_rating = question.scale is not None
    return Label(
        kind=question.kind,
        task=a.record.task,
        sample_id=a.record.sample_id,
        a=a.player,
        b=b.player if b else None,
        winner=None if is_rating else _winner(choice, question.shown),
        rating=float(choice) if is_rating else None,
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


def _winner(choice: str, shown: Literal["ab", "ba"]) -> Winner:
    index = CHOICES[choice]
    if index is None:
        return "tie"
    return "a" if shown[index] == "a" else "b"
