"""How well active selection ranks players, against random pairs and a round robin of as many games.

    python -m simulations.selection [TOURNAMENTS]

Prints the table of docs/tournaments.md: Kendall's tau with the true order, and the paired
difference to active selection with its Monte Carlo standard error.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from itertools import combinations
from statistics import fmean, stdev

import numpy as np
from scipy.special import expit
from scipy.stats import kendalltau

from pytest_hiddenlayer.stats.paired_comparison_models.bradley_terry import fit
from pytest_hiddenlayer.stats.paired_comparison_models.match_scheduling import next_pairs
from pytest_hiddenlayer.stats.paired_comparison_models.win_counts import Game

GAMES_PER_PLAYER = 20
BATCH = 10
CASES = ((6, 1.0), (8, 2.0), (10, 2.0), (12, 3.0))
"""(players, standard deviation of their abilities)."""

Pair = tuple[str, str]
Choose = Callable[[list[Game], list[Pair], np.random.Generator, int], list[Pair]]


def active(games: list[Game], pairs: list[Pair], random: np.random.Generator, seed: int) -> list[Pair]:
    """The next games of active selection."""
    return next_pairs(games, dict.fromkeys(pairs, 1000), BATCH, seed=seed)


def at_random(games: list[Game], pairs: list[Pair], random: np.random.Generator, seed: int) -> list[Pair]:
    """The next games, drawn at random."""
    return [pairs[index] for index in random.integers(0, len(pairs), BATCH)]


def round_robin(games: list[Game], pairs: list[Pair], random: np.random.Generator, seed: int) -> list[Pair]:
    """The next games, each pair as often as every other, in one random order."""
    order = np.random.default_rng(seed).permutation(len(pairs))
    return [pairs[order[(len(games) + index) % len(pairs)]] for index in range(BATCH)]


def tau(abilities: np.ndarray, choose: Choose, seed: int) -> float:
    """Kendall's tau between the true and the estimated order after 20 games per player."""
    names = [f"p{index:02d}" for index in range(len(abilities))]
    true = dict(zip(names, abilities, strict=True))
    pairs = list(combinations(names, 2))
    random = np.random.default_rng(seed)
    games: list[Game] = []
    while len(games) < GAMES_PER_PLAYER * len(names):
        chosen = choose(games, pairs, random, seed)
        games += [(a, b, float(random.random() < expit(true[a] - true[b]))) for a, b in chosen]
    found = fit(games, prior=1.0)
    return float(kendalltau([found.value(name) for name in names], abilities).statistic)


def row(n_players: int, spread: float, tournaments: int) -> str:
    """One row of the table."""
    drawn = [np.random.default_rng(900 + seed).normal(0, spread, n_players) for seed in range(tournaments)]
    taus = {
        choose: [tau(abilities, choose, seed) for seed, abilities in enumerate(drawn)]
        for choose in (active, at_random, round_robin)
    }
    cells = [f"{fmean(taus[active]):.3f}"]
    for choose in (at_random, round_robin):
        lead = [a - b for a, b in zip(taus[active], taus[choose], strict=True)]
        error = stdev(lead) / math.sqrt(len(lead))
        cells.append(f"{fmean(taus[choose]):.3f} ({-fmean(lead):+.3f} ± {error:.3f})")
    return f"| {n_players}, sd {spread:g} | {GAMES_PER_PLAYER * n_players} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    tournaments = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print("| players, spread of abilities (sd) | games | active | random pairs | round robin |")
    print("| --- | --- | --- | --- | --- |")
    for n_players, spread in CASES:
        print(row(n_players, spread, tournaments), flush=True)


if __name__ == "__main__":
    main()
