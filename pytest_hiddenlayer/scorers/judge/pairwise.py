"""Judges which of two answers is better, in both orders: a win needs both, anything else is a tie.

Zheng et al. 2023, "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", arXiv:2306.05685,
section 3.4: judges prefer a position, so a win must hold in both orders. This implementation
differs in that an unreadable verdict is not a tie: the pair then has no winner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ...concurrency import gather_or_cancel
from ...protocols import Ask
from .call import DATA, MAX_TOKENS, Verdict, ask_verdict, shorten
from .prompt import JudgePrompt
from .scale import PAIR
from .verdict_parser import VerdictFormat

CRITERIA = "Which answer follows the question better, and is more correct, complete and helpful?"
TEMPLATE = f"""\
Compare two answers to one question.

Criteria: {{criteria}}

{DATA}
{{question}}
{{reference}}
{{answer_a}}
{{answer_b}}

Neither the order of the answers nor their length matters. Explain in one or two sentences, then give your \
verdict as one letter in double square brackets: the letter A where answer_a is better, B where answer_b is \
better, C where both are equally good."""
DEFAULT = JudgePrompt(template=TEMPLATE, verdict_format=VerdictFormat.from_param(PAIR, None))

Winner: TypeAlias = Literal["a", "b", "tie"]
_VOTES_A_FIRST: dict[str, Winner] = {"A": "a", "B": "b", "C": "tie"}
_VOTES_B_FIRST: dict[str, Winner] = {"A": "b", "B": "a", "C": "tie"}


@dataclass(frozen=True, kw_only=True, slots=True)
class PairVerdict:
    """The verdict on a pair of answers."""

    winner: Winner | None  # None: an order could not be judged, and `explanation` says why
    consistent: bool | None  # whether both orders agree; None: one could not be judged
    first: str | None  # A, B or C with `a` shown first; None: unreadable
    second: str | None  # A, B or C with `b` shown first, so that A is a vote for `b`
    explanation: str
    model: str | None = None  # the judge's full name; None: no judge was asked


async def judge_pair(
    ask: Ask,
    question: str,
    a: str,
    b: str,
    *,
    criteria: str = CRITERIA,
    reference: str | None = None,
    judge: bool | str = True,
    prompt: JudgePrompt = DEFAULT,
    texts: tuple[Mapping[str, str], Mapping[str, str]] | None = None,
    role: str = "pairwise",
    max_tokens: int = MAX_TOKENS,
    reasoning_effort: str | None = None,
) -> PairVerdict:
    """Returns which of `a` and `b` one judge prefers, asked in both orders at the same time. Raises ProviderError.

    A pair with an empty answer reaches no judge and has no winner. `texts` are the fields of a
    custom `prompt`, with `a` first and with `b` first.
    """
    empty = [name for name, text in (("a", a), ("b", b)) if not text.strip()]
    if empty:
        why = f"not judged: answer {' and '.join(empty)} is empty"
        return PairVerdict(winner=None, consistent=None, first=None, second=None, explanation=why)
    orders = texts or (_texts(question, a, b, reference), _texts(question, b, a, reference))
    fields = {"criteria": criteria, "reference": ""}
    calls = [
        ask_verdict(
            ask,
            prompt,
            order,
            fields,
            role=name,
            judge=judge,
            max_tokens=max_tokens,
            reasoning_effort=reasoning_effort,
        )
        for order, name in zip(orders, (f"{role}.ab", f"{role}.ba"), strict=True)
    ]
    return _combine(*await gather_or_cancel(calls))


def _texts(question: str, first: str, second: str, reference: str | None) -> dict[str, str]:
    optional = {} if reference is None else {"reference": reference}
    return {"question": question, **optional, "answer_a": first, "answer_b": second}


def _combine(a_first: Verdict, b_first: Verdict) -> PairVerdict:
    if a_first.verdict is None or b_first.verdict is None:
        order, unreadable = ("a first", a_first) if a_first.verdict is None else ("b first", b_first)
        return _verdict(a_first, b_first, None, None, f"with {order}: {unreadable.why}")
    votes = (_VOTES_A_FIRST[a_first.verdict], _VOTES_B_FIRST[b_first.verdict])
    if votes[0] == votes[1]:
        return _verdict(a_first, b_first, votes[0], True, f"{votes[0]} in both orders: {shorten(a_first.text)}")
    reason = f"the orders disagree: {_disagreement(a_first.verdict, b_first.verdict, votes)}"
    return _verdict(a_first, b_first, "tie", False, reason)


def _disagreement(first: str, second: str, votes: tuple[str, str]) -> str:
    if first == second:
        return f"whichever answer was shown {'first' if first == 'A' else 'second'} was preferred"
    return f"a tie in one, {votes[0] if votes[1] == 'tie' else votes[1]} in the other"


def _verdict(
    a_first: Verdict, b_first: Verdict, winner: Winner | None, consistent: bool | None, explanation: str
) -> PairVerdict:
    return PairVerdict(
        winner=winner,
        consistent=consistent,
        first=a_first.verdict,
        second=b_first.verdict,
        explanation=explanation,
        model=a_first.completion.model,
    )
