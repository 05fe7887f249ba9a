"""`debate_when_needed`: when there is a debate, and what its agents read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from support.strategies import QUESTION, FakeProvider

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.strategies.bind import bind_strategy, parse_strategy
from pytest_hiddenlayer.strategies.debate.when_needed import token_confidence
from pytest_hiddenlayer.types import Completion, Request

ROUNDS = (("I say 11.", "I say 22.", "I say 33."), ("So 42.", "So 41.", "So 42."))


@dataclass
class WithLogprobs(FakeProvider):
    """A fake provider whose tokens have these probabilities, by agent; other roles have none."""

    probabilities: dict[str, tuple[float, ...]] = field(default_factory=dict)

    async def complete(self, request: Request) -> Completion:
        completion = await super().complete(request)
        known = self.probabilities.get(request.role)
        return replace(completion, logprobs=tuple(map(math.log, known))) if known else completion


def replies(*rounds: tuple[str, ...], confidence: str = "90", judge: str = "I rule: 7") -> Callable[[Request], str]:
    """Replies by round and agent, the confidence that each agent states, and the judge's."""

    def reply(request: Request) -> str:
        if request.role == "judge":
            return judge
        if request.role.startswith("confidence"):
            return confidence
        return rounds[request.round][int(request.role[-1]) - 1]

    return reply


def spoken(fake: FakeProvider) -> list[tuple[str, int]]:
    """Role and round of every call, in order."""
    return [(request.role, request.round) for request in fake.requests]


def test_a_confident_first_answer_is_the_result(answer):
    """With a mean probability above the threshold there is one call and no debate."""
    fake = WithLogprobs(replies(*ROUNDS), probabilities={"agent-1": (0.8, 1.0)})
    record = answer("debate_when_needed", fake)
    assert spoken(fake) == [("agent-1", 0)]
    assert record.output == "I say 11."
    assert (record.answer_metadata["debated"], record.answer_metadata["why"]) == (False, "")
    assert record.answer_metadata["confidences"] == [[pytest.approx(0.9)]]


def test_a_confidence_at_the_threshold_is_not_above_it(answer):
    """A debate starts at the threshold itself, and the metadata says why."""
    fake = WithLogprobs(replies(*ROUNDS), probabilities={"agent-1": (0.5,)})
    metadata = answer("debate_when_needed:threshold=0.5", fake).answer_metadata
    assert (metadata["debated"], metadata["why"]) == (True, "the confidence 0.5 is not above 0.5")


def test_a_debate_follows_a_first_answer_of_low_confidence(answer):
    """The other agents answer the task alone, then all answer again, and the most frequent answer wins."""
    fake = WithLogprobs(
        replies(*ROUNDS), overlapping={1: 3}, probabilities={f"agent-{i}": (0.2 * i,) for i in (1, 2, 3)}
    )
    record = answer("debate_when_needed", fake)
    agents = ["agent-1", "agent-2", "agent-3"]
    assert spoken(fake)[:3] == [(role, 0) for role in agents]
    assert sorted(spoken(fake)[3:]) == [(role, 1) for role in agents]
    assert fake.prompts("agent-.", 0) == [QUESTION] * 3
    assert (record.output, record.outcome) == ("So 42.", "correct")
    assert record.answer_metadata["answers"] == [["11", "22", "33"], ["42", "41", "42"]]


def test_the_agents_read_all_answers_with_their_confidences(answer):
    """Each agent reads its own reply and the others', each with its confidence in percent."""
    probabilities = {f"agent-{i}": (0.2 * i,) for i in (1, 2, 3)}
    fake = WithLogprobs(replies(*ROUNDS), probabilities=probabilities)
    answer("debate_when_needed", fake)
    (prompt,) = fake.prompts("agent-2", 1)
    assert QUESTION in prompt
    assert "Your answer was: I say 22. (confidence: 40%)\n" in prompt
    assert "- I say 11. (confidence: 20%)\n- I say 33. (confidence: 60%)\n" in prompt


def test_an_agent_without_log_probabilities_is_shown_without_confidence(answer):
    """Among several models, one may report none: its confidence is unknown, not 0."""
    fake = WithLogprobs(replies(*ROUNDS), probabilities={"agent-1": (0.2,), "agent-2": (0.4,)})
    record = answer("debate_when_needed", fake)
    assert "- I say 33.\n" in fake.prompts("agent-1", 1)[0]
    assert record.answer_metadata["confidences"][0] == [pytest.approx(0.2), pytest.approx(0.4), None]


def test_a_provider_without_log_probabilities_is_unscored(answer):
    """A threshold that cannot be applied is one sentence with the way out, after one call."""
    fake = FakeProvider(replies(*ROUNDS))
    record = answer("debate_when_needed", fake)
    assert (record.outcome, len(fake.requests)) == ("unscored", 1)
    assert "returned no log-probabilities; use trigger=verbalized or trigger=disagreement" in record.error


@pytest.mark.parametrize("first", ["I pass.", "It is 4…"])
def test_a_first_answer_that_cannot_be_read_starts_the_debate(answer, first):
    """However confident it is, a reply without answer or a truncated one is no result."""
    rounds = ((first, "I say 22.", "I say 33."), ROUNDS[1])
    fake = WithLogprobs(replies(*rounds), probabilities={"agent-1": (1.0,)})
    record = answer("debate_when_needed", fake)
    assert record.answer_metadata["why"] == "the first answer cannot be read"
    assert record.output == "So 42."


def test_a_stated_confidence_decides(answer):
    """With trigger=verbalized the agent states how sure it is, in a second turn."""
    fake = FakeProvider(replies(*ROUNDS, confidence="90"))
    record = answer("debate_when_needed:trigger=verbalized", fake)
    assert spoken(fake) == [("agent-1", 0), ("confidence-1", 0)]
    assert record.answer_metadata["confidences"] == [[0.9]]
    fake = FakeProvider(replies(*ROUNDS, confidence="60"))
    answer("debate_when_needed:trigger=verbalized", fake)
    assert len(fake.requests) == 3 + 3 + 3  # nobody reads how sure the last round is


def test_a_stated_confidence_that_cannot_be_read_starts_the_debate(answer):
    """It counts neither as sure nor as unsure: the metadata says that it is unknown."""
    fake = FakeProvider(replies(*ROUNDS, confidence="I feel fine."))
    metadata = answer("debate_when_needed:trigger=verbalized", fake).answer_metadata
    assert metadata["debated"]
    assert metadata["why"].startswith("the confidence is unknown: the reply is not one number")
    assert metadata["confidences"][0] == [None, None, None]


def test_confidences_are_those_of_the_round_before(answer):
    """With three rounds the agents state their confidence after round 0 and after round 1."""
    fake = FakeProvider(replies(*ROUNDS, ("42", "42", "42"), confidence="50"))
    answer("debate_when_needed:trigger=verbalized,n_rounds=3", fake)
    assert [(r.role, r.round) for r in fake.requests if r.role == "confidence-2"] == [
        ("confidence-2", 0),
        ("confidence-2", 1),
    ]


def test_equal_first_answers_need_no_debate(answer):
    """With trigger=disagreement all agents answer at once; if they agree, the first completion is the result."""
    fake = FakeProvider(replies(("It is 42.", "42.0", "So 42")), overlapping={0: 3})
    record = answer("debate_when_needed:trigger=disagreement", fake)
    assert (record.output, len(fake.requests)) == ("It is 42.", 3)
    assert not record.answer_metadata["debated"]


@pytest.mark.parametrize(
    ("first", "why"),
    [(("42", "42", "41"), "the first answers differ"), (("42", "42", "none"), "a first answer cannot be read")],
)
def test_different_first_answers_start_the_debate(answer, first, why):
    """One other answer, or one that cannot be read, is enough; no confidence is asked for or shown."""
    fake = FakeProvider(replies(first, ROUNDS[1]))
    record = answer("debate_when_needed:trigger=disagreement", fake)
    assert record.answer_metadata["why"] == why
    assert len(fake.requests) == 6
    assert not any("confidence" in prompt for prompt in fake.prompts())


def test_a_judge_may_decide(answer):
    """With aggregation=judge the run's judge reads the last replies, and its completion is the output."""
    fake = FakeProvider(replies(("1", "2", "3"), ROUNDS[1]))
    record = answer("debate_when_needed:trigger=disagreement,aggregation=judge", fake)
    assert all(text in fake.prompts("judge")[0] for text in ROUNDS[1])
    assert record.output == "I rule: 7"


def test_a_debate_without_a_readable_answer_is_unscored(answer):
    """If no last reply can be read, there is no vote and no score; the reason is kept."""
    record = answer("debate_when_needed:trigger=disagreement", FakeProvider(lambda request: "I pass."))
    assert (record.outcome, record.score) == ("unscored", None)
    assert "none of their last replies has one that can be read: 'I pass.'" in record.error


def test_a_tie_goes_to_the_first_and_is_recorded(answer):
    """Three different last answers are a tie."""
    fake = FakeProvider(replies(("1", "2", "3"), ("4", "5", "6")))
    record = answer("debate_when_needed:trigger=disagreement", fake)
    assert (record.output, record.answer_metadata["final_majority"]["tie"]) == ("4", True)


def test_the_confidence_does_not_depend_on_the_last_digits_of_a_probability(answer):
    """A batch or a cassette changes the last digits: the confidence and what follows from it stay the same."""
    records = [
        answer("debate_when_needed", WithLogprobs(replies(("42",)), probabilities={"agent-1": (probability,)}))
        for probability in (0.994589, 0.994594)
    ]
    assert [record.answer_metadata["confidences"] for record in records] == [[[0.9946]], [[0.9946]]]


def test_the_confidence_of_tokens():
    """Of 0.9 and 0.4, `mean_probability` is 0.65 and `mean_logprob` 0.6; without tokens both are unknown."""
    logprobs = (math.log(0.9), math.log(0.4))
    assert token_confidence(logprobs, "mean_probability") == pytest.approx(0.65)
    assert token_confidence(logprobs, "mean_logprob") == pytest.approx(0.6)
    assert token_confidence((), "mean_logprob") is None
    assert token_confidence(None, "mean_probability") is None


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("trigger=disagreement,threshold=0.5", "threshold has no effect with trigger=disagreement"),
        ("threshold=1.5", "threshold must be from 0 to 1, got 1.5"),
        ("n_rounds=1", "n_rounds must be from 2 to 1000, got 1"),
        ("trigger=mood", "trigger must be one of 'mean_probability'"),
    ],
)
def test_values_that_do_not_fit_are_refused(written, message):
    """A wrong value is one sentence before any call."""
    with pytest.raises(UsageError, match=message):
        bind_strategy(parse_strategy(f"debate_when_needed:{written}"))
