"""Tournaments: who plays, how games are decided, what the standings say, and the command as a user types it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.records import record
from support.requirements import NEEDS_MATPLOTLIB

from pytest_hiddenlayer.analysis.annotation.labels import Label, append_label
from pytest_hiddenlayer.analysis.tournament.games import Game, GameLog, score_games
from pytest_hiddenlayer.analysis.tournament.leaderboard import Standings, standings
from pytest_hiddenlayer.analysis.tournament.players import read_field
from pytest_hiddenlayer.analysis.tournament.tournament import TournamentOptions, hold_tournament
from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.errors import ProviderError, UsageError
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.types import Completion, ModelName, Record, Request, Usage


def player(label: str) -> str:
    """The player of that strategy in these tests."""
    return f"{label}@scripted:m"


def answers(label: str, values: Sequence[float | None], **changes: object) -> list[Record]:
    """A record a sample s0, s1, ... of a strategy; None: its call failed."""
    made = []
    for at, value in enumerate(values):
        output = None if value is None else f"{label} says {value} of s{at}"
        own = {
            "label": label,
            "strategy": label,
            "key": f"{label}-s{at}",
            "output": output,
            "input": f"question {at}",
        }
        made.append(record(f"s{at}", value, **{**own, **changes}))
    return made


def write_run(folder: Path, *records: Record, name: str = "20260101T000000Z-00000001") -> Path:
    """A run's folder with these records."""
    run = folder / "reports" / "runs" / name
    run.mkdir(parents=True)
    lines = [json.dumps(replace(one, run_id=name).to_json()) + "\n" for one in records]
    (run / "records.jsonl").write_text("".join(lines), encoding="utf-8")
    return run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of three strategies on eight samples: good beats fair beats poor, with ties and upsets."""
    return write_run(
        tmp_path,
        *answers("good", [1, 1, 1, 1, 1, 0, 1, 0]),
        *answers("fair", [1, 1, 0, 1, 0, 1, 0, 0]),
        *answers("poor", [0, 0, 1, 0, 0, 0, 0, 1]),
    )


def said(found: Standings, words: str) -> bool:
    """Whether a statement holds these words."""
    return any(words in statement for statement in found.statements)


# ---------------------------------------------------------------- who plays on what


def test_the_higher_score_wins_and_equals_tie(run: Path) -> None:
    """Two players meet on each sample that both answered; equal scores are a tie."""
    games = [game for game in score_games(read_field([run])) if game.b == player("good")]
    fair = [game.winner for game in games if game.a == player("fair")]
    assert fair == ["tie", "tie", "b", "tie", "b", "a", "b", "tie"]


def test_epochs_are_a_mean(tmp_path: Path) -> None:
    """A sample's score is its mean over epochs: two of three beats one of three."""
    first = [*answers("one", [1], epoch=1), *answers("one", [1], epoch=2), *answers("one", [0], epoch=3)]
    second = [*answers("two", [1], epoch=1), *answers("two", [0], epoch=2), *answers("two", [0], epoch=3)]
    (game,) = score_games(read_field([write_run(tmp_path, *first, *second)]))
    assert (game.winner, game.explanation) == ("a", "0.666667 against 0.333333")


def test_an_error_is_no_game(tmp_path: Path) -> None:
    """Where one of two has no score there is no game, and the standings count it."""
    run = write_run(tmp_path, *answers("one", [1, None, 0]), *answers("two", [0, 1, 1]))
    found = hold_tournament([run], TournamentOptions())
    assert found.games == 2
    assert said(found, "1 meetings left out: one of the two was not scored")


def test_players_meet_on_equal_prompts_only(tmp_path: Path) -> None:
    """A sample whose prompt changed between two runs is no common sample."""
    old = write_run(tmp_path, *answers("one", [1, 0], sample_hash="old"), name="20260101T000000Z-00000001")
    new = write_run(tmp_path, *answers("two", [1, 0], sample_hash="new"), name="20260102T000000Z-00000002")
    with pytest.raises(UsageError, match=r"no game: .*2 samples have another prompt or target in another run"):
        hold_tournament([old, new], TournamentOptions())


def test_several_runs_make_one_tournament(tmp_path: Path) -> None:
    """Players of two runs meet on the samples that both runs asked."""
    one = write_run(tmp_path, *answers("one", [1, 0]), name="20260101T000000Z-00000001")
    two = write_run(tmp_path, *answers("two", [0, 1]), name="20260102T000000Z-00000002")
    assert hold_tournament([one, two], TournamentOptions()).games == 2
    assert (one / "tournament.json").is_file()
    assert not (two / "tournament.json").exists()


def test_an_item_of_two_runs_counts_once(tmp_path: Path) -> None:
    """What a player answered in two runs counts as the last run has it, and a statement says so."""
    one = write_run(tmp_path, *answers("one", [1]), *answers("two", [0]), name="20260101T000000Z-00000001")
    two = write_run(tmp_path, *answers("one", [0]), name="20260102T000000Z-00000002")
    field = read_field([one, two])
    assert [game.winner for game in score_games(field)] == ["tie"]
    assert "1 samples were answered by the same player in several runs; the last run named counts" in field.notes


def test_models_of_one_slug_are_two_players(tmp_path: Path) -> None:
    """Two models whose slugs are equal go by their full names."""
    run = write_run(tmp_path, *answers("one", [1], model="a/m"), *answers("one", [0], model="b/m", slug="m"))
    assert read_field([run]).players == ("one@scripted:a/m", "one@scripted:b/m")


def test_a_group_is_a_cluster(tmp_path: Path) -> None:
    """Samples of a group are one cluster, a sample without group is its own."""
    grouped = [replace(r, group="g" if r.sample_id != "s2" else None) for r in answers("one", [1, 1, 1])]
    field = read_field([write_run(tmp_path, *grouped, *answers("two", [0, 0, 0]))])
    assert [game.cluster for game in score_games(field)] == ["t::group g", "t::group g", "t::s2"]


@pytest.mark.parametrize(
    ("names", "tasks", "words"),
    [
        (["one", "one"], (), "was named twice"),
        (["one"], (), "a tournament needs two players; .* has one@scripted:m"),
        (["one", "two"], ("tt",), "--task 'tt': no such task in these runs, did you mean 't'"),
    ],
)
def test_fields_that_are_none(tmp_path: Path, names: list[str], tasks: tuple[str, ...], words: str) -> None:
    """A run named twice, a single player and an unknown task are refused in one sentence."""
    runs = {name: write_run(tmp_path, *answers(name, [1]), name=name) for name in set(names)}
    with pytest.raises(UsageError, match=words):
        read_field([runs[name] for name in names], tasks)


# ---------------------------------------------------------------- standings


def game(a: str, b: str, winner: str | None, at: int = 0, **changes: object) -> Game:
    """A game on sample `at`."""
    made = Game(
        key=f"{a}{b}{at}",
        source="scores",
        rater="",
        task="t",
        sample_id=f"s{at}",
        cluster=f"t::s{at}",
        a=a,
        b=b,
        winner=winner,  # type: ignore[arg-type]
    )
    return replace(made, **changes)


def several(a: str, b: str, winners: str, **changes: object) -> list[Game]:
    """Games on s0, s1, ...: `a`, `b`, `t` for a tie, `?` for unreadable."""
    words = {"a": "a", "b": "b", "t": "tie", "?": None}
    return [game(a, b, words[letter], at, **changes) for at, letter in enumerate(winners)]


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
    """Elo's own updates stand beside the ability with their spread, only where they were asked for."""
    games = several("x", "y", "aaab" * 10)
    plain, asked = (standings(games, players=[], with_elo=wanted).players[0] for wanted in (False, True))
    assert (plain.updates, plain.updates_spread) == (None, None)
    assert asked.updates is not None
    assert asked.updates > 1000
    assert asked.updates_spread


def test_a_player_without_loss_is_named() -> None:
    """Nobody has an infinite ability: all are regularised, and the player without loss is named."""
    found = standings(several("x", "y", "aaaa"), players=["x", "y"])
    assert said(found, "no finite abilities exist: x took every game; y lost every game")
    assert found.prior == 1
    assert found.players[0].ability == pytest.approx(1.0986, abs=1e-4)  # log(4.5 / 0.5) / 2
    assert found.interval == "normal"


def test_a_disconnected_tournament_names_its_groups() -> None:
    """Groups without a game between them are named, and ranks across them are called what they are."""
    found = standings([*several("a", "b", "aab"), *several("c", "d", "abb")], players=list("abcd"))
    assert said(found, "no game links the groups {a, b} and {c, d}")
    assert said(found, "ranks rest on the pseudo-games alone")
    place = {row.player: at for at, row in enumerate(found.players)}
    assert found.matrix[place["a"]][place["c"]].rate is None
    assert found.matrix[place["a"]][place["b"]].games == 3


def test_all_ties_say_so() -> None:
    """Where every game is a tie all share rank 1, with an interval over all ranks."""
    found = standings([*several("a", "b", "ttttt"), *several("b", "c", "ttttt")], players=list("abc"))
    assert [(row.rank, row.ranks) for row in found.players] == [(1, (1, 3))] * 3
    assert said(found, "all 10 games are ties: nothing tells the players apart")


def test_few_samples_and_one_sample_say_so() -> None:
    """Under 20 samples the intervals are called rough; on one sample there are none."""
    assert said(standings(several("a", "b", "abab"), players=[]), "only 4 samples: the intervals are rough")
    single = standings([game("a", "b", "a"), game("a", "b", "b", key="again")], players=[])
    assert said(single, "all games are on one sample: there is no interval")
    assert (single.players[0].ci95, single.players[0].ranks, single.interval) == (None, None, None)


def test_unreadable_verdicts_are_counted_and_left_out() -> None:
    """An unreadable verdict is no tie: it is counted beside the games, with a reason."""
    found = standings(several("a", "b", "ab??", explanation="no verdict"), players=["a", "b", "idle"])
    assert (found.games, found.unreadable) == (2, 2)
    assert said(found, "2 of 4 verdicts left out, unreadable: no verdict")
    assert said(found, "no game that counts, not ranked: idle")


def test_nothing_readable_is_no_tournament() -> None:
    """Where no verdict can be read the error says why, and what to do."""
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
    """Whatever was played, the standings are strict JSON that hold every game, or one sentence says why not."""
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


# ---------------------------------------------------------------- a judge


class LongerJudge:
    """Prefers the longer answer, ties equal lengths; counts its calls, and fails or babbles when told to."""

    default_model = "longer"
    opened = calls = 0
    fails_on = ""  # a text in the prompt that makes the call fail
    reply = ""  # said instead of a verdict

    def __init__(self, model: str | None = None) -> None:
        self.model = model or self.default_model
        type(self).opened += 1

    async def complete(self, request: Request) -> Completion:
        """The verdict, by the lengths of what stands between the fences."""
        cls = type(self)
        cls.calls += 1
        prompt = request.messages[-1].content
        if cls.fails_on and cls.fails_on in prompt:
            raise ProviderError("server said 500")
        a, b = (len(re.findall(rf"<answer_{x}-\w+>\n(.*?)\n</answer_{x}", prompt, re.DOTALL)[-1]) for x in "ab")
        text = cls.reply or f"[[{'A' if a > b else 'B' if b > a else 'C'}]]"
        usage = Usage(input_tokens=1, output_tokens=1, calls=1)
        return Completion(text=text, finish_reason="stop", usage=usage, latency_s=0.0, model="longer", cost_usd=0.0)

    async def close(self) -> None:
        """Nothing is open."""


JUDGED = TournamentOptions(source="judge", judge=ModelName(provider="longer"))


@pytest.fixture
def judge() -> Iterator[type[LongerJudge]]:
    """A fresh judge, registered as `longer`."""
    made = type("FreshJudge", (LongerJudge,), {})
    providers.register("longer")(made)
    yield made
    del providers._own["longer"]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A run of three players on six samples whose outputs differ in length by player, with an upset."""
    records = []
    for label, lengths in (("long", [9, 9, 9, 9, 9, 1]), ("mid", [5, 5, 5, 5, 5, 5]), ("brief", [1, 1, 9, 1, 1, 9])):
        made = answers(label, [1] * 6)
        records += [replace(r, output="x" * n) for r, n in zip(made, lengths, strict=True)]
    return write_run(tmp_path, *records)


def test_a_judge_decides(texts: Path, judge: type[LongerJudge]) -> None:
    """Each pair is asked in both orders, the preferred output wins, and effects are told."""
    found = hold_tournament([texts], JUDGED)
    assert judge.calls == 2 * 3 * 6
    assert [row.player for row in found.players] == [player("long"), player("mid"), player("brief")]
    assert (found.source, found.judge, found.games) == ("judge", "longer:longer", 18)
    assert said(
        found, "position: 0 of 18 (0%) verdicts turned with the order and count as ties; the answer shown first"
    )
    assert said(found, "length: the longer answer won 17 of 17 (100%) decided games")


def test_a_judge_of_places_makes_ties(texts: Path, judge: type[LongerJudge]) -> None:
    """Where the judge always says A nobody wins, and the statement says why."""
    judge.reply = "[[A]]"
    found = hold_tournament([texts], JUDGED)
    assert all(row.ties == row.games for row in found.players)
    assert said(found, "position: 18 of 18 (100%) verdicts turned with the order")
    assert said(found, "the answer shown first was preferred in 36 of 36 (100%) replies")


def test_a_judge_that_babbles_is_no_judge(texts: Path, judge: type[LongerJudge]) -> None:
    """Verdicts that cannot be read make no tournament."""
    judge.reply = "both are nice"
    with pytest.raises(UsageError, match="none of 18 verdicts can be read"):
        hold_tournament([texts], JUDGED)


def test_decided_games_are_not_asked_again(texts: Path, judge: type[LongerJudge]) -> None:
    """The same tournament again does not even open the judge and says the same; another seed asks anew."""
    first = hold_tournament([texts], JUDGED)
    assert (judge.opened, judge.calls) == (1, 36)
    assert hold_tournament([texts], JUDGED) == first
    assert (judge.opened, judge.calls) == (1, 36)
    hold_tournament([texts], replace(JUDGED, seed=1))
    assert judge.calls == 72


def test_a_failed_call_is_no_game_and_is_asked_again(texts: Path, judge: type[LongerJudge]) -> None:
    """A failed call leaves its games out, says so, and the same command asks only for them."""
    judge.fails_on = "question 3"
    found = hold_tournament([texts], JUDGED)
    assert (found.games, found.failed) == (15, 3)
    assert said(found, "3 games could not be judged and are left out; the same command asks for them again")
    assert said(found, "server said 500")
    judge.fails_on, judge.calls = "", 0
    found = hold_tournament([texts], JUDGED)
    assert (found.games, found.failed, judge.calls) == (18, 0, 6)


def test_at_most_so_many_games_are_balanced(texts: Path, judge: type[LongerJudge]) -> None:
    """--max-games asks the beginning of a round robin: every pair equally often."""
    found = hold_tournament([texts], replace(JUDGED, max_games=6))
    assert {meeting.games for row in found.matrix for meeting in row if meeting.rate is not None} == {2}
    assert said(found, "6 of 18 possible games were judged")
    assert judge.calls == 12


def test_active_selection_stops_at_its_budget_and_goes_on(texts: Path, judge: type[LongerJudge]) -> None:
    """Active selection plays as many games as it may; a larger budget adds only the rest."""
    active = replace(JUDGED, pairs="active")
    assert hold_tournament([texts], replace(active, max_games=12)).games == 12
    assert judge.calls == 24
    assert hold_tournament([texts], replace(active, max_games=99)).games == 18
    assert judge.calls == 36


def test_active_selection_stops_where_everything_fails(texts: Path, judge: type[LongerJudge]) -> None:
    """A judge that fails on a whole batch is not asked on."""
    judge.fails_on = "question"
    with pytest.raises(UsageError, match=r"none of 10 games could be judged.*server said 500"):
        hold_tournament([texts], replace(JUDGED, pairs="active", max_games=18))


def test_a_judge_that_plays_itself_is_flagged(tmp_path: Path, judge: type[LongerJudge]) -> None:
    """A judge that is the model of a player is named."""
    own = {"provider": "longer", "model": "longer", "slug": "longer"}
    run = write_run(tmp_path, *answers("one", [1, 0], **own), *answers("two", [0, 1]))
    assert said(hold_tournament([run], JUDGED), "the judge is the model of one@longer:longer")


def test_half_a_line_of_the_log_is_judged_again(texts: Path, judge: type[LongerJudge]) -> None:
    """What a killed process left half written costs one game, and spoils none."""
    hold_tournament([texts], JUDGED)
    log = texts / "games.jsonl"
    log.write_bytes(log.read_bytes()[:-20])
    assert hold_tournament([texts], JUDGED).games == 18
    assert judge.calls == 38
    assert len(GameLog(texts).read()) == 18


def test_a_line_that_is_no_game_is_named(run: Path) -> None:
    """A spoilt line in the middle of the log is named with its number."""
    (run / "games.jsonl").write_text('{"key": "1", "winner": "c"}\n{}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"games.jsonl:1: not a game"):
        hold_tournament([run], TournamentOptions())


# ---------------------------------------------------------------- labels


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
    return hold_tournament([run], TournamentOptions(source="labels", labels=file))


def test_people_decide_whichever_side_was_a(run: Path) -> None:
    """A label's winner is the player it names, whichever of the two it calls a."""
    found = labelled(
        run, label(0, "good", "poor", "a"), label(1, "poor", "good", "b"), label(2, "poor", "good", "a"),
        label(3, "good", "poor", "tie"),
    )  # fmt: skip
    first = found.players[0]
    assert (first.player, first.wins, first.ties, first.losses) == (player("good"), 2, 1, 1)
    assert said(found, f"no game that counts, not ranked: {player('fair')}")


def test_several_raters_of_a_sample_are_one_cluster(run: Path) -> None:
    """Labels of several people on one sample are games of one cluster."""
    found = labelled(
        run,
        *(label(at, "good", "poor", won, who) for at, won in ((0, "a"), (1, "b")) for who in ("ada", "bob", "cy")),
    )
    assert (found.games, found.clusters) == (6, 2)


def test_labels_on_other_answers_are_left_out(run: Path) -> None:
    """Labels on answers that are not of these runs, repeats and ratings are counted and left out."""
    found = labelled(
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
    assert (found.games, found.players[0].wins) == (2, 2)
    assert said(found, "1 labels repeat a pair that the same rater had labelled; the later one counts")
    assert said(
        found, "2 of 5 labels are on answers of other runs and left out (not in these runs: stranger@scripted:m)"
    )
    assert said(found, "1 labels are ratings, which decide no game")


# ---------------------------------------------------------------- the command


@pytest.fixture
def here(run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of `run`, as the current one."""
    folder = run.parents[2]
    monkeypatch.chdir(folder)
    return folder


def test_the_command_prints_standings(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`hiddenlayer tournament last` prints table, win rates and statements, and exits with 0."""
    assert main(["tournament", "last", "--elo"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"1 +1–\d +good@scripted:m +\+\d\.\d{3} ± \d\.\d{3} .* 16 +8 +6 +2\n", out)
    assert re.search(r"1 good@scripted:m +· +0\.62 \(8\) +0\.75 \(8\)", out)
    assert "updates, k=16" in out
    assert "24 games on 8 samples of t, decided by headline scores" in out
    assert "only 8 samples: the intervals are rough" in out


def test_the_command_prints_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints nothing but what tournament.json holds."""
    assert main(["tournament", "last", "--json"]) == 0
    (stored,) = (here / "reports" / "runs").glob("*/tournament.json")
    assert json.loads(capsys.readouterr().out) == json.loads(stored.read_text(encoding="utf-8"))


def test_the_same_seed_prints_the_same(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A seed gives the same intervals every time, another seed others."""
    printed = []
    for seed in ("5", "5", "6"):
        main(["tournament", "last", "--json", "--elo", "--seed", seed])
        printed.append(json.loads(capsys.readouterr().out)["players"])
    assert printed[0] == printed[1] != printed[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nope",), "no run 'nope'"),
        (("last", "--games", "judge"), "add --judge PROVIDER"),
        (("last", "--games", "labels"), "add --labels FILE"),
        (("last", "--games", "scores", "--judge", "mlx"), "write --games judge"),
        (("last", "--max-games", "5"), "--games scores makes none"),
        (("last", "--judge", "scripted", "--pairs", "active"), "needs --max-games N"),
        (("last", "--judge", "scriptde"), "unknown provider 'scriptde'"),
        (("last", "--labels", "none.jsonl"), "none.jsonl"),
        (("last", "--picture", "x.gif"), "end it in .png or .svg"),
        (("last", "--task", "u"), "--task 'u': no such task"),
    ],
)
def test_wrong_words_exit_4(
    here: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    """A wrong word exits with 4 and one sentence that says what to do."""
    assert main(["tournament", *words]) == 4
    caught = capsys.readouterr()
    assert message in caught.err
    assert caught.out == ""


@pytest.mark.parametrize(("option", "value"), [("--seed", "-1"), ("--max-games", "0"), ("--max-games", "many")])
def test_numbers_that_are_none_exit_4(
    here: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    """A number out of range exits with 4 and names its option."""
    with pytest.raises(SystemExit) as caught:
        main(["tournament", "last", option, value])
    assert caught.value.code == 4
    assert option in capsys.readouterr().err


# ---------------------------------------------------------------- the picture


def test_the_picture_holds_rates_and_counts(run: Path) -> None:
    """The picture has a row and a column a player, the best first, and rate and n in each cell but the diagonal's."""
    pytest.importorskip("matplotlib", reason=NEEDS_MATPLOTLIB)
    from pytest_hiddenlayer.analysis.tournament.win_matrix import _figure

    axes = _figure(hold_tournament([run], TournamentOptions())).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        f"{place}  {player(name)}" for place, name in enumerate(("good", "fair", "poor"), 1)
    ]
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells[1, 0] == "0.62\nn = 8"
    assert cells[0, 1] == "0.38\nn = 8"
    assert len(cells) == 6


@pytest.mark.parametrize(("name", "start"), [("win.png", b"\x89PNG"), ("deep/er/win.svg", b"<?xml")])
def test_the_command_writes_the_picture(here: Path, name: str, start: bytes) -> None:
    """--picture writes PNG and SVG, in a folder that is made."""
    pytest.importorskip("matplotlib", reason=NEEDS_MATPLOTLIB)
    assert main(["tournament", "last", "--picture", name]) == 0
    assert (here / name).read_bytes().startswith(start)


def test_without_matplotlib_the_command_says_what_to_install(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without matplotlib --picture exits with 4 and says what to install; the rest needs none."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["tournament", "last", "--picture", "win.png"]) == 4
    assert "pip install 'pytest-hiddenlayer[plots]'" in capsys.readouterr().err
    assert main(["tournament", "last"]) == 0


# ---------------------------------------------------------------- interrupted


def test_an_interrupted_tournament_goes_on(here: Path) -> None:
    """Games that were decided before Ctrl-C are in the log, and the same command asks for the others only."""
    slow = {"rules": [{"contains": f"question {at}", "reply": "[[A]]", "delay_s": 900 * (at > 3)} for at in range(8)]}
    judge = here / "judge.json"
    judge.write_text(json.dumps(slow), encoding="utf-8")
    command = [sys.executable, "-m", "pytest_hiddenlayer.cli", "tournament", "last", "--judge", "scripted:judge.json"]
    command += ["--concurrency", "48"]  # all calls of 24 games at once, in both orders
    (folder,) = (here / "reports" / "runs").iterdir()
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        while len(GameLog(folder).read()) < 12 and started.poll() is None:
            time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        _, err = started.communicate(timeout=300)
    assert started.returncode == 2
    assert b"Traceback" not in err
    before = (folder / "games.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(before) == 12
    quick = [{"contains": f"question {at}", "reply": "[[C]]" if at > 3 else "unreadable now"} for at in range(8)]
    judge.write_text(json.dumps({"rules": quick}), encoding="utf-8")
    assert subprocess.run(command, cwd=here, capture_output=True, timeout=300).returncode == 0
    after = (folder / "games.jsonl").read_text(encoding="utf-8").splitlines()
    assert after[:12] == before
    assert [json.loads(line)["winner"] for line in after[12:]] == ["tie"] * 12
