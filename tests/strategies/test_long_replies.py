"""Replies of a model that does not stop are read in one pass, whatever they repeat."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.strategies.refinement.self_refine import says
from pytest_hiddenlayer.strategies.refinement.steps import read_list
from pytest_hiddenlayer.strategies.sampling.replies import read_choice, read_rating
from pytest_hiddenlayer.strategies.verdicts import read_verdict
from pytest_hiddenlayer.types import Completion, Usage

REPEATED = ["a", " ", "?", "\n", "[", "/", "choice ", "response ", "answer is ", "yes ", "it is ", "rating: "]


@pytest.mark.parametrize("text", REPEATED)
@pytest.mark.parametrize("start", ["", "correct", "Verdict: correct"])
def test_a_reply_that_repeats_itself_is_read(start, text):
    """A hundred thousand repetitions are not a choice or a rating, and no reader hangs at them."""
    reply = Completion(
        text=start + text * 100_000, finish_reason="stop", usage=Usage(), latency_s=0.0, model="m", cost_usd=0.0
    )
    assert read_choice(reply, 3) is None
    assert read_rating(reply, 1, 10) is None
    assert not says(reply.text, "it is correct")
    assert len(read_list(reply, 3)) <= 3
    assert read_verdict(reply) in (None, True)
