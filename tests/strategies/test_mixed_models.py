"""Strategies that mix models: which model gets which call, and which names are errors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.checks.options import check_options
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.strategies.bind import bind_strategy, parse_strategy
from pytest_hiddenlayer.types import Completion, ModelName, Request, Sample, Spec, Task


class Named(ScriptedProvider):
    """Replies with a list of two steps; the completion carries its model's name."""

    def __init__(self, model: str | None = None) -> None:
        super().__init__(script={"default": "1. this\n2. that"})
        self.model = model or "plain"

    async def complete(self, request: Request) -> Completion:
        return await super().complete(request)


@pytest.fixture
def asked(monkeypatch):
    """Returns a function from a strategy to {role/round: model} of its calls."""
    monkeypatch.setattr(providers, "_registered", {"one": Named, "two": Named})

    def answer(strategy: str) -> dict[str, str]:
        task = Task(
            name="t", path="t", samples=(Sample(id="a", input="q", target="x"),), scorers=(Spec(name="exact"),)
        )
        options = RunOptions(providers=(ModelName(provider="one"),), strategies=(parse_strategy(strategy),))
        check_options(options)
        runtime = Runtime(options, "r")
        try:
            (case,) = (case for cell in cells(task, options) for case in cases(cell))
            record = runtime.wait(runtime.submit(case))
        finally:
            runtime.close()
        assert record.outcome != "error", record.error
        return {f"{call['role']}/{call['round']}": call["model"] for call in record.transcript}

    return answer


def test_agents_are_assigned_models_in_rotation(asked):
    """Three agents share two models in rotation, and the judge is the candidate."""
    found = asked("debate:agents=two:big+one:small,early_stop=false")
    for number in (0, 1):
        assert [found[f"agent-{i}/{number}"] for i in (1, 2, 3)] == ["big", "small", "big"]
    assert found["judge/2"] == "plain"


def test_proposers_share_models_and_one_model_aggregates(asked):
    """Three proposers share two models in rotation in every layer, and the aggregator has its own."""
    found = asked("mixture_of_agents:n_proposers=3,proposers=two:big+one:small,aggregator=two:sum")
    for layer in (0, 1):
        assert [found[f"proposer-{i}/{layer}"] for i in (1, 2, 3)] == ["big", "small", "big"]
    assert found["aggregator/2"] == "sum"


def test_manager_and_workers_may_differ(asked):
    """`manager` and `workers` name models separately; a role without a model is the candidate."""
    found = asked("manager_worker:manager=two:boss,n_workers=2")
    assert found == {"manager/0": "boss", "worker-1/1": "plain", "worker-2/1": "plain", "manager/2": "boss"}
    found = asked("manager_worker:workers=two:a+two:b,n_workers=2")
    assert found == {"manager/0": "plain", "worker-1/1": "a", "worker-2/1": "b", "manager/2": "plain"}


def test_samples_of_several_models(asked):
    """`models` are sampled in rotation."""
    found = asked("self_consistency:n_samples=4,models=one+two:x")
    assert list(found.values()) == ["plain", "x", "plain", "x"]


@pytest.mark.parametrize(
    ("typed", "calls"),
    [
        ("reconcile:agents=two:a+one:b,max_discussions=0", {"agent-1/0": "a", "agent-2/0": "b", "agent-3/0": "a"}),
        ("chateval:agents=two:a+one:b,n_rounds=1", {"agent-1/0": "a", "agent-2/0": "b", "agent-3/0": "a"}),
        ("dylan:agents=two:a+one:b,roles=x y+z,max_rounds=1", {"agent-1/0": "a", "agent-2/0": "b"}),
        (
            "persuasive_debate:debaters=two:a+one:b,answers=x+y,n_rounds=1",
            {"debater-1/0": "a", "debater-2/0": "b", "judge/1": "plain"},
        ),
        ("consultancy:consultant=two:a,answers=x+y,n_rounds=1", {"consultant/0": "a", "judge/1": "plain"}),
    ],
)
def test_debates_of_several_models(asked, typed, calls):
    """Agents, referees, debaters and a consultant are the named models in rotation; the judge is the run's."""
    assert asked(typed) == calls


def test_the_ranker_may_be_another_model(asked, monkeypatch):
    """`ranker` names the model that ranks; agents stay with theirs."""
    replies = iter(range(100))
    monkeypatch.setattr(Named, "complete", _differently(Named.complete, replies))
    found = asked("dylan:ranker=two:r")
    assert {call: model for call, model in found.items() if model != "plain"} == {"ranker/2": "r"}


def _differently(complete, replies):
    async def reply(self, request: Request) -> Completion:
        return replace(await complete(self, request), text=f"reply {next(replies)}")

    return reply


def test_the_label_names_the_models():
    """The label names the models, with a hash for the `:`; without models nothing mentions them."""
    bound = bind_strategy(parse_strategy("debate:agents=mlx+ollama:llama3.2"))
    assert bound.label == "debate.agents=mlx+ollama-llama3.2-dd1755"
    assert bound.models == ("mlx", "ollama:llama3.2")
    plain = bind_strategy(parse_strategy("debate"))
    assert (plain.label, plain.models) == ("debate", ())
    assert "agents" not in plain.params


@pytest.mark.parametrize("agents", ["", "mlx++ollama", "mlx+", ":big", "mlx+ollama:", "a b"])
def test_malformed_names_are_refused(agents):
    """Empty names, doubled pluses and a colon without a model are errors."""
    with pytest.raises(UsageError, match=r"agents must be PROVIDER\[:MODEL\], several joined by \+, got "):
        bind_strategy(parse_strategy(f"debate:agents={agents}"))


def test_an_unknown_provider_is_a_usage_error(asked):
    """An unknown provider is an error before any call."""
    with pytest.raises(UsageError, match="unknown provider 'nobody'"):
        asked("debate:agents=nobody:x")
