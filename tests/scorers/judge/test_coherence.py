"""`coherence`: a judge rates how a text hangs together."""

from __future__ import annotations

import pytest
from support.judges import record, rules, write_case

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.scorers.build import build_scorer
from pytest_hiddenlayer.scorers.capabilities import ScorerCapabilities, capabilities_of
from pytest_hiddenlayer.scorers.judge.coherence import CRITERIA
from pytest_hiddenlayer.types import Spec


@pytest.mark.parametrize("params", [{}, {"mode": "judge"}])
def test_the_run_judge_reads_the_criterion_and_the_text(tmp_path, params):
    """The judge is asked by default and with `mode: judge`; it does not read the question."""
    case = write_case(tmp_path, {"coherence": params})
    judged = record(case, rules({"role": "coherence", "reply": "[[4]]"}))
    assert (judged.score, judged.outcome) == (0.75, "correct")
    prompt = judged.transcript[1]["messages"][-1]["content"]
    assert CRITERIA in prompt
    assert "plums" in prompt
    assert "Which fruit" not in prompt


def test_a_named_model_judges(tmp_path):
    """`model` names the judge."""
    case = write_case(tmp_path, {"coherence": {"model": "scripted:x", "scale": "yes_no"}})
    judged = record(case, rules(), x=rules({"role": "coherence", "reply": "[[no]]"}))
    assert judged.score == 0.0


def test_an_unreadable_verdict_is_unscored(tmp_path):
    """Without a readable verdict there is no score."""
    judged = record(write_case(tmp_path, {"coherence": {}}), rules(answer="Cats like milk. Milk is warm."))
    assert (judged.outcome, judged.score) == ("unscored", None)


def test_an_empty_output_is_not_judged(tmp_path):
    """An empty output makes no call of the judge."""
    judged = record(write_case(tmp_path, {"coherence": {}}), rules(answer=" "))
    assert len(judged.transcript) == 1
    assert judged.score is None


def test_the_judges_are_known_before_it_runs():
    """The capabilities name the judges to open."""
    default, named = (build_scorer(Spec(name="coherence", params=params)) for params in ({}, {"model": "mlx"}))
    assert capabilities_of(default) == ScorerCapabilities(asks_model=True)
    assert capabilities_of(named) == ScorerCapabilities(asks_model=True, judges=("mlx",))


def test_the_removed_rules_say_what_to_use():
    """`mode: rules` is an error that says why the mode was removed and what replaces it."""
    with pytest.raises(UsageError, match=r"mode: rules was removed, because .* Leave `mode` out .* scorer `rules`"):
        build_scorer(Spec(name="coherence", params={"mode": "rules"}))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"mode": "x"}, "mode must be judge, got 'x'"),
        ({"scale": [1]}, "scale must be yes_no or two whole numbers"),
        ({"samples": 0}, "samples=0"),
    ],
)
def test_wrong_parameters_are_refused(params, message):
    """A wrong parameter is an error before anything runs."""
    with pytest.raises(UsageError, match=message):
        build_scorer(Spec(name="coherence", params=params))
