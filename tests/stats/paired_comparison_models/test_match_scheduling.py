"""Elo ratings, round robins, and the choice of the next game."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from pytest_hiddenlayer.stats.paired_comparison_models.bradley_terry import fit
from pytest_hiddenlayer.stats.paired_comparison_models.elo import elo, elo_scale
from pytest_hiddenlayer.stats.paired_comparison_models.match_scheduling import next_pairs, round_robin, schedule
from pytest_hiddenlayer.stats.paired_comparison_models.win_counts import Game

# ---------------------------------------------------------------- Elo


def test_the_elo_scale() -> None:
    """Ten wins to one are 400 points, and the mean is 1000."""
    assert elo_scale(math.log(10) / 2) - elo_scale(-math.log(10) / 2) == pytest.approx(400)
    assert elo_scale(0) == 1000


def test_one_game_by_hand() -> None:
    """A win between equals moves half of k from the loser to the winner."""
    found = elo([("a", "b", 1.0)], k=16)
    assert dict(zip(found.players, found.ratings, strict=True)) == {"a": 1008, "b": 992}
    assert found.order_sd == (0, 0)


def test_two_games_by_hand() -> None:
    """The favourite's second win moves k times (1 - expected score)."""
    second = 16 * (1 - 1 / (1 + 10 ** (-16 / 400)))
    assert elo([("a", "b", 1.0)] * 2, k=16).ratings[0] == pytest.approx(1008 + second)


def test_the_order_alone_spreads_ratings() -> None:
    """Wins and losses in another order give another rating; the mean is seeded and has the spread over orders."""
    games = [("a", "b", 1.0)] * 5 + [("a", "b", 0.0)] * 5
    found = elo(games, k=32, seed=3)
    assert found.order_sd[0] > 1
    assert found.ratings[0] == pytest.approx(1000, abs=5)
    assert found == elo(games, k=32, seed=3)


def test_elo_nears_bradley_terry() -> None:
    """After many games with a small k the mean rating is the Bradley–Terry ability on the Elo scale."""
    games = [("a", "b", 1.0)] * 1500 + [("a", "b", 0.0)] * 500
    assert elo(games, k=4, orders=20).ratings[0] == pytest.approx(elo_scale(fit(games).value("a")), abs=3)


@pytest.mark.parametrize(("k", "orders"), [(0, 1), (math.nan, 1), (16, 0)])
def test_elo_refuses_what_cannot_be(k: float, orders: int) -> None:
    """k and orders above 0 are needed."""
    with pytest.raises(ValueError, match="must be above 0"):
        elo([("a", "b", 1.0)], k=k, orders=orders)


# ---------------------------------------------------------------- round robin


@pytest.mark.parametrize("n", [2, 3, 4, 7, 8])
def test_in_a_round_robin_every_pair_meets_once(n: int) -> None:
    """Every pair meets exactly once, and no player plays twice in a round."""
    names = [f"p{i}" for i in range(n)]
    rounds = round_robin(names)
    assert Counter(frozenset(pair) for one in rounds for pair in one) == Counter(
        map(frozenset, combinations(names, 2))
    )
    for one in rounds:
        players = [name for pair in one for name in pair]
        assert len(set(players)) == len(players)


def test_any_beginning_of_a_schedule_is_balanced() -> None:
    """After any number of games no pair is more than one game ahead; all games come exactly once."""
    pairs = list(combinations("abcd", 2))
    order = schedule({pair: range(5) for pair in pairs}, seed=1)
    assert Counter(order) == Counter((pair, sample) for pair in pairs for sample in range(5))
    for n in range(1, len(order)):
        played = Counter(pair for pair, _ in order[:n])
        assert max(played.values()) - min(played[pair] for pair in pairs) <= 1
    assert order == schedule({pair: range(5) for pair in reversed(pairs)}, seed=1)


def test_pairs_with_fewer_samples_end_earlier() -> None:
    """A pair plays only the samples that it has."""
    order = schedule({("a", "b"): ["x"], ("a", "c"): ["x", "y", "z"]})
    assert Counter(pair for pair, _ in order) == {("a", "b"): 1, ("a", "c"): 3}


# ---------------------------------------------------------------- active selection


def test_seldom_met_equals_come_first() -> None:
    """Among equals, the pair that has not met is next."""
    games = [("a", "b", 0.5)] * 10 + [("b", "c", 0.5)] * 10 + [("a", "d", 0.5)] * 10
    everybody = dict.fromkeys(combinations("abcd", 2), 5)
    assert next_pairs(games, everybody, 1) == [("c", "d")]


def test_foregone_games_come_last() -> None:
    """A pair whose outcome is nearly certain has the least information."""
    games = [("a", "b", 1.0)] * 20 + [("b", "c", 1.0)] * 20 + [("b", "d", 1.0)] * 20
    everybody = dict.fromkeys(combinations("abcd", 2), 1)
    order = next_pairs(games, everybody, 6)
    assert order[0] == ("c", "d")
    assert len(order) == 6


def test_a_batch_does_not_repeat_itself() -> None:
    """Before the first game, a batch of all pairs' size has every pair once, in an order that depends on the seed."""
    everybody = dict.fromkeys(combinations("abcd", 2), 9)
    first = next_pairs([], everybody, 6, seed=4)
    assert sorted(first) == sorted(everybody)
    assert first == next_pairs([], everybody, 6, seed=4)
    assert len({tuple(next_pairs([], everybody, 6, seed=seed)) for seed in range(5)}) > 1


def test_only_open_games_are_chosen() -> None:
    """A pair is chosen as often as it has open games."""
    assert next_pairs([], {("a", "b"): 2, ("a", "c"): 0}, 9) == [("a", "b"), ("a", "b")]
    assert next_pairs([], {}, 9) == []


def tau(strength: list[float], active: bool, seed: int) -> float:
    """Kendall's tau between true and estimated order after 20 games per player, 10 chosen at a time."""
    from scipy.stats import kendalltau

    names = [f"p{i:02d}" for i in range(len(strength))]
    true = dict(zip(names, strength, strict=True))
    pairs = list(combinations(names, 2))
    random = np.random.default_rng(seed)
    games: list[Game] = []
    while len(games) < 20 * len(names):
        some = [pairs[at] for at in random.integers(0, len(pairs), 10)]
        chosen = next_pairs(games, dict.fromkeys(pairs, 1000), 10, seed=seed) if active else some
        games += [(a, b, float(random.random() < 1 / (1 + math.exp(true[b] - true[a])))) for a, b in chosen]
    found = fit(games, prior=1.0)
    return float(kendalltau([found.value(name) for name in names], strength).statistic)


def test_active_selection_ranks_better_than_random_pairs() -> None:
    """With 240 games of 12 players, 16 seeded tournaments, chosen pairs rank better than random ones on average."""
    strengths = [list(np.random.default_rng(900 + seed).normal(0, 3, 12)) for seed in range(16)]
    chosen = [tau(strength, True, seed) for seed, strength in enumerate(strengths)]
    drawn = [tau(strength, False, seed) for seed, strength in enumerate(strengths)]
    print(f"mean tau: active {np.mean(chosen):.3f}, random {np.mean(drawn):.3f}")
    assert np.mean(chosen) > np.mean(drawn) + 0.01
