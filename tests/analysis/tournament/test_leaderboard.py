"""The leaderboard: abilities, ranks, intervals and statements."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tournaments import game, player, several, states

from pytest_hiddenlayer.analysis.tournament.leaderboard import standings
from pytest_hiddenlayer.analysis.tournament.tournament import TournamentOptions, run_tournament
from pytest_hiddenlayer.errors import UsageError


def test_standings_by_hand() -> None:
    """Three wins to one are log 3 apart, 191 Elo, with wins, ties and losses counted and the rate in the matrix."""
    result = standings(several("x", "y", "aaab" * 10), players=["x", "y"])
    first, second = result.players
    assert (first.player, first.rank, first.wins, first.ties, first.losses, first.games) == ("x", 1, 30, 0, 10, 40)
    assert first.ability - second.ability == pytest.approx(1.098612, abs=1e-6)
    assert first.elo - second.elo == pytest.approx(190.85, abs=0.01)
    assert first.ranks == (1, 1)
    assert first.ci95 is not None
    assert first.ci95[0] < first.ability < first.ci95[1]
    assert (result.matrix[0][1].rate, result.matrix[1][0].rate, result.matrix[0][1].games) == (0.75, 0.25, 40)
    assert result.matrix[0][0].rate is None
    assert (result.prior, result.interval, result.clusters, result.statements) == (0.0, "bootstrap", 40, ())


def test_elo_updates_are_there_when_asked_for() -> None:
    """Elo's sequential updates and their spread are computed only on request."""
    games = several("x", "y", "aaab" * 10)
    plain, asked = (standings(games, players=[], with_elo=wanted).players[0] for wanted in (False, True))
    assert (plain.updates, plain.updates_spread) == (None, None)
    assert asked.updates is not None
    assert asked.updates > 1000
    assert asked.updates_spread


def test_a_player_without_loss_is_named() -> None:
    """No ability is infinite: all are regularised, and the player without a loss is named."""
    result = standings(several("x", "y", "aaaa"), players=["x", "y"])
    assert states(result, "no finite abilities exist: x won every game; y lost every game")
    assert result.prior == 1
    assert result.players[0].ability == pytest.approx(1.0986, abs=1e-4)  # log(4.5 / 0.5) / 2
    assert result.interval == "normal"


def test_a_disconnected_tournament_names_its_groups() -> None:
    """Groups without a game between them are named, and ranks across them are called what they are."""
    result = standings([*several("a", "b", "aab"), *several("c", "d", "abb")], players=list("abcd"))
    assert states(result, "no game links the groups {a, b} and {c, d}")
    assert states(result, "ranks depend on the pseudo-games alone")
    place = {row.player: at for at, row in enumerate(result.players)}
    assert result.matrix[place["a"]][place["c"]].rate is None
    assert result.matrix[place["a"]][place["b"]].games == 3


def test_all_ties_say_so() -> None:
    """If every game is a tie all players share rank 1, with an interval over all ranks."""
    result = standings([*several("a", "b", "ttttt"), *several("b", "c", "ttttt")], players=list("abc"))
    assert [(row.rank, row.ranks) for row in result.players] == [(1, (1, 3))] * 3
    assert states(result, "all 10 games are ties: they do not separate the players")


def test_few_samples_and_one_sample_say_so() -> None:
    """With fewer than 20 samples the intervals are called rough; with one sample there are none."""
    assert states(standings(several("a", "b", "abab"), players=[]), "only 4 samples: the intervals are rough")
    single = standings([game("a", "b", "a"), game("a", "b", "b", key="again")], players=[])
    assert states(single, "all games are on one sample: there is no interval")
    assert (single.players[0].ci95, single.players[0].ranks, single.interval) == (None, None, None)


def test_unreadable_verdicts_are_counted_and_left_out() -> None:
    """An unreadable verdict is not a tie: it is counted and left out, with a reason."""
    result = standings(several("a", "b", "ab??", explanation="no verdict"), players=["a", "b", "idle"])
    assert (result.games, result.unreadable) == (2, 2)
    assert states(result, "2 of 4 verdicts left out, unreadable: no verdict")
    assert states(result, "no game that counts, not ranked: idle")


def test_nothing_readable_is_no_tournament() -> None:
    """If no verdict can be read the error says why, and what to do."""
    with pytest.raises(UsageError, match=r"none of 2 verdicts can be read \(the first: babble\).*another judge"):
        standings(several("a", "b", "??", explanation="babble"), players=[])


names = st.sampled_from("wxyz")
any_games = st.lists(
    st.tuples(names, names, st.sampled_from(("a", "b", "tie", None)), st.integers(0, 3)).filter(
        lambda g: g[0] < g[1]
    ),
    max_size=25,
    unique_by=lambda g: (g[0], g[1], g[3]),
)


@given(any_games)
@settings(max_examples=120)
def test_any_games_have_standings_or_a_reason(rows: list[tuple[str, str, str | None, int]]) -> None:
    """Any games have standings in strict JSON that count every game, or a message why there are none."""
    games = [game(*row) for row in rows]
    counted = [one for one in games if one.winner is not None]
    if not counted:
        with pytest.raises(UsageError, match=r"none of \d+ verdicts|no game"):
            standings(games, players="wxyz")
        return
    result = standings(games, players="wxyz", with_elo=True, draws=50)
    json.dumps(result.to_json(), allow_nan=False)
    assert sum(row.games for row in result.players) == 2 * len(counted)
    assert sum(row.wins for row in result.players) == sum(row.losses for row in result.players)
    assert sum(row.ability for row in result.players) == pytest.approx(0, abs=1e-9)
    assert [row.rank for row in result.players] == sorted(row.rank for row in result.players)


def test_standings_are_plain_json(run: Path) -> None:
    """tournament.json is what came back: strict JSON, the players from the best down."""
    result = run_tournament([run], TournamentOptions(elo=True))
    stored = json.loads((run / "tournament.json").read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert [row["player"] for row in stored["players"]] == [player("good"), player("fair"), player("poor")]
