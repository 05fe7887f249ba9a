"""`mixture_of_agents`: who reads whose proposals, and what happens to proposals that are no answers."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider

from pytest_hiddenlayer.errors import ParameterError


def by_layer(*layers, final="42"):
    """Replies of the proposers by layer, and that of the aggregator."""

    def reply(request):
        return final if request.role == "aggregator" else layers[request.round][int(request.role.split("-")[1]) - 1]

    return reply


def test_proposers_read_all_proposals_of_the_layer_before(answer):
    """The first layer reads the task alone; later proposers and the aggregator read all of the layer before."""
    fake = FakeProvider(by_layer(("first 1", "first 2"), ("second 1", "second 2")), overlapping={0: 2, 1: 2})
    record = answer("mixture_of_agents:n_proposers=2", fake)
    assert [(r.role, r.round) for r in fake.requests] == [
        ("proposer-1", 0),
        ("proposer-2", 0),
        ("proposer-1", 1),
        ("proposer-2", 1),
        ("aggregator", 2),
    ]
    assert fake.prompts("proposer-.", 0) == [QUESTION, QUESTION]
    for prompt in fake.prompts("proposer-.", 1):
        assert "Answer 1: first 1\nAnswer 2: first 2" in prompt
        assert QUESTION in prompt
    (last,) = fake.prompts("aggregator")
    assert "Answer 1: second 1\nAnswer 2: second 2" in last
    assert "first" not in last
    assert record.outcome == "correct"
    assert record.answer_metadata["agents"] == ["proposer-1", "proposer-2"]
    assert record.answer_metadata["answers"] == [["1", "2"], ["1", "2"]]


def test_the_defaults_are_those_of_the_paper(answer):
    """Six proposers in two layers below the aggregator: 13 calls at a temperature of 0.7."""
    fake = FakeProvider(lambda _: "42")
    answer("mixture_of_agents", fake)
    assert len(fake.requests) == 13
    assert {r.params.temperature for r in fake.requests} == {0.7}
    assert len({r.seed for r in fake.requests}) == 13


def test_empty_and_truncated_proposals_are_left_out(answer):
    """Nobody reads an empty proposal, or one that was cut off; the record names them."""
    fake = FakeProvider(by_layer(("It is 42", "  ", "It is 4…")))
    record = answer("mixture_of_agents:n_proposers=3,n_layers=2", fake)
    (last,) = fake.prompts("aggregator")
    assert "Answer 1: It is 42" in last
    assert "Answer 2" not in last
    assert record.answer_metadata["left_out"] == [[0, "proposer-2"], [0, "proposer-3"]]
    assert record.answer_metadata["answers"] == [["42", None, None]]


def test_a_layer_without_a_proposal_is_an_outcome(answer):
    """If every proposal of a layer is empty, the outcome is `unscored`, and nobody aggregates nothing."""
    fake = FakeProvider(by_layer(("It is 42", "42"), ("", "")))
    record = answer("mixture_of_agents:n_proposers=2", fake)
    assert record.outcome == "unscored"
    assert "in layer 2, but every proposal is empty" in record.error
    assert not fake.prompts("aggregator")
    assert len(record.transcript) == 4


@pytest.mark.parametrize("typed", ["n_layers=1", "n_proposers=0", "temperature=-1", "aggregator=mlx+mlx:x"])
def test_parameters_out_of_range_are_refused(answer, typed):
    """A mixture has at least one layer of proposers, and one aggregator."""
    with pytest.raises(ParameterError, match=typed.partition("=")[0]):
        answer(f"mixture_of_agents:{typed}", FakeProvider(lambda _: "42"))
