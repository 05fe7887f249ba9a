"""Blind questions about the answers of a run: which of two is better, or how good one is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ...identifiers import derive_seed
from ..answers import PlayerAnswer, prompt_of
from .answer_pairs import AnswerPairs, check_players
from .labels import Kind, make_question_key


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One question. The rater sees only the texts."""

    kind: Kind
    a: PlayerAnswer
    b: PlayerAnswer | None = None  # None for a rating
    shown: Literal["ab", "ba"] = "ab"  # the order in which the answers are presented
    scale: tuple[int, int] | None = None  # worst and best rating; None for a pairwise question

    @property
    def prompt(self) -> str:
        """What both players were asked, as one text."""
        return prompt_of(self.a.record)

    @property
    def texts(self) -> tuple[str, ...]:
        """The answers in the order in which they are presented."""
        if self.b is None:
            return (self.a.output,)
        return (self.a.output, self.b.output) if self.shown == "ab" else (self.b.output, self.a.output)

    @property
    def text(self) -> str:
        """The question in words."""
        if self.scale is None:
            return "Which answer is better?"
        return f"How good is this answer, from {self.scale[0]} (worst) to {self.scale[1]} (best)?"

    def key(self, rater: str) -> tuple[object, ...]:
        """The `question_key` of the label with which this rater answers the question."""
        b = self.b.id if self.b else None
        return make_question_key(self.kind, *self.a.sample, rater, self.scale, self.a.id, b)


def pair_questions(answer_pairs: AnswerPairs, *, rater: str, seed: int = 0) -> list[Question]:
    """One question per pair. All raters get the same order of questions; the order of answers differs by rater."""
    questions = []
    for pair in answer_pairs.pairs:
        a, b = sorted(pair, key=lambda answer: answer.id)
        b_first = derive_seed(seed, rater, a.id, b.id) % 2
        questions.append(Question(kind="pairwise", a=a, b=b, shown="ba" if b_first else "ab"))
    return _shuffled(questions, seed)


def rating_questions(
    answers: Sequence[PlayerAnswer], scale: tuple[int, int], players: Sequence[str] = (), *, seed: int = 0
) -> list[Question]:
    """One question per answer of these players, or of all. Raises UsageError for an unknown player."""
    check_players(players, answers)
    selected = [answer for answer in answers if not players or answer.player in players]
    return _shuffled([Question(kind="rating", a=answer, scale=scale) for answer in selected], seed)


def _shuffled(questions: Iterable[Question], seed: int) -> list[Question]:
    """The questions in a random order, the same for every rater, so that raters who stop early share questions."""
    return sorted(questions, key=lambda q: derive_seed(seed, *q.a.sample, q.a.id, q.b and q.b.id))
