"""Reads what agents and rankers of `dylan` reply: ratings, rankings, a consensus."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_NUMBERS = r"\d{1,9}(?:[ \t]{0,4}[,;/ ][ \t]{0,4}\d{1,9}){0,999}"
_SCORES = re.compile(
    rf"[ \t*_#>\-]{{0,8}}(?:\b(?:scores?|ratings?)\b[\s*_]{{0,8}}[:=][\s*_]{{0,8}}\[{{0,2}}|\[\[)"
    rf"(?P<values>{_NUMBERS})\]{{0,2}}[ \t.*_]{{0,8}}",
    re.IGNORECASE,
)


def consensus(answers: Sequence[str | None], n_agents: int) -> str | None:
    """Returns the answer that more than floor(2/3 · n_agents) of the answers give; None if there is none."""
    counts = Counter(answer for answer in answers if answer is not None).most_common(1)
    return counts[0][0] if counts and counts[0][1] >= needed_votes(n_agents) else None


def needed_votes(n_agents: int) -> int:
    """Returns how many equal answers are a consensus of this many agents."""
    return 2 * n_agents // 3 + 1


def read_ratings(text: str, n_solutions: int) -> tuple[list[int] | None, tuple[int, int]]:
    """Returns the ratings from 1 to 5 in a reply, and the characters that state them.

    The first statement with as many numbers as solutions counts; None if there is no such one, or a number is
    outside the scale.
    """
    for match in _SCORES.finditer(text):
        values = [int(value) for value in re.findall(r"\d+", match["values"])]
        if len(values) == n_solutions:
            return (values if all(1 <= value <= 5 for value in values) else None), match.span()
    return None, (0, 0)


def read_ranking(text: str, n_solutions: int, n_best: int) -> list[int] | None:
    """Returns the numbers of the best solutions, from 1; None unless the reply names exactly `n_best` of them.

    Only the numbers after the last `best` count, if there are any.
    """
    after = re.split(r"\bbest\b(?!\s+solutions?\s+(?:is|are)\b)", text, flags=re.IGNORECASE)[-1]
    tail = after if re.search(r"\d", after) else text
    numbers = list(dict.fromkeys(int(value) for value in re.findall(r"\d{1,9}", tail)))
    return numbers if len(numbers) == n_best and all(1 <= n <= n_solutions for n in numbers) else None
