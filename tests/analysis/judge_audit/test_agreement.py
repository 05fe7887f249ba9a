"""Agreement of a judge with people and with the scores."""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.proportion import proportion_confint
from support.audits import FIRST, only, people, prefers


def test_agreement_with_people(run, audit):
    """Share and kappa are those of the same verdicts by scikit-learn."""
    said = [("single", "debate", "tie")[i % 3] if i < 20 else "single" for i in range(30)]
    people(lambda i: said[i])
    result = audit(prefers("right."), "--labels", "labels.jsonl")
    judge = [("single", "debate", "tie")[i % 3] for i in range(30)]
    same = sum(x == y for x, y in zip(judge, said, strict=True))
    metric = only(result, "agreement", "winner as people")
    assert (metric["value"], metric["n"]) == (pytest.approx(same / 30), 30)
    assert metric["ci95"] == pytest.approx(proportion_confint(same, 30, method="beta"))
    kappa = only(result, "agreement", "kappa with people")
    assert kappa["value"] == pytest.approx(cohen_kappa_score(judge, said))
    assert kappa["ci95"][0] < kappa["value"] < kappa["ci95"][1]


def test_the_majority_of_people_counts(run, audit):
    """Two raters against one decide; even raters are left out."""
    people(lambda i: ("single", "debate", "tie")[i % 3], "ann", "bob")
    people(lambda i: "single", "eve")
    assert only(audit(prefers("right."), "--labels", "labels.jsonl"), "agreement", "as people")["value"] == 1
    people(lambda i: "single", "dan")
    metric = only(audit(prefers("right."), "--labels", "labels.jsonl"), "agreement", "as people")
    assert (metric["value"], metric["n"]) == (1, 10)  # only the samples on which all four say `single`


def test_without_labels_it_is_said(run, audit):
    """Without labels agreement is not measured, and the reason says what to do."""
    metric = only(audit(FIRST), "agreement", "winner as people")
    assert metric["value"] is None
    assert "hiddenlayer label" in metric["why"]


def test_labelled_pairs_come_first(run, audit):
    """With --n below the number of pairs, those that people labelled are judged."""
    people(lambda i: "single")
    lines = Path("labels.jsonl").read_text().splitlines()[:5]
    Path("labels.jsonl").write_text("\n".join(lines) + "\n")
    result = audit(FIRST, "--labels", "labels.jsonl", "--n", "6")
    assert sorted(v["sample_id"] for v in result["verdicts"] if v["people"]) == ["s0", "s1", "s2", "s3", "s4"]
    assert result["pairs"] == 6


def test_agreement_with_the_scores(run, audit):
    """On the twenty pairs with one right answer an honest judge is always right, a lazy one never."""
    honest = only(audit(prefers("right.")), "agreement", "winner as the scores")
    assert (honest["value"], honest["n"]) == (1, 20)
    assert only(audit(prefers("wrong.")), "agreement", "winner as the scores")["value"] == 0
    assert only(audit(FIRST), "agreement", "winner as the scores")["value"] == 0
    kappa = only(audit(prefers("right.")), "agreement", "kappa with the scores")
    assert kappa["value"] == 1
