"""Thresholds are learnt on one part of the samples, and every figure is of the other part."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_hiddenlayer.analysis.cascades.questions import Question, Spent, StoredQuestions
from pytest_hiddenlayer.analysis.cascades.thresholds import learn_threshold, split
from pytest_hiddenlayer.errors import UsageError

CHEAP, EXPENSIVE = Spent(usd=0.0, tokens=10, calls=1), Spent(usd=0.0, tokens=100, calls=1)


def question(name, signal, first, last=1.0, group=None):
    """A question with the scores of both models; the first answer is 10 tokens, the last one 100."""
    return Question(
        sample_id=str(name),
        group=group,
        signal=signal,
        first_score=first,
        last_score=last,
        first=CHEAP,
        last=EXPENSIVE,
    )


def stored(questions, signal="mean_logprob"):
    """The questions as those of a run."""
    return StoredQuestions(
        task="t", models=("own:small", "own:large"), signal=signal, questions=tuple(questions), left_out=0
    )


SEPARATED = [question(i, 0.9 if i % 2 else 0.3, float(i % 2)) for i in range(40)]
"""The first model is right on 20 questions, those that it is sure of; the last one on all 40."""


def test_a_confidence_that_separates_right_from_wrong_saves_half_of_the_calls():
    """The threshold lies between both confidences: nothing is lost, and the last model answers half of them."""
    learnt = learn_threshold(stored(SEPARATED))
    assert learnt.strategy == "cascade"
    assert learnt.threshold == 0.6
    assert (learnt.n_train, learnt.n_test) == (20, 20)
    assert learnt.accuracy == learnt.accuracy_last == 1.0
    assert learnt.against_last.difference == 0.0
    right = 1 - learnt.asked_last
    assert learnt.accuracy_first == pytest.approx(right)
    # a question that stops costs 10 tokens, one that goes on 110, the last model alone 100
    assert learnt.saved == pytest.approx(1 - (10 * right + 110 * (1 - right)) / 100)
    assert learnt.saved_ci95[0] < learnt.saved < learnt.saved_ci95[1]
    # asking the last model as often at random: right there, and by chance where the first model answers
    assert learnt.against_random.difference == pytest.approx(1 - ((1 - right) + right * right))
    assert learnt.unit == "tokens"
    assert learnt.params() == {"models": "own:small+own:large", "confidence": "mean_logprob", "threshold": 0.6}


def test_no_sample_and_no_group_is_on_both_sides():
    """Epochs of a sample and samples of a group are learnt on together or reported on together."""
    questions = [question(i, 0.5, 1.0, group=f"g{i % 7}") for i in range(28)] + [
        question(i, 0.5, 1.0) for i in range(99, 110)
    ] * 2
    for seed in range(20):
        training, held_out = split(questions, 0.5, seed)
        assert not {q.cluster for q in training} & {q.cluster for q in held_out}
        assert len(training) + len(held_out) == len(questions)
    assert split(questions, 0.5, 1) != split(questions, 0.5, 2)


def test_figures_are_those_of_the_held_out_part_only():
    """A threshold that fits the training part by chance is shown to be worth nothing on the other part."""
    training = split(SEPARATED, 0.5, 0)[0]
    names = {q.sample_id for q in training}
    questions = [q if q.sample_id in names else question(q.sample_id, q.signal, 0.0) for q in SEPARATED]
    learnt = learn_threshold(stored(questions))
    assert learnt.train_accuracy == 1.0
    assert learnt.accuracy == pytest.approx(learnt.asked_last)
    assert learnt.against_last.difference < 0
    assert learnt.against_last.ci95[1] < 0


def test_a_signal_that_says_nothing_has_no_threshold():
    """If no threshold keeps the accuracy more cheaply, none is returned, and no figure of one."""
    questions = [question(i, 0.5, float(i % 4 == 0)) for i in range(40)]
    learnt = learn_threshold(stored(questions))
    assert (learnt.threshold, learnt.accuracy, learnt.saved, learnt.against_last) == (None, None, None, None)
    assert learnt.accuracy_last == 1.0
    with pytest.raises(ValueError, match="no threshold"):
        learnt.params()


def test_a_loss_may_be_accepted():
    """`max_loss` takes the first model's answers even if some more of them are wrong."""
    questions = [question(i, 0.5, float(i % 4 != 0)) for i in range(40)]
    assert learn_threshold(stored(questions)).threshold is None
    learnt = learn_threshold(stored(questions), max_loss=0.5)
    assert learnt.threshold == 0.0
    assert learnt.asked_last == 0.0
    assert learnt.saved == pytest.approx(0.9)


def test_models_may_complement_each_other():
    """If nothing is cheaper, the most accurate threshold is taken, and the figures say what it costs."""
    questions = [question(i, float(i % 2), float(i % 2 == 0), float(i % 2)) for i in range(40)]
    expensive_first = [dataclasses.replace(q, first=EXPENSIVE, last=CHEAP) for q in questions]
    learnt = learn_threshold(stored(expensive_first, "numbers"))
    assert learnt.threshold == 1.0
    assert (learnt.accuracy, learnt.accuracy_last) == (1.0, pytest.approx(learnt.asked_last))
    assert learnt.saved < 0


def test_an_unknown_confidence_asks_the_last_model():
    """Whatever the threshold, a question without confidence or without a first score goes on."""
    questions = [
        *SEPARATED,
        *(question(i, None, 0.0) for i in range(50, 60)),
        *(question(i, 0.95, None) for i in range(60, 64)),
    ]
    learnt = learn_threshold(stored(questions))
    assert learnt.accuracy == 1.0
    assert learnt.asked_last > 0.5
    assert learnt.accuracy_first is None


def test_a_router_pays_for_the_chosen_model_only():
    """Short prompts go to the first model: the threshold is the first number of words that goes to the last one."""
    questions = [question(i, float(i), float(i < 20)) for i in range(40)]
    learnt = learn_threshold(stored(questions, "words"))
    assert learnt.strategy == "router"
    assert 10 < learnt.threshold <= 20
    assert learnt.threshold == int(learnt.threshold)
    assert learnt.saved == pytest.approx(0.9 * (1 - learnt.asked_last))
    assert learnt.params() == {"models": "own:small+own:large", "route_by": "words", "threshold": learnt.threshold}


def test_dollars_are_used_if_they_are_known():
    """The cost is in dollars if all are known and not all are 0, and in calls if tokens are unknown."""
    priced = [
        Question(sample_id=str(i), group=None, signal=0.9, first_score=1.0, last_score=1.0,
                 first=Spent(usd=1.0, tokens=None, calls=2), last=Spent(usd=4.0, tokens=None, calls=1))
        for i in range(8)
    ]  # fmt: skip
    learnt = learn_threshold(stored(priced))
    assert (learnt.unit, learnt.saved) == ("usd", 0.75)
    unpriced = [Question(sample_id=q.sample_id, group=None, signal=0.9, first_score=1.0, last_score=1.0,
                         first=Spent(usd=None, tokens=None, calls=1), last=Spent(usd=None, tokens=None, calls=4))
                for q in priced]  # fmt: skip
    learnt = learn_threshold(stored(unpriced))
    assert (learnt.unit, learnt.saved) == ("calls", 0.75)


@pytest.mark.parametrize(("count", "train"), [(3, 0.5), (40, 1.0), (40, 0.0)])
def test_both_parts_need_samples(count, train):
    """Fewer than two samples to learn on, or to report on, are an error and no figure."""
    with pytest.raises(UsageError, match="fewer than 2 in one part; run more samples"):
        learn_threshold(stored(SEPARATED[:count]), train=train)
