"""Comparing and sorting numbers, counting votes and reading tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..sampling import Draw
from ..words import NAMES, WORDS
from . import Chat
from .asking import WRITTEN

COMPARISONS = (
    "Is {a} {w} than {b}? Answer yes or no.",
    "Is {a} {w} than {b}? Answer yes or no.",
    "Is {a} {w} than {b}? Yes or no?",
    "Is {a} {w} than {b}?",
    "{a} is {w} than {b}. Yes or no?",
    "Answer yes or no: is {a} {w} than {b}?",
    "Is it true that {a} is {w} than {b}? Answer yes or no.",
)
NEW_COMPARISONS = ("Would you say that {a} is {w} than {b}? Answer yes or no.", "Yes or no: {a} is {w} than {b}.")
PICKS = (
    "Which is {w}, {a} or {b}?",
    "Which number is {w}: {a} or {b}?",
    "Name the {w} number: {a}, {b}.",
    "{a} or {b}: which one is {w}?",
)
MORE, LESS = ("greater", "larger", "bigger", "more"), ("less", "smaller")
SORTS = (
    "Sort {l} in {o} order.",
    "Sort {l} in {o} order.",
    "Sort these numbers in {o} order: {l}",
    "Put {l} in {o} order.",
    "Arrange {l} in {o} order.",
    "Write {l} in {o} order.",
    "Order these numbers, {o}: {l}.",
)
NEW_SORTS = ("Bring {l} into {o} order.", "List these numbers again in {o} order: {l}")
UP = ("Sort {l} from smallest to largest.", "Order {l} from low to high.", "Sort {l}.")
DOWN = ("Sort {l} from largest to smallest.", "Order {l} from high to low.")
VOTES = (
    "Answers: {l}.\nWhich answer is most common?",
    "Answers: {l}.\nWhich answer is most common?",
    "Answers: {l}\nWhich one occurs most often?",
    "Which of these answers is the most common: {l}?",
    "These answers were given: {l}. Name the most frequent one.",
    "Votes: {l}.\nWho wins?",
    "{l}\nWhich of these is the majority's answer?",
    "Agents said: {l}.\nWhat did most of them say?",
)
NEW_VOTES = (
    "Here are some answers: {l}. Which of them was given by the most?",
    "Find the answer with most votes: {l}.",
)


def number_pair(draw: Draw, digits: int = 0, near: bool | None = None) -> tuple[int, int]:
    """Return two different numbers; near numbers differ by 1 to 10 or in one digit."""

    def make() -> tuple[int, int]:
        while True:
            size = digits or draw.rng.choice((1, 2, 2, 2, 3, 3, 3, 4, 4, 5))
            a, b = draw.number(size), draw.number(size if digits else max(1, size + draw.rng.choice((0, 0, -1))))
            if draw.chance(0.5) if near is None else near:
                b = abs(a + draw.rng.choice((-1, 1)) * draw.rng.choice((1, 2, 10, 10 ** draw.rng.randrange(size))))
            if a != b:
                return (a, b) if draw.chance(0.5) else (b, a)

    return draw.problem(make, lambda pair: (comparison_key(*pair),))


def comparison_key(a: int, b: int) -> str | None:
    """Return the key of two numbers, or None for two digits, which every other family compares too."""
    return None if max(a, b) <= 9 else f"compare {min(a, b)} {max(a, b)}"


def compare(draw: Draw, digits: int = 0, near: bool | None = None) -> Chat:
    """Is 49 less than 48?"""
    a, b = number_pair(draw, digits, near)
    size = f"{max(len(str(a)), len(str(b)))} digits"
    # In equal shares, `greater` and `less` cancel out, and nothing is learnt for a long time.
    more = draw.chance(0.5 if draw.held_out else 0.6)
    word = draw.rng.choice(MORE if more else LESS)
    if draw.chance(0.25) and not draw.paraphrase:
        word = draw.rng.choice(("larger", "greater", "bigger")) if more else "smaller"
        prompt = draw.rng.choice(PICKS).format(w=word, a=a, b=b)
        return Chat(prompt=prompt, answer=str(max(a, b) if more else min(a, b)), kind=size)
    prompt = draw.wording(COMPARISONS, NEW_COMPARISONS).format(w=word, a=a, b=b)
    return Chat(prompt=prompt, answer="yes" if (a > b) == more else "no", kind=size)


def sort(draw: Draw, length: int = 0, digits: int = 0) -> Chat:
    """Sort 49, 65, 43 in ascending order."""

    def make() -> list[int]:
        top = 10 ** (digits or draw.rng.choice((2, 2, 2, 3))) - 1
        return [draw.rng.randint(0, top) for _ in range(length or draw.rng.choice((3, 3, 4, 4, 5, 5, 6, 6, 7, 8)))]

    numbers = draw.problem(make, lambda made: (sorting_key(made),))
    down = draw.chance(0.4)
    shown = ", ".join(map(str, numbers))
    order = "descending" if down else "ascending"
    if draw.chance(0.2) and not draw.paraphrase:
        prompt = draw.rng.choice(DOWN if down else UP).format(l=shown)
    else:
        prompt = draw.wording(SORTS, NEW_SORTS).format(l=shown, o=order)
    answer = ", ".join(map(str, sorted(numbers, reverse=down)))
    return Chat(prompt=prompt, answer=answer, kind=f"{len(numbers)} numbers")


def sorting_key(numbers: Sequence[int]) -> str:
    """Return the key of a list of numbers, independent of their order."""
    return f"sort {' '.join(map(str, sorted(numbers)))}"


def votes(draw: Draw, different: int = 0) -> Chat:
    """Which of the listed answers is the most common? There is always exactly one."""

    def make() -> tuple[str, ...]:
        values = _ballot(draw, different or draw.rng.choice((1, 2, 2, 2, 3, 3, 3, 4)))
        most = draw.rng.randint(2, 5)
        given = [values[0]] * most + [v for v in values[1:] for _ in range(draw.rng.randint(1, most - 1))]
        draw.rng.shuffle(given)
        return tuple(given)

    given = draw.problem(make, lambda made: (votes_key(made),))
    counts = Counter(given)
    winner = counts.most_common(1)[0][0]
    prompt = draw.wording(VOTES, NEW_VOTES).format(l=", ".join(given))
    kind = f"{len(counts)} answers"
    if draw.chance(0.2) and not draw.paraphrase:
        working = ", ".join(f"{answer}: {count}" for answer, count in counts.items())
        return Chat(prompt=f"{prompt} Think step by step.", answer=f"{working}. Answer: {winner}", kind=kind)
    return Chat(prompt=prompt, answer=winner, kind=kind)


def _ballot(draw: Draw, different: int) -> list[str]:
    if draw.chance(0.25):
        return draw.rng.sample(
            draw.rng.choice((WORDS, NAMES, ["yes", "no", "maybe", "none", "both"], list("ABCDE"))), different
        )
    first = draw.rng.randint(0, 10 ** draw.rng.randint(1, 4) - 1)
    near = [first + step for step in (1, -1, 10, -10, 100, 2, -2) if first + step >= 0]
    far = [draw.rng.randint(10, 999) for _ in range(20)]
    pool = [value for value in dict.fromkeys(near if draw.chance(0.4) else far) if value != first]
    return [str(first), *map(str, draw.rng.sample(pool, different - 1))]


def votes_key(given: Sequence[str]) -> str:
    """Return the key of a list of answers, independent of their order."""
    return f"vote {' '.join(sorted(given))}"


CITIES = ("Rome", "Paris", "Oslo", "Lima", "Cairo", "Berlin", "Tokyo", "Delhi", "Athens", "Madrid")
TABLE_QUESTIONS = {
    "age": ("How old is {n}?", "What is the age of {n}?", "{n}'s age?"),
    "city": ("Where does {n} live?", "In which city does {n} live?", "Which city is {n} from?"),
    "score": ("What is the score of {n}?", "Which score does {n} have?", "How many points does {n} have?"),
    "who": ("Who is {a} years old?", "Whose age is {a}?"),
    "oldest": ("Who is the oldest?", "Which person is oldest?"),
}
Row = tuple[str, str, str, str]


def tables(draw: Draw, rows: int = 0) -> Chat:
    """Read a table: a cell, the row with a given value, or the row with the maximum."""

    def make() -> tuple[list[Row], str, int, str]:
        count = rows or draw.rng.randint(2, 8)
        names = draw.rng.sample(NAMES, count)
        ages, scores = draw.rng.sample(range(10, 99), count), draw.rng.sample(range(10, 1000), count)
        made = [(n, str(a), draw.rng.choice(CITIES), str(s)) for n, a, s in zip(names, ages, scores, strict=True)]
        shape = draw.rng.choice(("pipes", "commas", "lines", "sentences"))
        return made, shape, draw.rng.randrange(count), draw.rng.choice(("age", "city", "score", "who", "oldest"))

    table, shape, row, asked = draw.problem(make, lambda made: (table_key(made[0], made[3]),))
    question, answer = _asked(draw, table, row, asked)
    shown = _SHAPES[shape](table)
    prompt = f"{shown}\n{question}" if draw.chance(0.8) else f"{question}\n{shown}"
    kind = f"{len(table)} rows"
    if draw.chance(0.5) and not draw.held_out:
        cells = next(cells for cells in table if cells[0] == answer) if asked == "oldest" else table[row]
        working = f"{' | '.join(cells)}. Answer: {answer}"
        return Chat(prompt=f"{prompt} {draw.wording(WRITTEN)}", answer=working, kind=kind)
    return Chat(prompt=prompt, answer=answer, kind=kind)


def table_key(table: Sequence[Sequence[str]], asked: str) -> str:
    """Return the key of a table question: its kind and all cells."""
    return f"table {asked} {' '.join(' '.join(row) for row in table)}"


def _asked(draw: Draw, table: list[Row], row: int, asked: str) -> tuple[str, str]:
    name, age, city, score = table[row]
    oldest = max(table, key=lambda cells: int(cells[1]))[0]
    answers = {"age": age, "city": city, "score": score, "who": name, "oldest": oldest}
    return draw.rng.choice(TABLE_QUESTIONS[asked]).format(n=name, a=age), answers[asked]


def _pipes(table: Sequence[Row]) -> str:
    return "\n".join(["name | age | city | score", *(" | ".join(row) for row in table)])


def _commas(table: Sequence[Row]) -> str:
    return "\n".join(["name,age,city,score", *(",".join(row) for row in table)])


def _lines(table: Sequence[Row]) -> str:
    return "\n".join(f"{n}: age {a}, city {c}, score {s}" for n, a, c, s in table)


def _sentences(table: Sequence[Row]) -> str:
    return " ".join(f"{n} is {a}, lives in {c} and has {s} points." for n, a, c, s in table)


_SHAPES = {"pipes": _pipes, "commas": _commas, "lines": _lines, "sentences": _sentences}
