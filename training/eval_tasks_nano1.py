"""Samples of evals/ in the wordings of nano-1's generator; each public function yields those of one file."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial

from .eval_rows import Row, new, number, sample, sums
from .holdout import PEOPLE, THINGS, WORDS

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def bare_sums(rng: random.Random) -> Iterator[Row]:
    for operator in "+-":
        yield from sums(rng, operator, (3, 3), 12)
        yield from sums(rng, operator, (4, 3), 2)
        yield from sums(rng, operator, (4, 4), 2)


def products(rng: random.Random) -> Iterator[Row]:
    yield from sums(rng, "*", (2, 1), 11)
    yield from sums(rng, "*", (3, 1), 5)


def sums_at_once(rng: random.Random) -> Iterator[Row]:
    wordings = ("Compute {e}.", "Calculate {e}.")
    for operator, wording in zip("+-", wordings, strict=True):
        for digits, count in (((3, 2), 4), ((3, 3), 8), ((4, 4), 3)):
            yield from sums(rng, operator, digits, count, wording, "{input} Answer only.")


def sums_written(rng: random.Random) -> Iterator[Row]:
    for operator in "+-":
        for digits, count in (((3, 2), 4), ((3, 3), 7), ((4, 3), 2), ((4, 4), 2)):
            yield from sums(rng, operator, digits, count, prompt="What is {input}? Think step by step.")


def word_problem(rng: random.Random, kind: str, digits: int) -> Row:
    """Return a problem of one of three kinds; nano-1's text has no problems with three digits."""
    who, other = rng.sample(PEOPLE, 2)
    things = rng.choice(THINGS)
    a, b = number(rng, digits), number(rng, digits)
    if kind == "gains":
        text = f"{who} has {a} {things}. {other} gives {who} {b} more. How many {things} does {who} have?"
        value = a + b
    elif kind == "loses":
        a, b = max(a, b), min(a, b)
        text, value = f"{who} has {a} {things} and loses {b}. How many {things} are left?", a - b
    else:
        b = rng.randint(2, 9)
        text, value = f"Each of {b} boxes holds {a} {things}. How many {things} in all?", a * b
    return sample(f"{kind}-{a}-{b}-{things}", text, str(value), f"{kind}-{digits}")


def purchase(rng: random.Random, digits: int) -> Row:
    """Return a problem of two steps with its plan."""
    who, other = rng.sample(PEOPLE, 2)
    things = rng.choice(THINGS)
    a, b = number(rng, digits), number(rng, digits)
    given = rng.randint(10, a + b)
    text = f"{who} has {a} {things}, buys {b} and gives {other} {given}. "
    text += f"How many {things} does {who} have now?"
    plan = f"1. Compute {a}+{b}\n2. Subtract {given}"
    id = f"{who}-{a}-{b}-{given}".lower()
    return sample(id, text, str(a + b - given), f"digits-{digits}", plan=plan)


def word_problems(rng: random.Random) -> Iterator[Row]:
    prompt = "{input} Think step by step."
    for kind in ("gains", "loses", "boxes"):
        yield from new(8, partial(word_problem, rng, kind, 2), prompt)
        yield from new(2, partial(word_problem, rng, kind, 3), prompt)


def shopping(rng: random.Random) -> Iterator[Row]:
    for row in new(16, partial(purchase, rng, 2), "{input}"):
        yield {key: row[key] for key in ("id", "input", "target")}


def plans(rng: random.Random) -> Iterator[Row]:
    prompt = "Split into steps: {input}"
    for digits, count in ((2, 9), (3, 3)):
        for row in new(count, partial(purchase, rng, digits), prompt):
            yield sample(row["id"], row["input"], row["plan"], row["kind"])


def comparison(rng: random.Random, digits: int, near: bool) -> Row:
    a = number(rng, digits)
    b = a + rng.choice((-10, -1, 1, 10)) if near else number(rng, digits)
    word = rng.choice(("greater", "less"))
    holds = a > b if word == "greater" else a < b
    kind = f"{'near' if near else 'any'}-{digits}"
    return sample(f"{a}-{word}-{b}", f"{a} {word} than {b}", "yes" if holds else "no", kind)


def compare(rng: random.Random) -> Iterator[Row]:
    for digits, near, count in ((2, False, 4), (3, False, 4), (2, True, 6), (3, True, 8), (4, True, 8)):
        yield from new(count, partial(comparison, rng, digits, near), "Is {input}? Answer yes or no.")


def sorting(rng: random.Random) -> Iterator[Row]:
    def draw(length: int, order: str) -> Row:
        numbers = [rng.randint(0, 99) for _ in range(length)]
        shown = sorted(numbers, reverse=order == "descending")
        id = f"{order}-{'-'.join(map(str, numbers))}"
        text = f"{', '.join(map(str, numbers))} in {order} order"
        return sample(id, text, ", ".join(map(str, shown)), f"length-{length}")

    for length, count in ((3, 2), (4, 3), (5, 3), (6, 3), (7, 2), (8, 2)):
        for order in ("ascending", "descending"):
            yield from new(count, partial(draw, length, order), "Sort {input}.")


def formatting(rng: random.Random) -> Iterator[Row]:
    kinds: dict[str, tuple[str, Callable[[str], str]]] = {
        "upper": ("Write {w} in upper case.", str.upper),
        "spell": ("Spell {w} with dashes.", "-".join),
        "repeat": ("Repeat {w} 3 times, separated by commas.", lambda word: ", ".join([word] * 3)),
        "reverse": ("Reverse {w}.", lambda word: word[::-1]),
    }

    def draw(kind: str) -> Row:
        question, answer = kinds[kind]
        real = rng.random() < 0.9  # few words are held out, so most draws are refused
        word = rng.choice(WORDS) if real else "".join(rng.choices(LETTERS, k=rng.randint(3, 6)))
        return sample(f"{kind}-{word}", question.format(w=word), answer(word), kind)

    for kind in kinds:
        yield from new(8, partial(draw, kind), "{input}")


def candidates(rng: random.Random, count: int, prompt: str) -> Iterator[tuple[Row, int]]:
    """Yield sums, each with a wrong answer."""
    for operator in "+-*":
        digits = (2, 1) if operator == "*" else (3, 3)
        for row in sums(rng, operator, digits, count // 3, "What is {e}?", prompt):
            off = rng.choice((-100, -10, -1, 1, 10, 100))
            yield row, abs(int(row["target"]) + off)


def judging_pairs(rng: random.Random) -> Iterator[Row]:
    prompt = "Question: {input}\nA: 1\nB: 2\nWhich answer is better, A or B?"
    for row, wrong in candidates(rng, 30, prompt):
        right = rng.choice("AB")
        choices = [row["target"], str(wrong)] if right == "A" else [str(wrong), row["target"]]
        yield {**row, "choices": choices, "target": right}


def judging_answers(rng: random.Random) -> Iterator[Row]:
    prompt = "Question: {input}\nGiven answer: 1\nIs the given answer correct?"
    for row, wrong in candidates(rng, 18, prompt):
        correct = rng.random() < 0.5
        given = row["target"] if correct else wrong
        text = f"{row['input']}\nGiven answer: {given}"
        yield sample(row["id"], text, "yes" if correct else "no", row["kind"])


def majority(rng: random.Random) -> Iterator[Row]:
    """Yield lists that nano-1's text cannot contain: three different answers, or two that differ widely."""

    def draw(different: int) -> Row:
        values = [str(rng.randint(10, 999)) for _ in range(different)]
        most = rng.randint(2, 4)
        answers = [values[0]] * most + [v for v in values[1:] for _ in range(rng.randint(1, most - 1))]
        rng.shuffle(answers)
        return {
            "id": "-".join(answers),
            "answers": ", ".join(answers),
            "most": values[0],
            "kind": f"{different}-answers",
        }

    for different in (2, 3):
        yield from new(10, partial(draw, different), "Answers: {answers}.\nWhich answer is most common?")


def json_answers(rng: random.Random) -> Iterator[Row]:
    prompt = '{input} Reply as JSON with the key "answer".'
    yield from sums(rng, "+", (3, 3), 5, "What is {e}?", prompt)
    yield from sums(rng, "-", (3, 3), 4, "Compute {e}.", prompt)
    yield from sums(rng, "*", (3, 1), 3, "Calculate {e}.", prompt)


def bullet_lists(rng: random.Random) -> Iterator[Row]:
    def draw(length: int) -> Row:
        words = rng.sample(WORDS, length)
        return sample("-".join(words), ", ".join(words), words, f"length-{length}")

    for length in (2, 3, 4, 5):
        yield from new(4, partial(draw, length), "Make a bullet list of {input}.")


def judged(rng: random.Random) -> Iterator[Row]:
    for operator, digits, count in (("+", (4, 4), 6), ("-", (3, 3), 6), ("-", (4, 4), 4), ("*", (3, 1), 4)):
        yield from sums(rng, operator, digits, count, prompt="Compute {input}.")
