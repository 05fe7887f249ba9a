"""Figures of rankings of models and of orders of games, as this version computes them.

Other tests check them against published tables; these notice what those leave open, with the sentences of errors.
`PYTHONPATH=.:tests python THIS_FILE` writes the file again; say in the changelog what changed and why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.pinned import Part, deviations, plain, write

from pytest_hiddenlayer.stats.paired_comparison_models import (
    bradley_terry,
    elo,
    match_scheduling,
    rank_bootstrap,
    win_counts,
)

FILE = Path(__file__).with_name("pinned_rankings.json")
Cases = Iterator[tuple[str, Callable[[], Any]]]


def games(n: int, players: str, step: int = 3) -> list[win_counts.Game]:
    """n games in a pattern, with ties, in which earlier players win more often."""
    made: list[win_counts.Game] = []
    for at in range(n):
        a = players[at % len(players)]
        b = players[(at + 1 + at // len(players) % (len(players) - 1)) % len(players)]
        score = 0.5 if at % 7 == 0 else float((at * step + at * at // 4) % 5 > (1 if a < b else 3))
        made.append((a, b, score))
    return made


TOURNAMENTS = {
    "two": games(9, "ab"), "three": games(24, "abc"), "five": games(60, "abcde", 7), "few": games(11, "abcd", 2),
}  # fmt: skip
UNBEATEN = [("a", "b", 1.0), ("a", "c", 1.0), ("b", "c", 1.0), ("c", "b", 1.0), ("b", "c", 0.5), ("a", "b", 1.0)]
APART = [("a", "b", 1.0), ("b", "a", 1.0), ("c", "d", 0.5), ("e", "f", 1.0)]


def fits() -> Cases:
    """Abilities, their errors, and why there are none."""
    for name, played in TOURNAMENTS.items():
        for prior in (0.0, 1.0, 2.5):
            yield f"fit, {name}, {prior}", lambda g=played, p=prior: bradley_terry.fit(g, prior=p)
        fitted = bradley_terry.fit(played, prior=0.5)
        yield f"fit, {name}, relative", lambda f=fitted: f.relative_to("b")
        yield f"fit, {name}, chances", lambda f=fitted: [f.win_chance("a", "b"), f.win_chance("b", "a")]
        yield f"fit, {name}, errors", lambda f=fitted: [f.stderr(p) for p in f.players] + [f.value("b")]
        yield f"fit, {name}, unknown", lambda f=fitted: f.value("z")
    for n in (3.0, 400.0, 1e6):
        counts = np.array([[0, n, 2.0], [1.0, 0, n], [0.5, 1.0, 0]])
        yield f"fit, uneven, {n:g}", lambda c=counts: bradley_terry.fit_counts("abc", c)
    for name, played in (("unbeaten", UNBEATEN), ("apart", APART), ("one game", [("a", "b", 1.0)])):
        yield f"fit, {name}", lambda g=played: bradley_terry.fit(g)
        yield f"fit, {name}, regularised", lambda g=played: bradley_terry.fit(g, prior=1.0)
    wrong: dict[str, Callable[[], Any]] = {
        "no games": lambda: bradley_terry.fit([]),
        "itself": lambda: bradley_terry.fit([("a", "b", 1.0), ("c", "c", 1.0)]),
        "score": lambda: bradley_terry.fit([("a", "b", 0.7)]),
        "text": lambda: bradley_terry.fit([("a", "b", "1")]),  # type: ignore[list-item]
        "nan": lambda: bradley_terry.fit([("a", "b", math.nan)]),
        "ids": lambda: bradley_terry.fit(UNBEATEN, ids=["x"]),
        "repeated id": lambda: bradley_terry.fit(UNBEATEN, ids=["p", "q", "r", "q", "s", "t"], prior=1.0),
        "own ids": lambda: bradley_terry.fit(UNBEATEN, ids=list("pqrstu"), prior=1.0).n_games,
        "negative prior": lambda: bradley_terry.fit(UNBEATEN, prior=-0.5),
        "endless prior": lambda: bradley_terry.fit(UNBEATEN, prior=math.inf),
        "one player": lambda: bradley_terry.fit_counts("a", np.zeros((1, 1))),
        "no player": lambda: bradley_terry.fit_counts("", np.zeros((0, 0))),
        "twice": lambda: bradley_terry.fit_counts("aa", np.ones((2, 2))),
        "shape": lambda: bradley_terry.fit_counts("abc", np.ones((2, 3))),
        "negative": lambda: bradley_terry.fit_counts("ab", np.array([[0, -1.0], [1, 0]])),
        "diagonal": lambda: bradley_terry.fit_counts("ab", np.array([[1.0, 1], [1, 0]])),
        "nothing": lambda: bradley_terry.fit_counts("ab", np.zeros((2, 2))),
    }
    for name, case in wrong.items():
        yield f"fit, wrong, {name}", case


def ranks() -> Cases:
    """Intervals of ranks and abilities, Elo ratings."""
    for name, played in TOURNAMENTS.items():
        for of in (None, [at // 3 for at in range(len(played))]):
            for prior in (0.0, 0.5):
                yield (
                    f"ranks, {name}, {'games' if of is None else 'clusters'}, {prior}",
                    lambda g=played, c=of, p=prior: rank_bootstrap.rank_intervals(g, c, prior=p, draws=150, seed=3),
                )
        yield f"ranks, {name}, default", lambda g=played: rank_bootstrap.rank_intervals(g)
        for settings in ({}, {"k": 32.0, "orders": 9, "seed": 2}, {"orders": 1}, {"k": 0.5, "orders": 2}):
            yield f"elo, {name}, {settings}", lambda g=played, s=settings: elo.elo(g, **s)
    yield "ranks, prior only", lambda: without_ranks(rank_bootstrap.rank_intervals(UNBEATEN, prior=1.0, draws=50))
    of_few = [0, 0, 0, 1, 1, 2]
    yield "ranks, few", lambda: without_ranks(rank_bootstrap.rank_intervals(UNBEATEN, of_few, prior=1.0, draws=50))
    for name in ("two", "three"):
        of = [at % 2 for at in range(len(TOURNAMENTS[name]))]
        yield (
            f"ranks, {name}, halves",
            lambda g=TOURNAMENTS[name], c=of: rank_bootstrap.rank_intervals(g, c, draws=99),
        )
    yield "ranks, one cluster", lambda: rank_bootstrap.rank_intervals(UNBEATEN, [0] * 6, prior=1.0)
    yield "ranks, wrong", lambda: rank_bootstrap.rank_intervals(UNBEATEN, [0] * 5, prior=1.0)
    yield "ranks, equal", lambda: rank_bootstrap.ranks([0.5, 1.0, 0.5 + 1e-7, -2.0, 1.0 - 1e-5])
    yield "elo, scale", lambda: [elo.elo_scale(value) for value in (-1.0, 0.0, 0.3)]
    for k, orders in ((0.0, 5), (-1.0, 5), (math.inf, 5), (16.0, 0)):
        yield f"elo, wrong, {k}, {orders}", lambda k=k, n=orders: elo.elo(UNBEATEN, k=k, orders=n)
    yield "elo, no games", lambda: elo.elo([])


def without_ranks(intervals: Any) -> Any:
    """The figures that do not depend on how a computer orders eigenvectors."""
    return {name: value for name, value in plain(intervals).items() if name != "ranks"}


def orders() -> Cases:
    """Which games are played next."""
    for n in range(1, 7):
        yield f"order, rounds, {n}", lambda n=n: match_scheduling.round_robin("abcdef"[:n])
    shared = {("a", "b"): [1, 2, 3, 4], ("c", "a"): [2, 3], ("b", "c"): [5], ("d", "a"): [1, 2, 6]}
    for seed in (0, 5):
        yield f"order, schedule, {seed}", lambda s=seed: match_scheduling.schedule(shared, seed=s)
        for name, played in TOURNAMENTS.items():
            still = {("a", "b"): 2, ("c", "a"): 3, ("b", "c"): 0, ("b", "d"): 1, ("d", "c"): 4}
            for n in (1, 4, 40):
                yield (
                    f"order, next, {name}, {n}, {seed}",
                    lambda g=played, n=n, s=seed, o=still: match_scheduling.next_pairs(g, o, n, seed=s),
                )
    yield "order, none", lambda: match_scheduling.next_pairs(UNBEATEN, {("a", "b"): 0}, 3)
    yield "order, empty", lambda: match_scheduling.schedule({})


PARTS = (fits, ranks, orders)


@pytest.mark.parametrize("part", PARTS)
def test_rankings_give_what_the_file_says(part: Part) -> None:
    """Every figure and every sentence of an error of this part is the pinned one, figures to seven digits."""
    assert deviations(FILE, part) == []


if __name__ == "__main__":
    write(FILE, PARTS)
