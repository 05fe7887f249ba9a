"""A judge session makes calls to one model outside of any case."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from pytest_hiddenlayer.engine.judge_session import JudgeSession
from pytest_hiddenlayer.errors import ProviderError, UnknownNameError, UsageError
from pytest_hiddenlayer.scorers.judge.pairwise import judge_pair
from pytest_hiddenlayer.types import Completion, GenerationConfig, ModelName


@pytest.fixture
def model(tmp_path: Path) -> ModelName:
    """A scripted model whose reply depends on the seed, and that fails at `boom`."""
    script = {
        "rules": [
            {"contains": "boom", "error": "server said 500"},
            {"role": "pairwise.ab", "reply": "[[A]]"},
            {"role": "pairwise.ba", "reply": "[[B]]"},
            {"replies": [str(i) for i in range(997)]},
        ]
    }
    (tmp_path / "replies.json").write_text(json.dumps(script))
    return ModelName(provider="scripted", model=str(tmp_path / "replies.json"))


def texts(results: list[Completion | ProviderError]) -> list[str]:
    return [one.text for one in results if isinstance(one, Completion)]


def test_pairs_are_judged_at_once(model):
    """Pairs are judged at once; usage and cost are the sums of all calls."""
    with JudgeSession(model) as judge_session:
        results = judge_session.gather(judge_pair(judge_session.ask, "q", f"a{i}", "b") for i in range(5))
        assert [one.winner for one in results] == ["a"] * 5
        assert (judge_session.usage.calls, judge_session.cost_usd) == (10, 0.0)


def test_a_failed_call_is_among_the_results(model):
    """The result of a failed call is its ProviderError; the others have their results."""
    with JudgeSession(model) as judge_session:
        one, two = judge_session.gather([judge_session.ask("boom", role="r"), judge_session.ask("fine", role="r")])
    assert isinstance(one, ProviderError)
    assert isinstance(two, Completion)


def test_any_other_failure_is_raised(model):
    """Any error that is not a ProviderError is raised."""

    async def wrong() -> None:
        raise KeyError("x")

    with JudgeSession(model) as judge_session, pytest.raises(KeyError):
        judge_session.gather([wrong()])


def test_seeds_do_not_depend_on_the_order_of_calls(model):
    """The same prompts in another order get the same answers; a repeated prompt gets another."""
    questions = [f"q{i}" for i in range(8)]
    with JudgeSession(model) as one:
        first = texts(one.gather(one.ask(q, role="r") for q in questions))
        again = texts(one.gather(one.ask(q, role="r") for q in questions))
    with JudgeSession(model) as two:
        turned = texts(two.gather(two.ask(q, role="r") for q in reversed(questions)))
    with JudgeSession(model, seed=1) as three:
        other = texts(three.gather(three.ask(q, role="r") for q in questions))
    assert first == turned[::-1]
    assert len({tuple(first), tuple(again), tuple(other)}) == 3


def test_overrides_take_precedence(monkeypatch, model):
    """The session's parameters take precedence over those of a call, and nothing else is set."""
    from pytest_hiddenlayer.providers.scripted import ScriptedProvider

    asked: list[GenerationConfig] = []
    inner = ScriptedProvider.complete

    async def complete(self, request):
        asked.append(request.params)
        return await inner(self, request)

    monkeypatch.setattr(ScriptedProvider, "complete", complete)
    with JudgeSession(model, overrides=GenerationConfig(max_tokens=7)) as judge_session:
        judge_session.gather(
            [judge_session.ask("q", role="r", defaults=GenerationConfig(max_tokens=9, temperature=0.5))]
        )
    assert asked == [GenerationConfig(temperature=0.5, max_tokens=7)]


def test_opening_raises_what_the_provider_raises(tmp_path):
    """Entering the session raises what opening the model raises."""
    with (
        pytest.raises(UsageError, match="cannot read it"),
        JudgeSession(ModelName(provider="scripted", model="no.json")),
    ):
        pass
    with pytest.raises(UnknownNameError), JudgeSession(ModelName(provider="scriptde")):
        pass


def test_a_session_has_one_model(model):
    """Another judge's name and a closed session are errors that say what to do."""
    with JudgeSession(model) as judge_session:
        (result,) = judge_session.gather([judge_session.ask("q", role="r", judge="mlx")])
    assert "open a session for mlx" in str(result)
    with pytest.raises(ProviderError, match="closed"):
        asyncio.run(judge_session.ask("q", role="r"))
