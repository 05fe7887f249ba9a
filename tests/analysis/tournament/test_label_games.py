"""Games that people decided."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.tournaments import player, states

from pytest_hiddenlayer.analysis.annotation.labels import Label, append_label
from pytest_hiddenlayer.analysis.tournament.leaderboard import Standings
from pytest_hiddenlayer.analysis.tournament.tournament import TournamentOptions, run_tournament
from pytest_hiddenlayer.errors import UsageError


def label(at: int, a: str, b: str, winner: str, rater: str = "ada", **changes: object) -> Label:
    """A pairwise label on sample `at`."""
    made = Label(
        kind="pairwise",
        task="t",
        sample_id=f"s{at}",
        a=player(a),
        b=player(b),
        winner=winner,  # type: ignore[arg-type]
        rater=rater,
        at="2026-01-01T00:00:00+00:00",
        run_a="r",
        run_b="r",
        key_a=f"{a}-s{at}",
        key_b=f"{b}-s{at}",
    )
    return replace(made, **changes)


def labelled(run: Path, *labels: Label) -> Standings:
    """The standings by these labels."""
    file = run / "labels.jsonl"
    for one in labels:
        append_label(file, one)
    return run_tournament([run], TournamentOptions(source="labels", labels=file))


def test_people_decide_whichever_side_was_a(run: Path) -> None:
    """A label's winner does not depend on which player is a."""
    result = labelled(
        run, label(0, "good", "poor", "a"), label(1, "poor", "good", "b"), label(2, "poor", "good", "a"),
        label(3, "good", "poor", "tie"),
    )  # fmt: skip
    first = result.players[0]
    assert (first.player, first.wins, first.ties, first.losses) == (player("good"), 2, 1, 1)
    assert states(result, f"no game that counts, not ranked: {player('fair')}")


def test_several_raters_of_a_sample_are_one_cluster(run: Path) -> None:
    """Labels of several people on one sample are games of one cluster."""
    result = labelled(
        run,
        *(label(at, "good", "poor", won, who) for at, won in ((0, "a"), (1, "b")) for who in ("ada", "bob", "cy")),
    )
    assert (result.games, result.clusters) == (6, 2)


def test_labels_on_other_answers_are_left_out(run: Path) -> None:
    """Labels on answers that are not of these runs, repeats and ratings are counted and left out."""
    result = labelled(
        run,
        label(0, "good", "poor", "a"),
        label(1, "good", "poor", "b"),
        label(1, "poor", "good", "b", run_a="elsewhere"),
        label(2, "good", "poor", "a", key_a="an older answer"),
        label(0, "good", "stranger", "a"),
        replace(
            label(0, "good", "poor", "a"), kind="rating", b=None, winner=None, key_b=None, run_b=None,
            rating=3.0, scale=(1.0, 5.0),
        ),
    )  # fmt: skip
    assert (result.games, result.players[0].wins) == (2, 2)
    assert states(result, "1 labels repeat a pair that the same rater had labelled; the later one counts")
    assert states(
        result, "2 of 5 labels are on answers of other runs and left out (not in these runs: stranger@scripted:m)"
    )
    assert states(result, "1 labels are ratings, which decide no game")


def test_a_file_without_labels_is_named(run: Path) -> None:
    """A file that holds only NUL bytes has no label, and the error names it."""
    file = run / "labels.jsonl"
    file.write_bytes(b"\0" * 40)
    with pytest.raises(UsageError, match=r"no game: .*labels\.jsonl holds no label"):
        run_tournament([run], TournamentOptions(source="labels", labels=file))
