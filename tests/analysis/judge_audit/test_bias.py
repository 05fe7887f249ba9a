"""Position bias, length bias and self-preference: the metrics find what the scripted judge does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from statsmodels.stats.proportion import proportion_confint
from support.audits import FIRST, SECOND, log, only, pair_of, people, prefers, values

from pytest_hiddenlayer.analysis.judge_audit.metrics import position_bias
from pytest_hiddenlayer.analysis.judge_audit.pairs import JudgedPair
from pytest_hiddenlayer.cli import main


def test_a_judge_that_always_says_first(run, audit):
    """Order consistency is 0, position bias towards first is 1, and every vote is for the first."""
    result = audit(FIRST)
    assert values(result, "position") == [0, 1, 0, 1]
    assert only(result, "position", "votes")["n"] == 60
    low, high = proportion_confint(0, 30, method="beta")
    assert only(result, "position", "order consistency")["ci95"] == pytest.approx([low, high])


def test_a_judge_that_always_says_second(run, audit):
    """Position bias towards second is 1."""
    assert values(audit(SECOND), "position") == [0, 0, 1, 0]


def test_an_honest_judge_has_no_place(run, audit):
    """Order consistency is 1, and each position gets half of the votes."""
    assert values(audit(prefers("right.")), "position") == [1, 0, 0, 0.5]


def test_a_place_preferred_in_a_third(run, audit):
    """Consistent on the twenty samples with one right answer, biased towards first on the ten others."""
    result = audit(prefers("right.", default="[[A]]"))
    assert values(result, "position") == [pytest.approx(x) for x in (2 / 3, 1 / 3, 0, (20 + 20) / 60)]
    low, high = proportion_confint(20, 30, method="beta")
    assert only(result, "position", "order consistency")["ci95"] == pytest.approx([low, high])


@pytest.mark.parametrize(
    ("said", "leans"),
    [("AA", 1), ("AC", 1), ("CA", 1), ("BB", 2), ("BC", 2), ("CB", 2), ("AB", 0), ("BA", 0), ("CC", 0)],
)
def test_every_pair_of_verdicts(said, leans):
    """Of the nine pairs of verdicts three are consistent, three lean to first, three to second."""
    metrics = list(position_bias([JudgedPair(pair=pair_of("s0"), first=said[0], second=said[1], why="")]))
    assert [metric.value for metric in metrics[:3]] == [float(leans == place) for place in range(3)]


def test_only_ties(run, audit):
    """A judge that always ties is consistent, and its votes show no position."""
    result = audit({"default": "[[C]]"})
    assert values(result, "position") == [1, 0, 0, None]
    assert only(result, "position", "votes")["why"] == "every readable vote was for a tie"


def test_the_terminal_says_which_place(run, capsys):
    """The text names the preferred position if the interval shows one."""
    for script, said in ((FIRST, "prefers the answer shown first"), (SECOND, "prefers the answer shown second")):
        Path("judge.json").write_text(json.dumps(script))
        main(["judge-audit", "--judge", "scripted:judge.json"])
        assert f"→ {said}" in capsys.readouterr().out
    Path("judge.json").write_text(json.dumps(prefers("right.")))
    main(["judge-audit", "--judge", "scripted:judge.json"])
    assert "→ no position bias shown" in capsys.readouterr().out


@pytest.fixture
def equals(here):
    """Twenty samples that both players have right; the longer answer ends with `more.`"""
    for i in range(20):
        for label in ("single", "debate"):
            longer = (label == "single") == (i % 2 == 0)
            log(label, i, f"{label} {'and so much more.' if longer else 'less.'}", True)
    return here


def test_a_judge_that_prefers_the_longer(equals, audit):
    """The longer answer wins every pair, though the scores are equal."""
    metric = only(audit(prefers("more.")), "length", "longer")
    assert (metric["value"], metric["n"]) == (1, 20)
    assert metric["ci95"][0] > 0.8


def test_a_judge_that_prefers_the_shorter(equals, audit):
    """The longer answer wins nothing."""
    assert only(audit(prefers("less.")), "length", "longer")["value"] == 0


@pytest.mark.parametrize("script", [FIRST, SECOND, {"default": "[[C]]"}], ids=["first", "second", "tie"])
def test_a_preferred_place_is_no_preferred_length(equals, audit, script):
    """Position bias alone gives the longer answer exactly half of the wins."""
    assert only(audit(script), "length", "longer")["value"] == 0.5


def test_length_is_looked_at_where_scores_are_equal(run, audit):
    """Length bias is measured only on the pairs with equal scores, ten of thirty."""
    result = audit(prefers("right."))
    assert only(result, "length", "longer")["n"] == 10
    assert only(result, "length", "longer")["value"] == 0.5


@pytest.fixture
def kin(here):
    """Thirty samples: `single` is of gpt-4o, `debate` of another model; each is right alone in a third."""
    for i in range(30):
        for label, model, right in (("single", "gpt-4o", i % 3 != 1), ("debate", "claude-x", i % 3 != 0)):
            end = "even" if i % 3 == 2 else "right" if right else "wrong"
            log(label, i, f"{label} {end} {label}.", right, model=model, slug=model)
    return here


def test_a_judge_that_prefers_its_own(kin, audit):
    """The judge's family wins every pair by the judge and half by the scores: a difference of 0.5."""
    result = audit(prefers("single."), name="gpt-judge.json")
    assert only(result, "self-preference", "by the judge")["value"] == 1
    assert only(result, "self-preference", "family, by scores")["value"] == 0.5
    more = only(result, "self-preference", "more than by scores")
    assert more["value"] == pytest.approx(0.5)
    assert more["ci95"][0] > 0.2
    assert more["n"] == 30


def test_an_honest_judge_of_the_family(kin, audit):
    """A judge that prefers right answers shows no self-preference."""
    result = audit(prefers("right single.", *prefers("right debate.")["rules"]), name="gpt-judge.json")
    assert only(result, "self-preference", "more than by scores")["value"] == 0


def test_a_judge_of_another_family_has_no_own(kin, audit):
    """Without an answer of the judge's family nothing is measured, and the reason names the judge."""
    result = audit(prefers("single."), name="judge.json")
    assert set(values(result, "self-preference")) == {None}
    why = only(result, "self-preference", "by the judge")["why"]
    assert why == "no pair with a verdict has exactly one answer of the judge's model family (judge.json)"


def test_two_of_the_family_are_no_pair(here, audit):
    """A pair with both answers of the judge's family measures nothing."""
    log("single", 0, "one.", True, model="gpt-4o", slug="gpt-4o")
    log("debate", 0, "two.", True, model="gpt-4.1", slug="gpt-4.1")
    assert values(audit(FIRST, name="gpt-judge.json"), "self-preference")[0] is None


def test_people_say_how_much_is_too_much(kin, audit):
    """If people prefer the same family as well, the judge exceeds the scores but not people."""
    people(lambda i: "single")
    result = audit(prefers("single."), "--labels", "labels.jsonl", name="gpt-judge.json")
    assert only(result, "self-preference", "family, by people")["value"] == 1
    assert only(result, "self-preference", "more than by people")["value"] == 0
    assert only(result, "self-preference", "more than by scores")["value"] == pytest.approx(0.5)
