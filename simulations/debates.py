"""Error rates and power of the test for drift over the rounds of a debate, and coverage of intervals of debates.

Under the null hypothesis a debate is a martingale: in each round every agent takes over the answer
of an agent of the round before, chosen at random, so that the expected share of right answers
stays. Debates stop when all agents agree, as strategies do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from pytest_hiddenlayer.analysis.debates.drift import Drift, drift
from pytest_hiddenlayer.analysis.debates.gain import gain_of
from pytest_hiddenlayer.analysis.debates.turns import Debate, Turn

from .answers import Chances, beta, constant, names_of
from .check import Check
from .intervals import contains, coverage

ROUNDS, AGENTS, RUNS = 4, 5, 500
SECTION = "drift of a debate"
VOTING_SHARE = (9 / 14 - 3 / 5) / (9 / 14 + 5 / 14 / 4 - 3 / 5)
"""One answer is right with chance 3/5, a majority of five with 9/14 (beta-binomial), `_judged`'s judge with that
and a quarter of the rest."""


def checks() -> Iterator[Check]:
    """All checks of debates."""
    yield from _drift()
    for n in (50, 200):
        yield coverage("share of a debate's gain", f"voting explains 32 %, n={n}", _covers_share(n), RUNS)


def _drift() -> Iterator[Check]:
    for case, chances, n, per_group in (
        ("martingale, n=20, p=.5", constant(0.5), 20, 1),
        ("martingale, n=20, p=.9", constant(0.9), 20, 1),
        ("martingale, n=100, p=.9", constant(0.9), 100, 1),
        ("martingale, n=100, beta(2, 1)", beta(2, 1), 100, 1),
        ("martingale, 20 groups of 5, beta(2, 1)", beta(2, 1), 100, 5),
    ):
        yield Check(
            section=SECTION,
            case=case,
            event="rises or falls",
            draw=_drifts(chances, n, per_group),
            high=0.05,
            runs=RUNS,
        )
        yield coverage(SECTION, case, _covers(chances, n, per_group), RUNS)
    yield Check(
        section=SECTION,
        case="n=200, 10 % of right answers lost per round",
        event="falls",
        draw=lambda random: simulated(random, beta(2, 1), 200, lost=0.1).direction == "falls",
        low=0.80,
        runs=RUNS,
    )


def _drifts(chances: Chances, n: int, per_group: int) -> Callable[[np.random.Generator], bool]:
    return lambda random: simulated(random, chances, n, per_group).direction != "no drift shown"


def _covers(chances: Chances, n: int, per_group: int) -> Callable[[np.random.Generator], bool | None]:
    return lambda random: contains(simulated(random, chances, n, per_group).slope.ci95, 0.0)


def _covers_share(n: int) -> Callable[[np.random.Generator], bool | None]:
    """Whether the interval of the share that voting explains contains it; None without a share."""
    return lambda random: contains(gain_of(_judged(random, n), draws=400).share_ci95, VOTING_SHARE)


def _judged(random: np.random.Generator, n: int) -> list[Debate]:
    """Debates of one round whose judge corrects a quarter of the wrong majorities; chances are beta(3, 2)."""
    debates = []
    for at in range(n):
        rights = random.random(AGENTS) < random.beta(3, 2)
        final = rights.sum() > AGENTS / 2 or random.random() < 0.25
        debates.append(_debate_of([rights], f"{at}", f"{at}", bool(final)))
    return debates


def simulated(
    random: np.random.Generator, chances: Chances, n: int, per_group: int = 1, *, lost: float = 0.0
) -> Drift:
    """The drift of n simulated questions, of which `per_group` have one difficulty and are one cluster."""
    drawn = np.repeat(chances(random, n // per_group), per_group)
    groups = names_of([per_group] * (n // per_group))
    found = drift(
        [_debate(random, float(p), f"{at}", groups[at], lost) for at, p in enumerate(drawn)],
        "agents",
    )
    assert found is not None
    return found


def _debate(random: np.random.Generator, p: float, name: str, cluster: str, lost: float) -> Debate:
    """One debate; in each later round a right answer is lost with this chance."""
    rounds = [random.random(AGENTS) < p]
    while len(rounds) < ROUNDS and 0 < rounds[-1].sum() < AGENTS:
        taken = rounds[-1][random.integers(0, AGENTS, AGENTS)]
        rounds.append(taken & (random.random(AGENTS) >= lost))
    return _debate_of(rounds, name, cluster, None)


def _debate_of(rounds: Sequence[np.ndarray], name: str, cluster: str, right: bool | None) -> Debate:
    return Debate(
        sample_id=name,
        epoch=1,
        group=cluster,
        cluster=cluster,
        rounds=tuple(
            tuple(_turn(at, number, bool(one)) for at, one in enumerate(rights))
            for number, rights in enumerate(rounds)
        ),
        numbers=tuple(range(len(rounds))),
        answer=None,
        right=right,
        scored=right is not None,
        verdict=None,
        n_choices=None,
        reads=None,
        sequential=False,
        models={},
        from_texts=False,
    )


def _turn(agent: int, number: int, right: bool) -> Turn:
    return Turn(
        agent=f"agent-{agent + 1}",
        round=number,
        answer="right" if right else "wrong",
        readable=True,
        right=right,
        text=None,
        position=-1,
    )
