"""Tests of the scores that a strategy may see."""

from __future__ import annotations

import pytest
from support.strategies import FakeProvider

from pytest_hiddenlayer import Answer, registry

TASK = """task: t
samples: [{id: a, input: "Name a number.", target: 42}]
scorers: [numeric, {pattern: {pattern: '\\d+', as: digits}}]
"""


@pytest.fixture
def asking(monkeypatch):
    """Return a function that registers a strategy asking for a named score, and returns the scores that it saw."""
    seen = []

    def register(scorer: str) -> list:
        async def asks(context):
            completion = await context.ask(context.messages, role="answer")
            assert context.sample.target is None
            seen.append(await context.feedback(completion.text, scorer))
            return Answer(output=completion.text, finish_reason=completion.finish_reason)

        monkeypatch.setitem(registry.strategies._registered, "asks", asks)
        return seen

    return register


def test_a_scorer_without_target_gives_its_score(answer, asking):
    """A strategy reads the score of a rule that knows nothing of the right answer."""
    seen = asking("digits")
    record = answer("asks", FakeProvider(lambda _: "It is 41."), task=TASK)
    assert [score.value for score in seen] == [1.0]
    assert record.outcome == "incorrect"


@pytest.mark.parametrize(("scorer", "why"), [("numeric", "must not see it"), ("digit", "did you mean 'digits'")])
def test_a_score_that_needs_the_target_is_refused(answer, asking, scorer, why):
    """No strategy can learn whether its answer is right, and a misspelt name leads to the right one."""
    asking(scorer)
    with pytest.raises(Exception, match=why):
        answer("asks", FakeProvider(lambda _: "42"), task=TASK)
