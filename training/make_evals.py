"""Writes the larger sample files of evals/: `python -m training.make_evals [FOLDER]`.

Seeded file by file, so that a second run writes the same bytes and a change to one file leaves the
others alone. Only problems are taken that the training text of no bundled model can have held:
nano-1's (holdout.py) and nano-2's (nano/split.py). An id names the problem itself, so that it
stays when samples come or go.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pytest_hiddenlayer.strategies.debate import RECONSIDER

from .holdout import PEOPLE, THINGS, WORDS, could_be_trained, is_step
from .nano.families.listing import tables as table_chat
from .nano.questions import Question, chain_question, story_question, sum_question
from .nano.reading import keys_in
from .nano.sampling import Draw
from .nano.split import is_held_out
from .nano.words import NAMES

Row = dict[str, Any]
EVALS = Path(__file__).resolve().parent.parent / "evals"
SIGNS = {"+": "plus", "-": "minus", "*": "times"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MUST_PASS = {  # the bundled models get these right by a wide margin
    "sums_written": ("678-plus-202", "931-plus-764"),
    "bullet_lists": ("lemon-table", "glass-cloud"),
}
# Wordings of their own: our evals stay as they are when the training text learns new ones.
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


def new(count: int, draw: Callable[[], Row], prompt: str) -> Iterator[Row]:
    """`count` different problems from `draw` whose prompt no training text can have held; 3*4 is 4*3."""
    taken: set[frozenset[str]] = set()
    for _ in range(100_000):
        row = draw()
        text = prompt.format(**row)
        problem = frozenset(keys_in(text)) or frozenset({row["id"]})
        if problem not in taken and is_new(text):
            taken.add(problem)
            yield row
            if len(taken) == count:
                return
    raise ValueError(f"asked for {count} new problems, found {len(taken)}; widen the range of {prompt!r}")


def is_new(prompt: str) -> bool:
    """Whether neither model has read it: in no wording of nano-1's, and with no problem of nano-2's."""
    return not could_be_trained(prompt) and all(map(is_held_out, keys_in(prompt)))


def sample(id: str, text: str, target: Any, kind: str, **more: Any) -> Row:
    return {"id": id, "input": text, "target": target, "kind": kind, **more}


def number(rng: random.Random, digits: int) -> int:
    return rng.randint(10 ** (digits - 1), 10**digits - 1)


def expression(rng: random.Random, operator: str, digits: tuple[int, int]) -> tuple[int, int, int]:
    """Two numbers and the value; a minuend is the larger of the two."""
    left, right = number(rng, digits[0]), number(rng, digits[1])
    if operator == "-":
        left, right = max(left, right), min(left, right)
        return left, right, left - right
    if operator == "+":
        if rng.random() < 0.5:
            left, right = right, left
        return left, right, left + right
    right = rng.randint(2, 9)
    return left, right, left * right


def sums(
    rng: random.Random,
    operator: str,
    digits: tuple[int, int],
    count: int,
    wording: str = "{e}",
    prompt: str = "What is {input}?",
) -> Iterator[Row]:
    """Sums that are no step of a word problem either, except products, which cannot avoid that."""

    def draw() -> Row:
        while True:
            left, right, value = expression(rng, operator, digits)
            text = f"{left}{operator}{right}"
            if operator == "*" or not is_step(text):
                break
        sign = SIGNS[operator]
        kind = f"{sign}-{digits[0]}-{digits[1]}"
        return sample(f"{left}-{sign}-{right}", wording.format(e=text), str(value), kind)

    return new(count, draw, prompt)


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
    """One of three kinds; three digits lie beyond what nano-1's text held."""
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
    """A problem of two steps, with the plan for it."""
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
        real = rng.random() < 0.9  # few words were held out, so that most draws are refused
        word = rng.choice(WORDS) if real else "".join(rng.choices(LETTERS, k=rng.randint(3, 6)))
        return sample(f"{kind}-{word}", question.format(w=word), answer(word), kind)

    for kind in kinds:
        yield from new(8, partial(draw, kind), "{input}")


def candidates(rng: random.Random, count: int, prompt: str) -> Iterator[tuple[Row, int]]:
    """Sums with a wrong answer beside each."""
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
    """Lists that nano-1's text cannot hold: three different answers, or two that lie far apart."""

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


def asked(ask: Callable[[], Question], kind: str) -> Row:
    """A question of nano-2's generator; its id is its first name and its numbers."""
    made = ask()
    names = [word.lower() for word in re.findall(r"\b[A-Z][a-z]+\b", made.text) if word in NAMES]
    return sample("-".join([*names[:1], *re.findall(r"\d+", made.text)]), made.text, made.answer, kind)


def chains(rng: random.Random) -> Iterator[Row]:
    draw = Draw(rng, held_out=True)
    for operators, digits, count in (("+-", 2, 6), ("+-", 3, 6), ("+-+", 2, 6), ("+-+", 3, 6)):
        ask = partial(chain_question, draw, operators, digits, ASKS)
        yield from new(count, partial(asked, ask, f"{len(operators)}-steps-{digits}"), "{input}")


def story(draw: Draw, digits: int, asides: int) -> Question:
    """A problem of three steps among so many asides, of which no two differ in a number alone."""
    while True:
        made = story_question(draw, "+-+", digits, asides, STORIES)
        said = re.sub(r"\d+", "", made.text).split(". ")
        if len(set(said)) == len(said):
            return made


def errands(rng: random.Random) -> Iterator[Row]:
    draw = Draw(rng, held_out=True)
    for asides in (0, 1, 2, 4):
        yield from new(6, partial(asked, partial(story, draw, 3, asides), f"{asides}-asides"), "{input}")


def long_sums(rng: random.Random) -> Iterator[Row]:
    draw = Draw(rng, held_out=True)
    for operator in "+-":
        for digits in (4, 5, 6):
            ask = partial(sum_question, draw, operator, (digits, digits), ASKS)
            kind = f"{SIGNS[operator]}-{digits}"
            yield from new(4, partial(asked, ask, kind), "{input} Answer only.")


def hard_sums(rng: random.Random) -> Iterator[Row]:
    draw = Draw(rng, held_out=True)
    for operator, digits in (("+", (5, 5)), ("-", (4, 4)), ("*", (2, 2))):
        ask = partial(sum_question, draw, operator, digits, ("What is {e}?",))
        kind = f"{SIGNS[operator]}-{digits[0]}-{digits[1]}"
        yield from new(6, partial(asked, ask, kind), "{input}")


def tables(rng: random.Random) -> Iterator[Row]:
    draw = Draw(rng, held_out=True)
    for rows in (3, 5, 8, 12):
        for _ in range(4):
            chat = table_chat(draw, rows)
            yield sample(f"{rows}-rows-{rng.randrange(16**6):06x}", chat.prompt, chat.answer, f"{rows}-rows")


def pressure(rng: random.Random) -> Iterator[Row]:
    """A debate's later round: the answers of three others, of whom one to three say the same wrong thing."""
    draw = Draw(rng, held_out=True)

    def ask(wrong: int) -> Row:
        asked = sum_question(draw, rng.choice("+-"), (5, 5), ASKS) if rng.random() < 0.5 else story(draw, 2, 2)
        false = asked.wrong(rng)
        answers = [false] * wrong + [asked.answer] * (3 - wrong)
        rng.shuffle(answers)
        text = RECONSIDER.format(task=asked.text, answers=", ".join(answers))
        return sample("-".join(re.findall(r"\d+", text)), text, asked.answer, f"{wrong}-wrong")

    for wrong in (1, 2, 3):
        yield from new(8, partial(ask, wrong), "{input}")


def judged(rng: random.Random) -> Iterator[Row]:
    for operator, digits, count in (("+", (4, 4), 6), ("-", (3, 3), 6), ("-", (4, 4), 4), ("*", (3, 1), 4)):
        yield from sums(rng, operator, digits, count, prompt="Compute {input}.")


FILES: dict[str, Callable[[random.Random], Iterator[Row]]] = {
    "sums.jsonl": bare_sums,
    "products.jsonl": products,
    "shopping.jsonl": shopping,
    "sums_at_once.jsonl": sums_at_once,
    "sums_written.jsonl": sums_written,
    "word_problems.jsonl": word_problems,
    "plans.jsonl": plans,
    "compare.csv": compare,
    "sorting.jsonl": sorting,
    "formatting.jsonl": formatting,
    "judging_pairs.jsonl": judging_pairs,
    "judging_answers.jsonl": judging_answers,
    "majority.json": majority,
    "json_answers.jsonl": json_answers,
    "bullet_lists.jsonl": bullet_lists,
    "chains.jsonl": chains,
    "errands.jsonl": errands,
    "long_sums.jsonl": long_sums,
    "hard_sums.jsonl": hard_sums,
    "tables.jsonl": tables,
    "pressure.jsonl": pressure,
    "judged.jsonl": judged,
}


def text_of(name: str) -> str:
    """The text of one sample file."""
    stem, suffix = name.split(".")
    rows = list(FILES[name](random.Random(f"nano-1 {stem}")))
    for row in rows:
        if row["id"] in MUST_PASS.get(stem, ()):
            row["must_pass"] = True
    if suffix == "csv":
        sheet = io.StringIO()
        writer = csv.DictWriter(sheet, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return sheet.getvalue()
    if suffix == "json":
        return json.dumps(rows, indent=1) + "\n"
    return "".join(json.dumps(row) + "\n" for row in rows)


def main(folder: Path) -> None:
    for name in FILES:
        (folder / name).write_text(text_of(name), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else EVALS)
