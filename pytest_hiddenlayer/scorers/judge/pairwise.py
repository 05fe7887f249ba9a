"""Which of two answers is better, asked in both orders: a win needs both, anything else is a tie.

Zheng et al. 2023, "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", arXiv:2306.05685,
section 3.4: judges prefer a position, so a win is only declared when it holds in both orders.
Ours differs in that a verdict which cannot be read is no tie: there is no winner then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ...protocols import Ask
from .call import DATA, MAX_TOKENS, Verdict, ask_verdict, shorten, together
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
DEFAULT = JudgePrompt(template=TEMPLATE, marking=VerdictFormat.from_param(PAIR, None))


@dataclass(frozen=True, kw_only=True, slots=True)
class PairVerdict:
    """The verdict on a pair."""

    winner: Literal["a", "b", "tie"] | None  # None: an order could not be judged, and `explanation` says why
    consistent: bool | None  # whether both orders say the same; None where one could not be judged
    first: str | None  # A, B or C as said when `a` was shown first; None: unreadable
    second: str | None  # A, B or C as said when `b` was shown first: A is a vote for `b`
    explanation: str
    model: str | None = None  # the judge's full name; None: nobody was asked


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
) -> PairVerdict:
    """The better of `a` and `b` by one judge, asked in both orders at once. Raises ProviderError.

    An answer without any text reaches no judge: there is no winner then. `texts` are the
    fields of a `prompt` of one's own, as they are with `a` first and with `b` first.
    """
    empty = [name for name, text in (("a", a), ("b", b)) if not text.strip()]
    if empty:
        why = f"not judged: answer {' and '.join(empty)} is empty"
        return PairVerdict(winner=None, consistent=None, first=None, second=None, explanation=why)
    shown = texts or (_texts(question, a, b, reference), _texts(question, b, a, reference))
    words = {"criteria": criteria, "reference": ""}
    both = [
        ask_verdict(ask, prompt, fields, words, role=name, judge=judge, max_tokens=max_tokens)
        for fields, name in zip(shown, (f"{role}.ab", f"{role}.ba"), strict=True)
    ]
    return _decided(*await together(both))


def _texts(question: str, first: str, second: str, reference: str | None) -> dict[str, str]:
    given = {} if reference is None else {"reference": reference}
    return {"question": question, **given, "answer_a": first, "answer_b": second}


def _decided(one: Verdict, two: Verdict) -> PairVerdict:
    if one.verdict is None or two.verdict is None:
        order, unread = ("a first", one) if one.verdict is None else ("b first", two)
        return _verdict(one, two, None, None, f"with {order}: {unread.why}")
    votes = {"A": ("a", "b"), "B": ("b", "a"), "C": ("tie", "tie")}
    said = (votes[one.verdict][0], votes[two.verdict][1])
    if said[0] == said[1]:
        return _verdict(one, two, _WINNERS[said[0]], True, f"{said[0]} in both orders: {shorten(one.text)}")
    return _verdict(one, two, "tie", False, f"the orders disagree: {_disagreement(one.verdict, two.verdict, said)}")


def _disagreement(first: str, second: str, said: tuple[str, str]) -> str:
    if first == second:
        return f"whichever answer was shown {'first' if first == 'A' else 'second'} was preferred"
    return f"a tie in one, {said[0] if said[1] == 'tie' else said[1]} in the other"


_WINNERS: dict[str, Literal["a", "b", "tie"]] = {"a": "a", "b": "b", "tie": "tie"}


def _verdict(
    one: Verdict, two: Verdict, winner: Literal["a", "b", "tie"] | None, consistent: bool | None, why: str
) -> PairVerdict:
    return PairVerdict(
        winner=winner,
        consistent=consistent,
        first=one.verdict,
        second=two.verdict,
        explanation=why,
        model=one.completion.model,
    )
