"""Rows of the sample files of evals/: new problems that no training text may contain."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from .holdout import could_be_trained, is_step
from .nano.reading import keys_in
from .nano.split import is_held_out

Row = dict[str, Any]

SIGNS = {"+": "plus", "-": "minus", "*": "times"}


def new(count: int, draw: Callable[[], Row], prompt: str) -> Iterator[Row]:
    """Yield `count` different problems from `draw` that no training text may contain; 3*4 equals 4*3."""
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
    raise ValueError(f"{count} new problems are needed, but only {len(taken)} exist; widen the range of {prompt!r}")


def is_new(prompt: str) -> bool:
    """Return whether neither model has read the prompt: no wording of nano-1's and no problem of nano-2's."""
    return not could_be_trained(prompt) and all(map(is_held_out, keys_in(prompt)))


def sample(id: str, text: str, target: Any, kind: str, **more: Any) -> Row:
    return {"id": id, "input": text, "target": target, "kind": kind, **more}


def number(rng: random.Random, digits: int) -> int:
    return rng.randint(10 ** (digits - 1), 10**digits - 1)


def expression(rng: random.Random, operator: str, digits: tuple[int, int]) -> tuple[int, int, int]:
    """Return two numbers and the value; in a difference, the first number is the larger one."""
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
    """Yield sums that are not steps of word problems either, except products, which always may be."""

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
