"""The leaderboard: abilities, ranks, intervals and statements."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tournaments import game, player, said, several

from pytest_hiddenlayer.analysis.tournament.leaderboard import standings
from pytest_hiddenlayer.analysis.tournament.tournament import TournamentOptions, hold_tournament
from pytest_hiddenlayer.errors import UsageError


def test_standings_by_hand() -> None:
    """Three wins to one are log 3 apart, 191 Elo, with wins, ties and losses counted and the rate in the matrix."""
    found = standings(several("x", "y", "aaab" * 10), players=["x", "y"])
    first, second = found.players
    assert (first.player, first.rank, first.wins, first.ties, first.losses, first.games) == ("x", 1, 30, 0, 10, 40)
    assert first.ability - second.ability == pytest.approx(1.098612, abs=1e-6)
    assert first.elo - second.elo == pytest.approx(190.85, abs=0.01)
    assert first.ranks == (1, 1)
    assert first.ci95 is not None
    assert first.ci95[0] < first.ability < first.ci95[1]
    assert (found.matrix[0][1].rate, found.matrix[1][0].rate, found.matrix[0][1].games) == (0.75, 0.25, 40)
    assert found.matrix[0][0].rate is None
    assert (found.prior, found.interval, found.clusters, found.statements) == (0.0, "bootstrap", 40, ())


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
    found = standings(several("x", "y", "aaaa"), players=["x", "y"])
    assert said(found, "no finite abilities exist: x took every game; y lost every game")
    assert found.prior == 1
    assert found.players[0].ability == pytest.approx(1.0986, abs=1e-4)  # log(4.5 / 0.5) / 2
    assert found.interval == "normal"


def test_a_disconnected_tournament_names_its_groups() -> None:
    """Groups without a game between them are named, and ranks across them are called what they are."""
    found = standings([*several("a", "b", "aab"), *several("c", "d", "abb")], players=list("abcd"))
    assert said(found, "no game links the groups {a, b} and {c, d}")
    assert said(found, "ranks depend on the pseudo-games alone")
    place = {row.player: at for at, row in enumerate(found.players)}
    assert found.matrix[place["a"]][place["c"]].rate is None
    assert found.matrix[place["a"]][place["b"]].games == 3


def test_all_ties_say_so() -> None:
    """If every game is a tie all players share rank 1, with an interval over all ranks."""
    found = standings([*several("a", "b", "ttttt"), *several("b", "c", "ttttt")], players=list("abc"))
    assert [(row.rank, row.ranks) for row in found.players] == [(1, (1, 3))] * 3
    assert said(found, "all 10 games are ties: they do not separate the players")


def test_few_samples_and_one_sample_say_so() -> None:
    """With fewer than 20 samples the intervals are called rough; with one sample there are none."""
    assert said(standings(several("a", "b", "abab"), players=[]), "only 4 samples: the intervals are rough")
    single = standings([game("a", "b", "a"), game("a", "b", "b", key="again")], players=[])
    assert said(single, "all games are on one sample: there is no interval")
    assert (single.players[0].ci95, single.players[0].ranks, single.interval) == (None, None, None)


def test_unreadable_verdicts_are_counted_and_left_out() -> None:
    """An unreadable verdict is not a tie: it is counted and left out, with a reason."""
    found = standings(several("a", "b", "ab??", explanation="no verdict"), players=["a", "b", "idle"])
    assert (found.games, found.unreadable) == (2, 2)
    assert said(found, "2 of 4 verdicts left out, unreadable: no verdict")
    assert said(found, "no game that counts, not ranked: idle")


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
@settings(max_examples=120, deadline=None)
def test_any_games_have_standings_or_a_reason(rows: list[tuple[str, str, str | None, int]]) -> None:
    """Any games have standings in strict JSON that count every game, or a message why there are none."""
    games = [game(*row) for row in rows]
    counted = [one for one in games if one.winner is not None]
    if not counted:
        with pytest.raises(UsageError, match=r"none of \d+ verdicts|no game"):
            standings(games, players="wxyz")
        return
    found = standings(games, players="wxyz", with_elo=True, draws=50)
    json.dumps(found.to_json(), allow_nan=False)
    assert sum(row.games for row in found.players) == 2 * len(counted)
    assert sum(row.wins for row in found.players) == sum(row.losses for row in found.players)
    assert sum(row.ability for row in found.players) == pytest.approx(0, abs=1e-9)
    assert [row.rank for row in found.players] == sorted(row.rank for row in found.players)


def test_standings_are_plain_json(run: Path) -> None:
    """tournament.json is what came back: strict JSON, the players from the best down."""
    found = hold_tournament([run], TournamentOptions(elo=True))
    stored = json.loads((run / "tournament.json").read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [row["player"] for row in stored["players"]] == [player("good"), player("fair"), player("poor")]
