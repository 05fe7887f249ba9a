"""Bradley–Terry abilities: published values, hand-computed cases, a second library, and cases without estimate."""

from __future__ import annotations

import csv
import json
import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.published_data import FOLDER, needs_data

from pytest_hiddenlayer.stats.paired_comparison_models.bradley_terry import NoFiniteEstimateError, fit, fit_counts
from pytest_hiddenlayer.stats.paired_comparison_models.rank_bootstrap import rank_intervals, ranks
from pytest_hiddenlayer.stats.paired_comparison_models.win_counts import (
    Game,
    find_separation,
    players_of,
    strongly_connected,
    win_counts,
)


def won(a: str, b: str, times: int = 1) -> list[Game]:
    """`a` won against `b` `times` times."""
    return [(a, b, 1.0)] * times


# ---------------------------------------------------------------- published figures


@needs_data("bradley_terry")
def test_citations_between_journals() -> None:
    """The cited journal as winner gives the abilities and standard errors that Agresti and Turner & Firth print."""
    text = (FOLDER / "bradley_terry" / "citations.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(text.splitlines()))
    counts = np.array([[float(value) for value in row[1:]] for row in rows[1:]])
    np.fill_diagonal(counts, 0)  # a journal citing itself is no game
    table = fit_counts(rows[0][1:], counts).relative_to("Biometrika")
    assert table["Biometrika"] == (0.0, 0.0)
    assert table["Comm Statist"] == pytest.approx((-2.9491, 0.1025), abs=1e-4)
    assert table["JASA"] == pytest.approx((-0.4796, 0.0606), abs=1e-4)
    assert table["JRSS-B"] == pytest.approx((0.2690, 0.0708), abs=1e-4)


@needs_data("scorer_cases")
@pytest.mark.parametrize("number", [1, 2])
def test_another_estimators_cases(number: int) -> None:
    """The published maximum likelihood estimates come out to 1e-6."""
    case = json.loads((FOLDER / "scorer_cases" / f"testcase-pairwise-{number}.json").read_text(encoding="utf-8"))
    found = fit([(str(winner), str(loser), 1.0) for winner, loser in case["data"]])
    assert found.players == ("0", "1", "2")
    assert found.values == pytest.approx(case["ml_est"], abs=1e-6)


# ---------------------------------------------------------------- by hand


def test_two_players_by_hand() -> None:
    """Three wins to one are log 3 apart, with the standard error of a log-odds, sqrt(1/3 + 1/1)."""
    found = fit(won("a", "b", 3) + won("b", "a"))
    assert found.difference("a", "b") == pytest.approx((math.log(3), math.sqrt(4 / 3)), abs=1e-9)
    assert found.win_chance("a", "b") == pytest.approx(0.75)
    assert found.values == pytest.approx((math.log(3) / 2, -math.log(3) / 2))
    assert found.stderr("a") == pytest.approx(math.sqrt(4 / 3) / 2)


def test_a_tie_is_half_a_win_for_both() -> None:
    """Two wins, a loss and two ties are three wins to two."""
    games = [*won("a", "b", 2), *won("b", "a"), ("a", "b", 0.5), ("b", "a", 0.5)]
    assert fit(games).difference("a", "b")[0] == pytest.approx(math.log(3 / 2), abs=1e-9)


def test_all_ties_are_equal_abilities() -> None:
    """If every game is a tie, all abilities are 0 and have a standard error."""
    found = fit([("a", "b", 0.5), ("b", "c", 0.5), ("a", "c", 0.5)])
    assert found.values == pytest.approx((0, 0, 0), abs=1e-12)
    assert found.difference("a", "b")[1] == pytest.approx(math.sqrt(8 / 3))  # 4 over 1 direct and 1/2 indirect game


def test_a_chain_adds_up() -> None:
    """If a and c are linked only through b, differences and their variances add."""
    found = fit(won("a", "b", 3) + won("b", "a") + won("b", "c", 3) + won("c", "b"))
    assert found.difference("a", "c") == pytest.approx((2 * math.log(3), math.sqrt(8 / 3)), abs=1e-8)


def test_a_prior_of_one_pseudo_game_by_hand() -> None:
    """One pseudo-game, half won, makes three wins to none 3.5 to 0.5."""
    found = fit(won("a", "b", 3), prior=1.0)
    assert found.difference("a", "b") == pytest.approx((math.log(7), math.sqrt(1 / 3.5 + 2)), abs=1e-9)
    assert (found.n_games, found.prior) == (3, 1.0)


# ---------------------------------------------------------------- known properties

NAMES = "abcde"
pairs = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1])
games_of_any_kind = st.lists(
    st.tuples(pairs, st.sampled_from((0.0, 0.5, 1.0))).map(lambda row: (*row[0], row[1])), min_size=1, max_size=40
)


@given(games_of_any_kind)
@settings(max_examples=150)
def test_an_estimate_is_finite_or_its_separation_is_named(games: list[Game]) -> None:
    """Any games give either abilities whose expected wins equal the wins, or an error that names the groups."""
    players = players_of(games)
    counts = win_counts(games, players)
    if not strongly_connected(counts):
        with pytest.raises(NoFiniteEstimateError) as caught:
            fit(games)
        assert any(name in str(caught.value) for name in players)
        found = fit(games, prior=1.0)
        assert all(map(math.isfinite, (*found.values, *(found.stderr(name) for name in players))))
        return
    found = fit(games)
    assert sum(found.values) == pytest.approx(0, abs=1e-9)
    for i, name in enumerate(players):
        played = {other: counts[i, j] + counts[j, i] for j, other in enumerate(players) if other != name}
        expected = sum(n * found.win_chance(name, other) for other, n in played.items())
        assert counts[i].sum() == pytest.approx(expected, abs=1e-6)


@given(games_of_any_kind, st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_order_and_sides_do_not_matter(games: list[Game], random: object) -> None:
    """Shuffled games, with first and second swapped, give the same abilities."""
    turned = [(b, a, 1 - score) for a, b, score in games]
    random.shuffle(turned)
    assert fit(turned, prior=0.5).values == pytest.approx(fit(games, prior=0.5).values, abs=1e-8)


def test_logistic_regression_agrees() -> None:
    """statsmodels' binomial regression on +1 for one and -1 for the other gives the same table."""
    import statsmodels.api as sm

    random = np.random.default_rng(7)
    strength = dict(zip(NAMES, (0, 0.4, -0.3, 1.2, -0.9), strict=True))
    games = []
    for a, b in list(combinations(NAMES, 2)) * 12:
        chance = 1 / (1 + math.exp(strength[b] - strength[a]))
        games.append((a, b, float(random.choice((0.0, 0.5, 1.0), p=(0.8 * (1 - chance), 0.2, 0.8 * chance)))))
    design = np.zeros((len(games), len(NAMES)))
    for row, (a, b, _) in enumerate(games):
        design[row, NAMES.index(a)], design[row, NAMES.index(b)] = 1, -1
    theirs = sm.GLM([score for *_, score in games], design[:, 1:], family=sm.families.Binomial()).fit()
    ours = fit(games).relative_to("a")
    assert [ours[name][0] for name in NAMES[1:]] == pytest.approx(theirs.params, abs=1e-6)
    assert [ours[name][1] for name in NAMES[1:]] == pytest.approx(theirs.bse, abs=1e-6)


# ---------------------------------------------------------------- what has no estimate


@pytest.mark.parametrize(
    ("games", "said"),
    [
        (won("a", "b"), "a won every game; b lost every game"),
        (won("a", "b") + won("b", "a") + won("c", "d") + won("d", "c"), "no game links the groups {a, b} and {c, d}"),
        (
            won("a", "b") + won("b", "a") + won("a", "c") + won("b", "d") + [("c", "d", 0.5)],
            "{a, b} won every game against the others; {c, d} lost every game against the others",
        ),
    ],
)
def test_no_finite_estimate_names_the_groups(games: list[Game], said: str) -> None:
    """Players without loss, players without win and groups that never met are named, with what to do."""
    with pytest.raises(NoFiniteEstimateError, match="Add games, or regularise with `prior`") as caught:
        fit(games)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("games", "said"),
    [
        ([], "no game"),
        ([("a", "a", 1.0)], "'a' plays against itself"),
        ([("a", "b", math.nan)], "score nan"),
        ([("a", "b", 0.7)], "score 0.7"),
    ],
)
def test_games_that_are_none(games: list[Game], said: str) -> None:
    """No game, a player against itself and an invalid score raise an error of one sentence."""
    with pytest.raises(ValueError, match=said):
        fit(games)


def test_a_duplicated_game_is_refused() -> None:
    """A repeated game id raises an error that names it."""
    with pytest.raises(ValueError, match="game 1 is a duplicate of game 0: 's1/a/b'"):
        fit([("a", "b", 1.0), ("b", "a", 0.0)], ids=["s1/a/b", "s1/a/b"])


def test_counts_of_one_player_and_of_nan() -> None:
    """One player, and counts that are not finite, raise an error of one sentence."""
    with pytest.raises(ValueError, match="1 player: at least two"):
        fit_counts(["a"], np.zeros((1, 1)))
    with pytest.raises(ValueError, match="finite"):
        fit_counts(["a", "b"], np.array([[0, math.nan], [1, 0]]))
    with pytest.raises(ValueError, match="diagonal"):
        fit_counts(["a", "b"], np.array([[4.0, 1], [1, 0]]))


def test_a_prior_below_zero_and_an_unknown_player() -> None:
    """A negative prior and an unknown player raise an error that names them."""
    with pytest.raises(ValueError, match="prior=-1"):
        fit(won("a", "b"), prior=-1)
    with pytest.raises(ValueError, match="no player 'z'; the players are a, b"):
        fit(won("a", "b") + won("b", "a")).value("z")


def test_fast_connectivity_is_fords_condition() -> None:
    """The batched reachability agrees with the graph library on random tournaments."""
    random = np.random.default_rng(3)
    counts = (random.random((300, 6, 6)) < 0.25) * (1.0 - np.eye(6))
    theirs = [find_separation(NAMES + "f", one) is None for one in counts]
    assert strongly_connected(counts).tolist() == theirs
    assert 0 < sum(theirs) < 300


# ---------------------------------------------------------------- resampling


def tournament(strength: dict[str, float], samples: int, seed: int, repeats: int = 1) -> tuple[list[Game], list[str]]:
    """(games, samples): every pair on every sample, each verdict repeated."""
    random = np.random.default_rng(seed)
    games, clusters = [], []
    for sample in range(samples):
        for a, b in combinations(strength, 2):
            score = float(random.random() < 1 / (1 + math.exp(strength[b] - strength[a])))
            games += [(a, b, score)] * repeats
            clusters += [f"s{sample}"] * repeats
    return games, clusters


def test_the_same_seed_gives_the_same_intervals() -> None:
    """Intervals depend on the seed only, and contain the estimate."""
    games, clusters = tournament({"a": 0, "b": 0.5, "c": 1}, 40, seed=1)
    one, again, other = (rank_intervals(games, clusters, seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert one != other
    assert one is not None
    assert one.method == "bootstrap"
    for value, (low, high) in zip(fit(games).values, one.abilities, strict=True):
        assert low < value < high


def test_repeated_verdicts_on_a_sample_are_one_cluster() -> None:
    """Each game three times with the same outcome narrows the intervals only without clusters."""
    strength = {"a": 0.0, "b": 0.4, "c": 0.8}
    once, names = tournament(strength, 60, seed=2)
    thrice, threefold = tournament(strength, 60, seed=2, repeats=3)

    def width(games: list[Game], clusters: list[str] | None) -> float:
        found = rank_intervals(games, clusters, seed=0)
        assert found is not None
        return found.abilities[0][1] - found.abilities[0][0]

    assert width(thrice, threefold) == pytest.approx(width(once, names), rel=1e-6)
    assert width(thrice, None) < 0.7 * width(once, names)


def test_a_single_cluster_has_no_interval() -> None:
    """If all games are on one sample, there is no interval."""
    assert rank_intervals(won("a", "b") + won("b", "a"), ["s", "s"]) is None


def test_what_never_happened_is_not_certain() -> None:
    """Three wins of three, and nothing but ties, have intervals with a width, by the normal approximation."""
    unbeaten = rank_intervals(won("a", "b", 3), prior=1.0)
    tied = rank_intervals([("a", "b", 0.5)] * 9)
    for found in (unbeaten, tied):
        assert found is not None
        assert found.method == "normal"
        assert found.abilities[0][0] < 0 < found.abilities[0][1]
        assert found.ranks == ((1, 2), (1, 2))


def test_ranks_of_equals_are_shared() -> None:
    """Equal abilities share the better rank."""
    assert ranks([0.2, 1.0, 0.2, -1.0]) == [2, 1, 2, 4]


@pytest.mark.slow
@pytest.mark.parametrize(("samples", "strength"), [(20, (0, 0.5, 1, 2)), (60, (0, 0.3, 0.6, 1.5))])
def test_intervals_cover(samples: int, strength: tuple[float, ...]) -> None:
    """95 % intervals contain the true centred ability in 92.5 to 97.5 % of 4 × 300 cases, ranks in at least 95 %."""
    true = np.array(strength) - np.mean(strength)
    named = dict(zip("abcd", map(float, strength), strict=True))
    inside = ranked = 0
    for seed in range(300):
        games, clusters = tournament(named, samples, seed)
        finite = strongly_connected(win_counts(games, "abcd"))
        found = rank_intervals(games, clusters, prior=0.0 if finite else 1.0, draws=400, seed=seed)
        assert found is not None
        inside += sum(low <= value <= high for value, (low, high) in zip(true, found.abilities, strict=True))
        ranked += sum(low <= 4 - at <= high for at, (low, high) in enumerate(found.ranks))
    assert 0.925 <= inside / 1200 <= 0.975
    assert ranked / 1200 >= 0.95
