"""Questions with one correct answer, which families ask, judge, debate and split into steps."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .problems import Chain, Sum
from .sampling import Draw
from .stories import ASIDES, NEW_STORIES, STORIES
from .words import CAPITALS, COLOURS, NAMES, OPPOSITES, PLACES, THINGS

ASKS = (
    "What is {e}?",
    "What is {e}?",
    "Compute {e}.",
    "{e} = ?",
    "Calculate {e}.",
    "How much is {e}?",
    "Work out {e}.",
    "Find {e}.",
    "Tell me {e}.",
    "Please compute {e}.",
    "Evaluate {e}.",
    "{e}",
    "Can you work out {e}?",
    "Solve {e}.",
    "What do you get for {e}?",
    "I need the value of {e}.",
    "{e}: what is the result?",
    "<How much/What> <do you get for/is the value of/is the result of/makes/gives> {e}?",
    "<Say/Tell me/Tell us/Write/Give> <what {e} is/what {e} makes/the value of {e}/the result of {e}>.",
    "<Do/Solve/Work out/Take> this <one/problem/task/exercise>: {e}<./>",
    "<I want to know/We need/She asks for> <the result of /the value of //>{e}.",
    "<Could you/Can you/Will you> <compute/work out/find/do/solve> {e}?",
)
NEW_ASKS = ("What does {e} come to?", "Please tell me what {e} is.", "Do this sum: {e}.")
STEP_TRIES = 60
SPOKEN = {"+": "plus", "-": "minus", "*": "times"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question, its answer and its workings."""

    text: str
    answer: str
    kind: str  # groups questions by difficulty: `+ 3-2`, `story +-`, `fact`
    worked: str = ""  # working digit by digit; empty if there is none
    stated: str = ""  # the sums in order, each with its value
    chain: Chain | None = None
    others: tuple[str, ...] = ()  # plausible wrong answers; if empty, near numbers are used

    def wrong(self, rng: random.Random) -> str:
        """Return a wrong answer."""
        return rng.choice(self.others) if self.others else str(near(rng, int(self.answer)))


def near(rng: random.Random, value: int) -> int:
    """Return another number, mostly one that differs in one digit."""
    while True:
        place = 10 ** rng.randrange(len(str(value)))
        number = rng.choice(
            (
                value + place * rng.choice((-1, 1)),
                value + rng.choice((-2, -1, 1, 2)),
                value + place * rng.randint(-9, 9),
                int("".join(rng.sample(str(value), len(str(value))))),
                rng.randint(0, 2 * value + 9),
            )
        )
        if number >= 0 and number != value:
            return number


def question(draw: Draw) -> Question:
    """Return a question of any kind, for judges and debates."""
    makers = (sum_question, sum_question, sum_question, chain_question, story_question, story_question, fact_question)
    return draw.rng.choice(makers)(draw)


def counted(draw: Draw) -> Question:
    """Return a question whose answer is a number."""
    return draw.rng.choice((sum_question, sum_question, chain_question, story_question))(draw)


def sum_question(
    draw: Draw, operator: str = "", digits: tuple[int, int] | None = None, asks: Sequence[str] = ASKS
) -> Question:
    """What is 412+388?"""
    made = draw_sum(draw, operator, digits)
    sizes = f"{len(str(made.left))}-{len(str(made.right))}"
    return Question(
        text=draw.wording(asks, NEW_ASKS).format(e=_expression(draw, made)),
        answer=str(made.value),
        kind=f"{made.operator} {sizes}",
        worked=made.worked,
        chain=Chain(made.left, ((made.operator, made.right),)),
    )


def draw_sum(draw: Draw, operator: str = "", digits: tuple[int, int] | None = None) -> Sum:
    """Return a sum of numbers with these digits, by default mostly two or three."""

    def make() -> Sum:
        sign = operator or draw.rng.choice("++--**")
        sizes = digits or draw.rng.choice(_PRODUCT_SIZES if sign == "*" else _SUM_SIZES)
        left, right = draw.number(sizes[0]), draw.number(sizes[1])
        if sign == "*" and right < 2:
            right = draw.rng.randint(2, 9)
        if sign == "-" and left < right:
            left, right = right, left
        if sign == "+" and draw.chance(0.5):
            left, right = right, left
        return Sum(left, sign, right)

    return draw.problem(make, lambda s: (s.key,), lambda s: (step.key for step in s.steps))


_SUM_SIZES = ((1, 1), (2, 1), (2, 2), (2, 2), (3, 2), (3, 2), (3, 3), (3, 3), (3, 3), (3, 3), (4, 3), (4, 4), (5, 4))
_PRODUCT_SIZES = ((1, 1), (2, 1), (2, 1), (2, 1), (2, 1), (3, 1), (3, 1), (4, 1), (2, 2))


def draw_chain(draw: Draw, operators: str, digits: int) -> Chain:
    """Return a chain of these operators on numbers with this many digits; a factor has one digit."""
    # Sums between digits have no key, so none of them is held out.
    digits = max(digits, 2) if draw.held_out else digits
    while True:
        chain = _try_chain(draw, operators, digits)
        if chain is not None and not (draw.held_out and all(step.key is None for step in chain.sums)):
            return chain


def _try_chain(draw: Draw, operators: str, digits: int) -> Chain | None:
    """Return a chain whose steps are on this side of the split, or None if a step has no suitable number."""
    first = total = draw.number(digits)
    rest = []
    for sign in operators:
        step = next((step for step in _steps(draw, total, sign, digits) if draw.fits(step.key)), None)
        if step is None:
            return None
        rest.append((sign, step.right))
        total = step.value
    return Chain(first, tuple(rest))


def _steps(draw: Draw, total: int, sign: str, digits: int) -> Iterator[Sum]:
    for _ in range(STEP_TRIES):
        number = draw.rng.randint(2, 9) if sign == "*" else draw.number(digits)
        if sign == "-" and number > total:
            number = draw.rng.randint(min(10, total), total)
        yield Sum(total, sign, number)


def chain_question(draw: Draw, operators: str = "", digits: int = 0, asks: Sequence[str] = ASKS) -> Question:
    """What is 22+86-40?"""
    operators = operators or draw.rng.choice(("++", "+-", "+-", "-+", "--", "+-+"))
    chain = draw_chain(draw, operators, digits or draw.rng.choice((1, 2, 2, 2, 3)))
    expression = str(chain.first) + "".join(f"{sign}{number}" for sign, number in chain.rest)
    return Question(
        text=draw.wording(asks, NEW_ASKS).format(e=expression),
        answer=str(chain.value),
        kind=f"chain {operators}",
        worked=chain.worked,
        stated=chain.stated,
        chain=chain,
    )


def _expression(draw: Draw, made: Sum) -> str:
    if draw.chance(0.85):
        return made.text
    return f"{made.left} {draw.rng.choice((made.operator, SPOKEN[made.operator]))} {made.right}"


_STORY_KINDS = ("+", "+", "-", "-", "*", "*", "+-", "+-", "+-", "-+", "++", "--", "*+", "*-", "+-+", "+*")


def story_question(
    draw: Draw, operators: str = "", digits: int = 0, asides: int | None = None, forms: Sequence[str] = ()
) -> Question:
    """Cara has 22 marbles, buys 86 and gives Ola 40. How many marbles does Cara have now?"""
    operators = operators or draw.rng.choice([*NEW_STORIES] if draw.paraphrase else _STORY_KINDS)
    chain = draw_chain(draw, operators, digits or draw.rng.choice((1, 2, 2, 2, 2, 2, 3)))
    count = draw.rng.choice((0, 0, 0, 0, 1, 2)) if asides is None else asides
    form = draw.wording(forms or STORIES[operators], NEW_STORIES.get(operators, ()))
    return Question(
        text=_told(draw, form, chain, count),
        answer=str(chain.value),
        kind=f"story {operators}",
        worked=chain.worked,
        stated=chain.stated,
        chain=chain,
    )


def _told(draw: Draw, form: str, chain: Chain, asides: int) -> str:
    n, m, k = draw.rng.sample(NAMES, 3)
    t, u = draw.rng.sample(THINGS, 2)
    numbers = dict(zip("abcd", (chain.first, *(number for _, number in chain.rest)), strict=False))
    sentences = form.format(n=n, m=m, k=k, t=t, **numbers).split("|")
    for _ in range(asides):
        aside = draw.rng.choice(ASIDES)
        told = aside.format(k=k, n=n, u=u, p=draw.rng.choice(PLACES), z=draw.rng.randint(2, 99))
        sentences.insert(draw.rng.randrange(len(sentences)), told)
    return " ".join(sentences)


FACTS: tuple[tuple[str, dict[str, str], tuple[str, ...]], ...] = (
    (
        "capital",
        CAPITALS,
        (
            "What is the capital of {x}?",
            "Name the capital of {x}.",
            "{x}: capital?",
            "Please name the capital of {x}.",
            "The capital of {x} is which city?",
            "Which city is the capital of {x}?",
            "The capital of {x} is?",
            "Tell the capital of {x}.",
            "What is the capital city of {x}?",
            "What is {x}'s capital?",
            "Give the capital of {x}.",
            "Tell me the capital of {x}.",
        ),
    ),
    (
        "country",
        {city: country for country, city in CAPITALS.items()},
        (
            "Which country has the capital {x}?",
            "{x} is the capital of which country?",
            "Which country has {x} as capital?",
            "{x} is the capital of?",
            "Of which country is {x} the capital?",
        ),
    ),
    (
        "opposite",
        OPPOSITES | {b: a for a, b in OPPOSITES.items()},
        (
            "What is the opposite of {x}?",
            "Give the opposite of {x}.",
            "The opposite of {x}?",
            "Opposite of {x}?",
            "Which word is the opposite of {x}?",
            "Name the opposite of {x}.",
        ),
    ),
    (
        "colour",
        COLOURS,
        (
            "What colour is {x}?",
            "Name the colour of {x}.",
            "What colour does {x} have?",
            "Which colour has a {x}?",
            "Which colour is {x}?",
            "The colour of {x}?",
        ),
    ),
)
_FACT_SHARES = (4, 2, 2, 1)


def fact_question(draw: Draw) -> Question:
    """What is the capital of Peru? The form is held out, not the fact: other forms contain the fact."""

    def make() -> tuple[str, str, str, tuple[str, ...]]:
        kind, answers, forms = draw.rng.choices(FACTS, _FACT_SHARES)[0]
        subject = draw.rng.choice([*answers])
        others = tuple(sorted({*answers.values()} - {answers[subject]}))
        return kind, draw.rng.choice(forms).format(x=subject), answers[subject], others

    kind, text, answer, others = draw.problem(make, lambda made: (fact_key(made[1]),))
    return Question(text=text, answer=answer, kind=kind, others=others)


def fact_key(text: str) -> str:
    """Return the key of a fact's question: its text."""
    return f"fact {text}"
