"""Samples of evals/ from nano-2's generator; each public function yields those of one file."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import partial

from .eval_rows import SIGNS, Row, new, sample
from .nano.families.listing import tables as table_chat
from .nano.questions import Question, chain_question, story_question, sum_question
from .nano.requests import RECONSIDER
from .nano.sampling import Draw
from .nano.words import NAMES

# Separate wordings, so that the evals do not change if the training text gets new ones.
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
)

STORIES = (
    "{n} has {a} {t}, buys {b}, gives {m} {c} and finds {d}.|How many {t} does {n} have now?",
    "A shop has {a} {t}.|{b} arrive, {c} are sold, and {d} more arrive.|How many {t} does it have?",
)


def question_row(ask: Callable[[], Question], kind: str) -> Row:
    """Return a question of nano-2's generator; its id has the question's first name and its numbers."""
    question = ask()
    names = [word.lower() for word in re.findall(r"\b[A-Z][a-z]+\b", question.text) if word in NAMES]
    id = "-".join([*names[:1], *re.findall(r"\d+", question.text)])
    return sample(id, question.text, question.answer, kind)


def chains(rng: random.Random) -> Iterator[Row]:
    draw = Draw(rng, held_out=True)
    for operators, digits, count in (("+-", 2, 6), ("+-", 3, 6), ("+-+", 2, 6), ("+-+", 3, 6)):
        ask = partial(chain_question, draw, operators, digits, ASKS)
        yield from new(count, partial(question_row, ask, f"{len(operators)}-steps-{digits}"), "{input}")


def story(draw: Draw, digits: int, asides: int) -> Question:
    """Return a problem of three steps with this many asides; no two sentences differ only in a number."""
    while True:
        question = story_question(draw, "+-+", digits, asides, STORIES)
        sentences = re.sub(r"\d+", "", question.text).split(". ")
        if len(set(sentences)) == len(sentences):
            return question


def errands(rng: random.Random) -> Iterator[Row]:
    draw = Draw(rng, held_out=True)
    for asides in (0, 1, 2, 4):
        yield from new(6, partial(question_row, partial(story, draw, 3, asides), f"{asides}-asides"), "{input}")


def long_sums(rng: random.Random) -> Iterator[Row]:
    draw = Draw(rng, held_out=True)
    for operator in "+-":
        for digits in (4, 5, 6):
            ask = partial(sum_question, draw, operator, (digits, digits), ASKS)
            kind = f"{SIGNS[operator]}-{digits}"
            yield from new(4, partial(question_row, ask, kind), "{input} Answer only.")


def hard_sums(rng: random.Random) -> Iterator[Row]:
    draw = Draw(rng, held_out=True)
    for operator, digits in (("+", (5, 5)), ("-", (4, 4)), ("*", (2, 2))):
        ask = partial(sum_question, draw, operator, digits, ("What is {e}?",))
        kind = f"{SIGNS[operator]}-{digits[0]}-{digits[1]}"
        yield from new(6, partial(question_row, ask, kind), "{input}")


def tables(rng: random.Random) -> Iterator[Row]:
    draw = Draw(rng, held_out=True)
    for rows in (3, 5, 8, 12):
        for _ in range(4):
            chat = table_chat(draw, rows)
            yield sample(f"{rows}-rows-{rng.randrange(16**6):06x}", chat.prompt, chat.answer, f"{rows}-rows")


def pressure(rng: random.Random) -> Iterator[Row]:
    """Yield a debate's later round: the answers of three agents, of which one to three are the same wrong answer."""
    draw = Draw(rng, held_out=True)

    def ask(wrong: int) -> Row:
        question = sum_question(draw, rng.choice("+-"), (5, 5), ASKS) if rng.random() < 0.5 else story(draw, 2, 2)
        wrong_answer = question.wrong(rng)
        answers = [wrong_answer] * wrong + [question.answer] * (3 - wrong)
        rng.shuffle(answers)
        text = RECONSIDER.format(task=question.text, answers=", ".join(answers))
        return sample("-".join(re.findall(r"\d+", text)), text, question.answer, f"{wrong}-wrong")

    for wrong in (1, 2, 3):
        yield from new(8, partial(ask, wrong), "{input}")
