"""Building records: usage and cost, plain JSON values and the key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.cases import run, run_with

from pytest_hiddenlayer.registry import strategy
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.types import Answer, Completion, GenerationConfig, Message, Request, Usage


class PricedProvider:
    """A provider that answers `yes` with the given input tokens and costs, in order."""

    model = "priced"

    def __init__(self, *usages: tuple[int | None, float | None]) -> None:
        self._usages: Iterator[tuple[int | None, float | None]] = iter(usages)

    async def complete(self, request: Request) -> Completion:
        tokens, cost = next(self._usages)
        usage = Usage(input_tokens=tokens, output_tokens=1, calls=1)
        return Completion(text="yes", finish_reason="stop", usage=usage, latency_s=0, model="priced", cost_usd=cost)

    async def close(self) -> None:
        """Do nothing: no resource is open."""


@pytest.mark.parametrize(
    ("usages", "tokens", "cost"),
    [
        (((3, 0.5), (4, 0.25)), 7, 0.75),
        (((3, 0.5), (None, 0.25)), None, 0.75),
        (((3, None), (4, 0.25)), 7, None),
        (((0, 0.0), (0, 0.0)), 0, 0.0),
    ],
)
def test_tokens_and_costs_are_summed_unless_unknown(case, usages, tokens, cost):
    """One call with unknown tokens or cost makes that sum unknown, never 0; a free call costs 0."""
    two_calls = case(strategies=(parse_strategy("self_consistency:n_samples=2"),))
    record = run_with(two_calls, PricedProvider(*usages))
    assert (record.usage["input_tokens"], record.usage["output_tokens"], record.cost_usd) == (tokens, 2, cost)


def test_unknown_tokens_stay_unknown():
    """The sum of known and unknown tokens is unknown; an empty usage adds nothing."""
    known, unknown = Usage(input_tokens=3, output_tokens=1, calls=1), Usage(output_tokens=1, calls=1)
    total = Usage() + known + unknown
    assert (total.input_tokens, total.output_tokens, total.calls) == (None, 2, 2)


def test_a_chat_and_several_targets_are_plain_json(case):
    """A record contains messages and accepted answers as the task file does."""
    chat = (Message(role="user", content="hi"),)
    text_case = case()
    chat_case = replace(text_case, sample=replace(text_case.sample, input=chat, target=("yes", "yep")))
    record = json.loads(json.dumps(run(chat_case, {"default": "yep"}).to_json(), allow_nan=False))
    assert (record["input"], record["target"]) == ([{"role": "user", "content": "hi"}], ["yes", "yep"])
    assert record["outcome"] == "correct"


def test_a_record_is_plain_json_even_with_lone_surrogates(case):
    """A record with any model output can be encoded as JSON in UTF-8."""
    record = run(case(), {"default": "bad \ud800 text"})
    text = json.dumps(record.to_json(), allow_nan=False, ensure_ascii=False)
    assert "bad \\\\ud800 text" in text.encode("utf-8").decode()


def test_lone_surrogates_are_escaped_everywhere(case):
    """Lone surrogates in the output and in the keys and values of metadata are escaped."""

    @strategy("test_engine_surrogates")
    async def surrogates(context):
        completion = await context.ask("\udc00", role="r")
        return Answer(output=completion.text, metadata={"\ud800": ["\ud801"]})

    record = run(case(strategies=(parse_strategy("test_engine_surrogates"),)), {})
    encoded = json.dumps(record.to_json(), allow_nan=False, ensure_ascii=False).encode("utf-8")
    metadata = json.loads(encoded)["answer_metadata"]
    assert {"\\ud800", "\\ud801", "\\udc00"} <= {*metadata["\\ud800"], *metadata, record.output}


@pytest.mark.parametrize("value", [float("nan"), {1}, Path("x")])
def test_metadata_that_is_not_json_does_not_break_the_record(case, value):
    """A record can be written even if a user's strategy returns metadata that is not JSON."""

    @strategy("test_engine_metadata")
    async def bad_metadata(context):
        return Answer(output="yes", metadata={"x": value})

    json.dumps(run(case(strategies=(parse_strategy("test_engine_metadata"),)), {}).to_json(), allow_nan=False)


def test_the_key_depends_on_what_determines_the_answer(case):
    """The key changes with the seed, the strategy and the overrides, and with nothing else."""
    keys = [
        run(case(), {}).key,
        run(case(), {}).key,
        run(case(seed=1), {}).key,
        run(case(strategies=(parse_strategy("self_consistency"),)), {}).key,
        run(case(), {}, GenerationConfig(temperature=1.0)).key,
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
