"""Control samples of a compute-matched run: their number, their calls, and when there are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.control_records import made
from support.control_runs import Drawn, Fake, answering, answering_all, one_case

from pytest_hiddenlayer.engine.budget_controls import samples_due
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.identifiers import SHARED_CONTROLS, control_label, controlled
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.registry import scorer, strategy
from pytest_hiddenlayer.types import Answer, GenerationConfig, Record
from pytest_hiddenlayer.usage import TokenUsage, strategy_calls, usage_of


@pytest.fixture
def answer(tmp_path: Path) -> Callable[..., Drawn]:
    """A function that answers the one sample with a strategy as typed, under --hl-equal-budget."""
    return answering(tmp_path)


@pytest.fixture
def answer_all(tmp_path: Path) -> Callable[..., list[Record]]:
    """A function that answers the one sample with several strategies and returns the control samples."""
    return answering_all(tmp_path)


def test_as_many_draws_as_the_strategy_made_calls(answer):
    """A debate of seven calls gets seven control samples, numbered as epochs of a cell of `single`."""
    drawn = answer("debate", Fake())
    assert drawn.record.usage["calls"] == 7
    assert [control.epoch for control in drawn.controls] == [1, 2, 3, 4, 5, 6, 7]
    assert {(c.strategy, c.label, c.sample_id) for c in drawn.controls} == {("single", "single.control=debate", "a")}
    assert {c.strategy_params["control"] for c in drawn.controls} == {"debate"}


def test_a_draw_is_the_plain_prompt_asked_once(answer):
    """A control sample is one call with the task's prompt, temperature 0.8 and its own seed, without a judge."""
    fake = Fake()
    drawn = answer("debate", fake)
    draws = fake.draws()
    assert {request.messages[-1].content for request in draws} == {"What is 6*7?"}
    assert {request.params.temperature for request in draws} == {0.8}
    assert len({request.seed for request in fake.asked}) == 14
    assert sum(request.role == "judge" for request in fake.asked) == 1
    assert all(len(control.transcript) == 1 for control in drawn.controls)


@pytest.mark.parametrize("typed", ["manager_worker", "self_consistency:n_samples=4"])
def test_every_strategy_of_several_calls_has_draws(answer, typed):
    """The number of control samples is the number of the strategy's calls."""
    drawn = answer(typed, Fake(lambda request: "1. 42\n2. 42" if request.role == "manager" else "42"))
    assert len(drawn.controls) == drawn.record.usage["calls"] == 4


def test_draws_go_on_until_the_tokens_are_reached(answer):
    """A debate of 7 calls and 70 tokens gets 14 control samples of 5 tokens."""
    drawn = answer("debate", Fake(tokens={"agent": 10, "judge": 10}))
    assert len(drawn.controls) == 14
    assert usage_of(*drawn.controls).tokens == usage_of(drawn.record).tokens == 70


def test_draws_end_at_four_times_the_calls(answer):
    """A strategy of very many tokens gets 4 × N control samples."""
    assert len(answer("debate", Fake(tokens={"agent": 1000})).controls) == 28


def test_longer_draws_than_calls(answer):
    """If a control sample has more tokens than a call of the strategy, N are enough."""
    assert len(answer("debate", Fake(tokens={"control": 500})).controls) == 7


@pytest.mark.parametrize("role", ["agent", "control"])
def test_unknown_tokens_get_the_draws_of_the_calls(answer, role):
    """If the provider reports no tokens, only calls are matched."""
    assert len(answer("debate", Fake(tokens={role: None})).controls) == 7


def test_all_draws_are_asked_at_once(answer):
    """The seven calls are in flight together."""
    assert len(answer("debate", Fake(at_once=7)).controls) == 7


def test_a_failed_draw_is_an_error_of_the_control(answer):
    """A failed control sample is an error record; the strategy's record and the other ones are unchanged."""
    fake = Fake(lambda r: "boom" if r.role == "control" and r.epoch == 3 else "42")
    drawn = answer("debate", fake)
    assert drawn.record.outcome == "correct"
    outcomes = [control.outcome for control in drawn.controls]
    assert outcomes[2] == "error"
    assert outcomes.count("correct") == len(outcomes) - 1
    assert drawn.controls[2].error == "server said 500"


def test_an_outage_is_not_asked_on(answer):
    """If every control sample failed, there are no more than N."""
    drawn = answer("debate", Fake(lambda r: "boom" if r.role == "control" else "42", tokens={"agent": 100}))
    assert [control.outcome for control in drawn.controls] == ["error"] * 7


def test_draws_are_logged_after_the_record(answer):
    """The log has the record first, then every control sample once."""
    drawn = answer("debate", Fake())
    assert drawn.logged[0] == drawn.record
    assert sorted(c.epoch for c in drawn.logged[1:]) == [c.epoch for c in drawn.controls]
    assert len({one.key for one in drawn.logged}) == 8


def test_the_same_draws_for_every_strategy(answer):
    """Control samples with the same number have the same seed for all strategies."""
    seeds = []
    for typed in ("debate", "self_consistency:n_samples=7"):
        fake = Fake()
        answer(typed, fake)
        seeds.append([request.seed for request in fake.draws()])
    assert seeds[0] == seeds[1]


@pytest.mark.parametrize(
    ("typed", "reply", "more"),
    [
        ("single", "42", {}),
        ("self_consistency:n_samples=1", "42", {}),
        ("debate", "cut…", {}),
        ("debate", "boom", {}),
        ("debate", "42", {"epoch": 2}),
        ("debate", "42", {"equal_budget": False}),
    ],
    ids=["single", "one call", "truncated", "error", "epoch 2", "not asked for"],
)
def test_nothing_is_drawn(answer, typed, reply, more):
    """No control samples for one call, an answer without score, later epochs, or without the option."""
    fake = Fake(lambda request: reply)
    assert answer(typed, fake, **more).controls == []
    assert fake.draws() == []


def test_nothing_is_drawn_for_a_caller_that_takes_no_draws(tmp_path):
    """Without a receiver for control samples none is made."""
    fake, runtime = Fake(), Runtime(RunOptions(equal_budget=True), "r")
    runtime.wait(runtime.submit(one_case(tmp_path, "debate"), fake, fake))
    runtime.close()
    assert len(fake.asked) == 7


def test_the_task_files_temperature_holds_for_draws(answer):
    """The option's temperature, else `generate.temperature` of the task file, applies to control samples."""
    fake = Fake()
    answer("debate", fake, more="generate: {temperature: 0.3}\n")
    answer("debate", fake, more="generate: {temperature: 0.3}\n", generate=GenerationConfig(temperature=1.5))
    assert [request.params.temperature for request in fake.draws()] == [0.3] * 7 + [1.5] * 7


def test_calls_of_a_scorer_are_not_the_strategys(answer):
    """Calls of a scorer do not count as calls or tokens of the strategy."""

    @scorer("test_equal_budget_asks")
    async def asks(output, sample, ask):
        await ask("Is it right?", role="scorer", judge=True)
        return 1.0

    drawn = answer("debate", Fake(tokens={"scorer": 1000}), scorer="test_equal_budget_asks")
    assert (drawn.record.usage["calls"], drawn.record.answer_metadata["scoring_calls"]) == (8, 1)
    assert usage_of(drawn.record) == TokenUsage(calls=7, tokens=35, cost_usd=3.5)
    assert len(drawn.controls) == 7
    assert [call["role"] for call in strategy_calls(drawn.controls[0])] == ["control"]


def test_labels_cannot_collide(tmp_path):
    """Two strategies never share a control, and a user's strategy cannot take a control's label."""
    labels = ["debate", "debate.n_agents=5", "debate.n_agents=5,n_rounds=3", "single.control=x"]
    assert [controlled(control_label(label)) for label in labels] == labels
    assert controlled("single") is None
    from pytest_hiddenlayer.registry import strategies

    @strategy("single")
    async def single(context, *, control="none"):
        return Answer(output="")

    try:
        with pytest.raises(UsageError, match=r"single\.control=debate"):
            one_case(tmp_path, "single:control=debate")
    finally:
        del strategies._registered["single"]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.integers(1, 2000), st.integers(1, 60))
def test_no_draw_is_asked_in_vain(tokens, budget, most):
    """The number due never exceeds the limit, nor what is needed at the length of the longest so far."""
    drawn = [made("a", 1.0, tokens=t) for t in tokens]
    due = samples_due(drawn, budget, max(most, len(drawn)))
    assert 0 <= due <= max(most, len(drawn)) - len(drawn)
    assert sum(tokens) + (due - 1) * max(tokens) < budget or due == 0
    assert (due == 0) == (sum(tokens) >= budget or len(drawn) >= most)


def test_shared_control_samples_are_asked_once_for_all_strategies(answer_all):
    """A debate of 7 calls and 9 samples share control samples: 9 are asked, in one cell."""
    fake = Fake()
    drawn = answer_all(("debate", "self_consistency:n_samples=9"), fake, shared_controls="calls")
    assert sorted(control.epoch for control in drawn) == list(range(1, 10))
    assert {control.label for control in drawn} == {control_label(SHARED_CONTROLS)}
    assert len(fake.draws()) == 9


@pytest.mark.parametrize(("unit", "n"), [("calls", 7), ("tokens", 14), ("cost_usd", 7)])
def test_shared_control_samples_reach_the_unit(answer_all, unit, n):
    """A debate of 7 calls, 70 tokens and $3.50 gets 7 control samples, or 14 of 5 tokens, or 7 of $0.50."""
    fake = Fake(tokens={"agent": 10, "judge": 10})
    assert len(answer_all(("debate",), fake, shared_controls=unit)) == n


@pytest.mark.parametrize(("reply", "n"), [("cut…", 7), ("boom", 0)])
def test_an_answer_without_a_score_shares_control_samples_too(answer_all, reply, n):
    """If it counts as wrong, it is compared; a failed call has no answer."""
    fake = Fake(lambda request: "42" if request.role == "control" else reply)
    assert len(answer_all(("debate",), fake, shared_controls="calls")) == n


def test_a_strategy_of_one_call_shares_a_control_sample(answer_all):
    """One call is compared with one sample at the vote's temperature; `single` is no strategy to compare."""
    assert len(answer_all(("self_consistency:n_samples=1", "single"), Fake(), shared_controls="calls")) == 1
