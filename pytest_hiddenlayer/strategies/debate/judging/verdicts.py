"""Asks the judge which of two answers is correct, in one order or both, and reads the verdicts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ....completions.finish_reasons import ended_normally
from ....concurrency import gather_or_cancel
from ....protocols import Context
from ....types import Answer, Completion, GenerationConfig
from ...alternatives import last_choice
from ...messages import request
from .answers import AnswerPair, find_pair
from .arguments import Argument

JudgeReads: TypeAlias = Literal["task", "question"]
"""What the judge reads of the sample: the whole task, or the metadata `question` without the passage around it."""
Inconsistent: TypeAlias = Literal["unscored", "first"]
"""What counts if verdicts differ with the order of the answers: nothing, or the verdict of the first order."""
QUESTION_KEY = "question"
_CHOICE = re.compile(
    r"\bchoice\b[\s*_:=(\[]{0,8}(?:is\b)?[\s*_:=(\[]{0,8}(?:answer\s{0,4})?([12])(?![\d.]*\d)", re.IGNORECASE
)
_ALONE = re.compile(r"[\W_]*+(?:answer|option|choice)?[\W_]*+([12])[\W_]*+", re.IGNORECASE)
_STATED = re.compile(r"\banswer\b[^.\n\d]{0,40}\bis[\s*_:]{0,8}([12])(?![\d.,]*\d)", re.IGNORECASE)
_MENTIONED = re.compile(r"\b(?:answer|option)\s*#?([12])\b(?!\.\d)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The verdict of one call of the judge."""

    first: int  # index in the pair of the answer that the judge read as answer 1
    winner: int | None  # index in the pair; None: unreadable
    completion: Completion


async def find_judged(
    context: Context, strategy: str, answers: str, n_samples: int, reads: JudgeReads
) -> tuple[str, AnswerPair] | Answer:
    """Returns what the judge reads of the sample and the two answers, or the Answer of a sample that lacks either.

    Raises ProviderError.
    """
    text = _judged_text(context, reads)
    if text is None:
        return _without_question(strategy)
    pair = await find_pair(context, strategy, answers, n_samples)
    return pair if isinstance(pair, Answer) else (text, pair)


def _judged_text(context: Context, reads: JudgeReads) -> str | None:
    """What the judge reads of the sample; None if the sample has no text `question` in its metadata."""
    if reads == "task":
        return context.prompt
    question = context.sample.metadata.get(QUESTION_KEY)
    return question if isinstance(question, str) and question.strip() else None


def _without_question(strategy: str) -> Answer:
    """The Answer of a sample whose judge would have nothing to read."""
    return Answer(
        output="",
        outcome="unscored",
        error=(
            f"{strategy} was asked to show the judge only the question (judge_reads=question), but the sample's "
            f"metadata has no text {QUESTION_KEY!r}; add it to the samples, or use judge_reads=task"
        ),
    )


async def ask_judge(
    context: Context, pair: AnswerPair, text: str, arguments: Sequence[Argument], *, round: int, swap: bool
) -> list[Verdict]:
    """Returns the judge's verdict, with `swap` also that with both answers exchanged. Raises ProviderError."""
    return await gather_or_cancel(
        _verdict(context, pair, text, arguments, round, first) for first in ((0, 1) if swap else (0,))
    )


def judged_answer(
    strategy: str, pair: AnswerPair, verdicts: Sequence[Verdict], metadata: dict[str, Any], inconsistent: Inconsistent
) -> Answer:
    """Returns the answer that the judge chose; `unscored` if no verdict can be read, or if both orders disagree.

    With `inconsistent="first"` verdicts that disagree are a tie, which goes to the first one. Its order is random,
    so that the expected score is the mean of both orders.
    """
    values = {**pair.to_json(), **metadata, **_verdicts_json(pair, verdicts, inconsistent)}
    if values["winner"] is not None:
        return Answer(output=pair.candidates[pair.answers.index(values["winner"])].output, metadata=values)
    reply = verdicts[0].completion
    return Answer(
        output="",
        outcome="unscored",
        error=_unread(strategy, reply) if values["consistent"] is None else _disagreement(strategy, pair, verdicts),
        metadata=values,
    )


def _unread(strategy: str, reply: Completion) -> str:
    return (
        f"{strategy} asked the judge for `Choice: 1` or `Choice: 2`, but its reply is {reply.text[:200]!r} "
        f"(finish reason {reply.finish_reason}); name another judge, or raise max_tokens if it was cut off"
    )


def _disagreement(strategy: str, pair: AnswerPair, verdicts: Sequence[Verdict]) -> str:
    place = "first" if verdicts[0].winner == verdicts[0].first else "second"
    first, second = (pair.candidates[verdict.winner or 0].shown[:80] for verdict in verdicts)
    return (
        f"{strategy} asked the judge in both orders of the answers, but it chose {first!r} in one and {second!r} in "
        f"the other, each time the answer in the {place} place; name another judge, or score the first order with "
        "inconsistent=first"
    )


def read_choice(text: str) -> int | None:
    """Returns 1 or 2, the answer that a judge's reply chooses; None if it chooses none or several."""
    if _CHOICE.search(text):
        marked = last_choice(_CHOICE, text)
        return int(marked[1]) if marked else None
    first_line = text.strip().partition("\n")[0]
    if alone := _ALONE.fullmatch(first_line):
        return int(alone[1])
    mentioned = set(_MENTIONED.findall(text))
    return int(mentioned.pop()) if len(mentioned) == 1 else None


async def _verdict(
    context: Context, pair: AnswerPair, text: str, arguments: Sequence[Argument], round: int, first: int
) -> Verdict:
    order = (first, 1 - first)
    prompt = context.render(
        "naive_judge/decide",
        judge=True,
        task=text,
        answers=[pair.candidates[index].shown for index in order],
        arguments=[argument.text for argument in arguments],
        sides=[order.index(argument.side) + 1 for argument in arguments],
    )
    defaults = GenerationConfig(temperature=0.0)
    reply = await context.ask(request(context, prompt), role="judge", round=round, judge=True, defaults=defaults)
    choice = _read(context, pair, reply, order)
    return Verdict(first=first, winner=None if choice is None else order[choice - 1], completion=reply)


def _read(context: Context, pair: AnswerPair, reply: Completion, order: tuple[int, int]) -> int | None:
    """The number that a reply names, or that of the answer that it gives; None if these are different answers."""
    if not ended_normally(reply.finish_reason):
        return None
    said = _bare(reply.text)
    shown = [_bare(pair.candidates[index].shown) for index in order]
    if shown.count(said) == 1:
        numbers = {read_choice(reply.text), shown.index(said) + 1}
    elif (choice := read_choice(reply.text)) is not None or _MENTIONED.search(reply.text):
        return choice
    else:
        answers = [pair.answers[index] for index in order]
        answer = context.parse(reply.text)
        numbers = {int(number) for number in _STATED.findall(reply.text)}
        numbers |= {answers.index(answer) + 1} if answer in answers else set()
    numbers.discard(None)
    return numbers.pop() if len(numbers) == 1 else None


def _bare(text: str) -> str:
    return text.strip().strip(".").casefold()


def _verdicts_json(pair: AnswerPair, verdicts: Sequence[Verdict], inconsistent: Inconsistent) -> dict[str, Any]:
    read = [verdict.winner for verdict in verdicts if verdict.winner is not None]
    consistent = read[0] == read[1] if len(read) == 2 else None
    decided = bool(read) and (consistent is not False or inconsistent == "first")
    return {
        "winner": pair.answers[read[0]] if decided else None,
        "consistent": consistent,  # None: one order, or a verdict that cannot be read
        "verdicts": [
            {
                "order": [pair.answers[verdict.first], pair.answers[1 - verdict.first]],
                "choice": None if verdict.winner is None else pair.answers[verdict.winner],
            }
            for verdict in verdicts
        ],
        "unreadable_verdicts": len(verdicts) - len(read),
    }
