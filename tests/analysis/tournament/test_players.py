"""Who plays on which sample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.tournaments import answers, player, states, write_run

from pytest_hiddenlayer.analysis.tournament.games import score_games
from pytest_hiddenlayer.analysis.tournament.players import read_tournament_data
from pytest_hiddenlayer.analysis.tournament.tournament import TournamentOptions, run_tournament
from pytest_hiddenlayer.errors import UsageError


def test_the_higher_score_wins_and_equals_tie(run: Path) -> None:
    """Two players play on each sample that both answered; equal scores are a tie."""
    games = [game for game in score_games(read_tournament_data([run])) if game.b == player("good")]
    fair = [game.winner for game in games if game.a == player("fair")]
    assert fair == ["tie", "tie", "b", "tie", "b", "a", "b", "tie"]


def test_epochs_are_a_mean(tmp_path: Path) -> None:
    """A sample's score is its mean over epochs: two of three beats one of three."""
    first = [*answers("one", [1], epoch=1), *answers("one", [1], epoch=2), *answers("one", [0], epoch=3)]
    second = [*answers("two", [1], epoch=1), *answers("two", [0], epoch=2), *answers("two", [0], epoch=3)]
    (game,) = score_games(read_tournament_data([write_run(tmp_path, *first, *second)]))
    assert (game.winner, game.explanation) == ("a", "0.666667 against 0.333333")


def test_an_error_is_no_game(tmp_path: Path) -> None:
    """Without a score of one of the two there is no game, and the standings count it."""
    run = write_run(tmp_path, *answers("one", [1, None, 0]), *answers("two", [0, 1, 1]))
    result = run_tournament([run], TournamentOptions())
    assert result.games == 2
    assert states(result, "1 matchups left out: one of the two players was not scored")


def test_players_meet_on_equal_prompts_only(tmp_path: Path) -> None:
    """A sample whose prompt changed between two runs makes no game."""
    old = write_run(tmp_path, *answers("one", [1, 0], sample_hash="old"), name="20260101T000000Z-00000001")
    new = write_run(tmp_path, *answers("two", [1, 0], sample_hash="new"), name="20260102T000000Z-00000002")
    with pytest.raises(UsageError, match=r"no game: .*2 samples have another prompt or target in another run"):
        run_tournament([old, new], TournamentOptions())


def test_several_runs_make_one_tournament(tmp_path: Path) -> None:
    """Players of two runs play on the samples that both runs answered."""
    one = write_run(tmp_path, *answers("one", [1, 0]), name="20260101T000000Z-00000001")
    two = write_run(tmp_path, *answers("two", [0, 1]), name="20260102T000000Z-00000002")
    assert run_tournament([one, two], TournamentOptions()).games == 2
    assert (one / "tournament.json").is_file()
    assert not (two / "tournament.json").exists()


def test_an_item_of_two_runs_counts_once(tmp_path: Path) -> None:
    """If a player answered a sample in two runs the last run counts, and a statement says so."""
    one = write_run(tmp_path, *answers("one", [1]), *answers("two", [0]), name="20260101T000000Z-00000001")
    two = write_run(tmp_path, *answers("one", [0]), name="20260102T000000Z-00000002")
    data = read_tournament_data([one, two])
    assert [game.winner for game in score_games(data)] == ["tie"]
    assert "1 samples were answered by the same player in several runs; the last run named counts" in data.notes


def test_models_of_one_slug_are_two_players(tmp_path: Path) -> None:
    """Two models with the same slug are named by their full names."""
    run = write_run(tmp_path, *answers("one", [1], model="a/m"), *answers("one", [0], model="b/m", slug="m"))
    assert read_tournament_data([run]).players == ("one@scripted:a/m", "one@scripted:b/m")


def test_a_group_is_a_cluster(tmp_path: Path) -> None:
    """Samples of a group are one cluster, a sample without group is its own."""
    grouped = [replace(r, group="g" if r.sample_id != "s2" else None) for r in answers("one", [1, 1, 1])]
    data = read_tournament_data([write_run(tmp_path, *grouped, *answers("two", [0, 0, 0]))])
    assert [game.cluster for game in score_games(data)] == ["t::group g", "t::group g", "t::s2"]


@pytest.mark.parametrize(
    ("names", "tasks", "words"),
    [
        (["one", "one"], (), "was named twice"),
        (["one"], (), "a tournament needs two players; .* has one@scripted:m"),
        (["one", "two"], ("tt",), "--task 'tt': no such task in these runs, did you mean 't'"),
    ],
)
def test_fields_that_are_none(tmp_path: Path, names: list[str], tasks: tuple[str, ...], words: str) -> None:
    """A run named twice, a single player and an unknown task are errors."""
    runs = {name: write_run(tmp_path, *answers(name, [1]), name=name) for name in set(names)}
    with pytest.raises(UsageError, match=words):
        read_tournament_data([runs[name] for name in names], tasks)
