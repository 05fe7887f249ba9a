"""Games that a judge decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.tournaments import answers, player, states, write_run

from pytest_hiddenlayer.analysis.tournament.games import GameLog
from pytest_hiddenlayer.analysis.tournament.tournament import TournamentOptions, run_tournament
from pytest_hiddenlayer.errors import ProviderError, UsageError
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.types import Completion, ModelName, Request, Usage


class LongerJudge:
    """Prefers the longer answer and ties equal lengths. Counts its calls; can be set to fail or to reply nonsense."""

    default_model = "longer"
    opened = calls = 0
    fails_on = ""  # a text in the prompt that makes the call fail
    reply = ""  # said instead of a verdict

    def __init__(self, model: str | None = None) -> None:
        self.model = model or self.default_model
        type(self).opened += 1

    async def complete(self, request: Request) -> Completion:
        """The verdict, by the lengths of the two answers."""
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
        """Nothing to close."""


JUDGED = TournamentOptions(source="judge", judge=ModelName(provider="longer"))


@pytest.fixture
def judge() -> Iterator[type[LongerJudge]]:
    """A fresh judge, registered as `longer`."""
    made = type("FreshJudge", (LongerJudge,), {})
    providers.register("longer")(made)
    yield made
    del providers._registered["longer"]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A run of three players on six samples whose outputs differ in length by player, with an upset."""
    records = []
    for label, lengths in (("long", [9, 9, 9, 9, 9, 1]), ("mid", [5, 5, 5, 5, 5, 5]), ("brief", [1, 1, 9, 1, 1, 9])):
        made = answers(label, [1] * 6)
        records += [replace(r, output="x" * n) for r, n in zip(made, lengths, strict=True)]
    return write_run(tmp_path, *records)


def test_a_judge_decides(texts: Path, judge: type[LongerJudge]) -> None:
    """Each pair is judged in both orders, the preferred output wins, and biases are stated."""
    result = run_tournament([texts], JUDGED)
    assert judge.calls == 2 * 3 * 6
    assert [row.player for row in result.players] == [player("long"), player("mid"), player("brief")]
    assert (result.source, result.judge, result.games) == ("judge", "longer:longer", 18)
    assert states(
        result,
        "position bias: 0 of 18 (0%) verdicts changed with the order and count as ties",
    )
    assert states(result, "length bias: the longer answer won 17 of 17 (100%) decided games")


def test_a_judge_of_places_makes_ties(texts: Path, judge: type[LongerJudge]) -> None:
    """If the judge always says A all games are ties, and a statement says why."""
    judge.reply = "[[A]]"
    result = run_tournament([texts], JUDGED)
    assert all(row.ties == row.games for row in result.players)
    assert states(result, "position bias: 18 of 18 (100%) verdicts changed with the order")
    assert states(result, "the answer shown first was preferred in 36 of 36 (100%) replies")


def test_a_judge_that_babbles_is_no_judge(texts: Path, judge: type[LongerJudge]) -> None:
    """Verdicts that cannot be read make no tournament."""
    judge.reply = "both are nice"
    with pytest.raises(UsageError, match="none of 18 verdicts can be read"):
        run_tournament([texts], JUDGED)


def test_decided_games_are_not_asked_again(texts: Path, judge: type[LongerJudge]) -> None:
    """Repeating a tournament gives the same result without opening the judge; another seed judges all games again."""
    first = run_tournament([texts], JUDGED)
    assert (judge.opened, judge.calls) == (1, 36)
    assert run_tournament([texts], JUDGED) == first
    assert (judge.opened, judge.calls) == (1, 36)
    run_tournament([texts], replace(JUDGED, seed=1))
    assert judge.calls == 72


def test_a_failed_call_is_no_game_and_is_asked_again(texts: Path, judge: type[LongerJudge]) -> None:
    """A failed call leaves its games out, says so, and the same command asks only for them."""
    judge.fails_on = "question 3"
    result = run_tournament([texts], JUDGED)
    assert (result.games, result.failed) == (15, 3)
    assert states(result, "3 games could not be judged and are left out; run the same command again to retry them")
    assert states(result, "server said 500")
    judge.fails_on, judge.calls = "", 0
    result = run_tournament([texts], JUDGED)
    assert (result.games, result.failed, judge.calls) == (18, 0, 6)


def test_at_most_so_many_games_are_balanced(texts: Path, judge: type[LongerJudge]) -> None:
    """--max-games asks the beginning of a round robin: every pair equally often."""
    result = run_tournament([texts], replace(JUDGED, max_games=6))
    assert {matchup.games for row in result.matrix for matchup in row if matchup.rate is not None} == {2}
    assert states(result, "6 of 18 possible games were judged")
    assert judge.calls == 12


def test_active_selection_stops_at_its_budget_and_goes_on(texts: Path, judge: type[LongerJudge]) -> None:
    """Active selection plays as many games as it may; a larger budget adds only the rest."""
    active = replace(JUDGED, pairs="active")
    assert run_tournament([texts], replace(active, max_games=12)).games == 12
    assert judge.calls == 24
    assert run_tournament([texts], replace(active, max_games=99)).games == 18
    assert judge.calls == 36


def test_active_selection_stops_where_everything_fails(texts: Path, judge: type[LongerJudge]) -> None:
    """Active selection stops after a batch in which every call fails."""
    judge.fails_on = "question"
    with pytest.raises(UsageError, match=r"none of 10 games could be judged.*server said 500"):
        run_tournament([texts], replace(JUDGED, pairs="active", max_games=18))


def test_a_judge_that_plays_itself_is_flagged(tmp_path: Path, judge: type[LongerJudge]) -> None:
    """A statement names the players whose model is the judge."""
    own = {"provider": "longer", "model": "longer", "slug": "longer"}
    run = write_run(tmp_path, *answers("one", [1, 0], **own), *answers("two", [0, 1]))
    assert states(run_tournament([run], JUDGED), "the judge is the model of one@longer:longer")


def test_half_a_line_of_the_log_is_judged_again(texts: Path, judge: type[LongerJudge]) -> None:
    """An incomplete last line costs one game, which is judged again."""
    run_tournament([texts], JUDGED)
    log = texts / "games.jsonl"
    log.write_bytes(log.read_bytes()[:-20])
    assert run_tournament([texts], JUDGED).games == 18
    assert judge.calls == 38
    assert len(GameLog(texts).read()) == 18


def test_a_line_that_is_no_game_is_named(run: Path) -> None:
    """A malformed line in the middle of the log is an error with its number."""
    (run / "games.jsonl").write_text('{"key": "1", "winner": "c"}\n{}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"games.jsonl:1: not a game"):
        run_tournament([run], TournamentOptions())
