"""The context of a case: generation parameters, seeds and the order of the transcript."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from support.cases import run, run_with

from pytest_hiddenlayer.engine.cases import Case, cases
from pytest_hiddenlayer.registry import strategy
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.types import Answer, Completion, GenerationConfig, Request, Usage


class ParamsRecorder:
    """A provider that keeps the parameters of its last request."""

    model = "recorder"
    params = GenerationConfig()

    async def complete(self, request: Request) -> Completion:
        self.params = request.params
        return Completion(text="yes", finish_reason="stop", usage=Usage(calls=1), latency_s=0.0, model=self.model)

    async def close(self) -> None:
        """Do nothing: no resource is open."""


@pytest.mark.parametrize(
    ("typed", "task", "option", "expected"),
    [
        ("self_consistency", "", None, 0.8),
        ("self_consistency", "generate: {temperature: 0.5}\n", None, 0.5),
        ("self_consistency:temperature=0.3", "generate: {temperature: 0.5}\n", None, 0.3),
        ("self_consistency:temperature=0.3", "generate: {temperature: 0.5}\n", 0.1, 0.1),
        ("single", "", None, None),
        ("self_consistency", "generate: {temperature: null}\n", None, None),
        ("self_consistency", "generate: {temperature: null}\n", 0.1, 0.1),
        ("self_consistency:temperature=0.3", "generate: {temperature: null}\n", None, 0.3),
    ],
)
def test_temperature_precedence(case, typed, task, option, expected):
    """Option > parameter written for the strategy > task file > the strategy's default; null in a task file omits.

    A temperature that none of them sets is not in the request.
    """
    recorder = ParamsRecorder()
    run_with(case(more=task, strategies=(parse_strategy(typed),)), recorder, GenerationConfig(temperature=option))
    assert recorder.params.temperature == expected


@pytest.mark.parametrize("typed", ["single", "debate", "self_consistency", "manager_worker"])
def test_top_p_is_never_chosen_for_the_user(case, typed):
    """A request has a top_p only if the task file has one."""
    recorder = ParamsRecorder()
    run_with(case(strategies=(parse_strategy(typed),)), recorder, GenerationConfig())
    assert recorder.params.top_p is None
    run_with(case(more="generate: {top_p: 0.9}\n", strategies=(parse_strategy(typed),)), recorder, GenerationConfig())
    assert recorder.params.top_p == 0.9


def seeds(
    case: Callable[..., Case], typed: str = "debate", **options: object
) -> dict[tuple[str, int, str, int], int]:
    """Return the seed of each (sample, epoch, role, round), over all cases of the cell."""
    by_call = {}
    for cell_case in cases(case(strategies=(parse_strategy(typed),), epochs=2, **options).cell):
        for call in run(cell_case, {"default": "yes"}).transcript:
            by_call[cell_case.sample.id, cell_case.epoch, call["role"], call["round"]] = call["seed"]
    return by_call


def test_no_two_calls_of_a_cell_share_a_seed(case):
    """Each sample, epoch, agent and round has its own seed: 2 × 2 × (3 × 2 + 1) seeds."""
    by_call = seeds(case)
    assert len(by_call) == len(set(by_call.values())) == 28


def test_seeds_do_not_depend_on_other_samples(case):
    """A sample's seeds are the same in a run of one sample and in a run of all."""
    all_seeds, limited_seeds = seeds(case), seeds(case, limit=1)
    assert limited_seeds == {key: seed for key, seed in all_seeds.items() if key[0] == "a"}


def test_a_second_call_of_a_role_has_another_seed(case):
    """Two calls of one role in one round have different seeds."""

    @strategy("test_engine_twice")
    async def twice(context):
        completions = [await context.ask("q", role="r") for _ in range(2)]
        return Answer(output=completions[-1].text)

    record = run(case(strategies=(parse_strategy("test_engine_twice"),)), {})
    assert len({call["seed"] for call in record.transcript}) == 2


def test_concurrent_calls_of_one_role_have_distinct_seeds(case):
    """Three concurrent calls of one role have three different seeds."""

    @strategy("test_engine_concurrent")
    async def concurrent(context):
        completions = await asyncio.gather(*(context.ask("q", role="r") for _ in range(3)))
        return Answer(output=completions[0].text)

    record = run(case(strategies=(parse_strategy("test_engine_concurrent"),)), {})
    assert len({call["seed"] for call in record.transcript}) == 3


def test_the_same_seed_gives_the_same_record(case):
    """If a model depends on the seed, equal run seeds have equal outputs, and other seeds do not."""
    script = {"rules": [{"replies": [str(i) for i in range(1000)]}]}
    outputs = [
        [
            call["completion"]
            for call in run(case(strategies=(parse_strategy("debate"),), seed=seed), script).transcript
        ]
        for seed in (0, 0, 1)
    ]
    assert outputs[0] == outputs[1] != outputs[2]


def test_the_transcript_is_in_request_order(case):
    """A slow first agent is still first in the transcript."""
    script = {"rules": [{"role": "agent-1", "delay_s": 0.05, "reply": "yes"}], "default": "yes"}
    record = run(case(strategies=(parse_strategy("debate"),)), script)
    assert [call["role"] for call in record.transcript][:3] == ["agent-1", "agent-2", "agent-3"]
