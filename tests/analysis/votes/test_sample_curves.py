"""pass@k and the majority of k of n samples, from recorded samples, counts and our own runs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.folder import Folder
from support.records import record

from pytest_hiddenlayer.analysis.votes.comparison import replay_records
from pytest_hiddenlayer.analysis.votes.sample_curves import SampledQuestion, majority_at, sample_curve
from pytest_hiddenlayer.types import Record


def question(answers: str, target: str = "4") -> SampledQuestion:
    """A question with one letter per sample; `-` is unreadable."""
    votes = tuple((None if a == "-" else a, float(a == target)) for a in answers)
    right = sum(a == target for a in answers)
    return SampledQuestion(key=answers, cluster=answers, right=right, scored=len(votes), of=len(votes), votes=votes)


def counted(name: str, right: int, of: int):
    """A record of which only the number of right samples is known."""
    return record(name, 1, strategy="recorded", answer_metadata={"recorded_counts": {"correct": right, "of": of}})


def test_the_majority_of_k_is_enumerated():
    """Of 4 4 5, one sample is right in 2 of 3; of two, 44 is right and 45 twice a tie; three are right."""
    chances = majority_at(question("445"), [1, 2, 3])
    assert chances == pytest.approx({1: 2 / 3, 2: (1 + 0.5 + 0.5) / 3, 3: 1.0})


def test_unreadable_samples_do_not_vote_and_are_not_right():
    """With - - 4: alone 4 is drawn once in three; of two, 4 wins against nobody in two of three draws."""
    assert majority_at(question("--4"), [1, 2]) == pytest.approx({1: 1 / 3, 2: 2 / 3})
    assert majority_at(question("--"), [2]) == {2: 0.0}


def test_drawn_sets_agree_with_all_sets():
    """For 5 of 20 samples with 12 right ones of two answers, the chance is hypergeometric: at least 3 of 5 right."""
    from math import comb

    exact = sum(comb(12, r) * comb(8, 5 - r) for r in (3, 4, 5)) / comb(20, 5)
    asked = question("4" * 12 + "5" * 8)
    drawn = majority_at(asked, [5], seed=1)[5]
    assert drawn == pytest.approx(exact, abs=0.05)  # 1000 draws: a standard error of 0.014
    assert drawn == majority_at(asked, [5], seed=1)[5] != majority_at(asked, [5], seed=2)[5]


def test_a_single_sample_is_never_drawn():
    """The majority of one of 1,500 samples is that sample: the share of right ones, as pass@1."""
    assert majority_at(question("4" * 500 + "5" * 1000), [1]) == pytest.approx({1: 1 / 3})


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet="45-", min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_samples_changes_nothing(answers, shuffler):
    """Samples are drawn at random, so only how often each answer occurs matters."""
    other = "".join(shuffler.sample(answers, len(answers)))
    ks = list(range(1, len(answers) + 1))
    assert majority_at(question(answers), ks) == pytest.approx(majority_at(question(other), ks))


def test_counts_give_the_published_pass_at_k():
    """Chen et al. 2021: 1 - C(n - c, k) / C(n, k); k goes 1, 2, 5, 10, ... to n; there is no majority."""
    curve = sample_curve([counted("a", 3, 100), counted("b", 0, 100)])
    by_k = {point.k: point for point in curve.points}
    assert list(by_k) == [1, 2, 5, 10, 20, 50, 100]
    assert by_k[1].pass_at_k.mean == pytest.approx(0.03 / 2)
    assert by_k[10].pass_at_k.mean == pytest.approx((1 - 90 * 89 * 88 / (100 * 99 * 98)) / 2)
    assert (curve.oracle.mean, by_k[100].pass_at_k.mean) == (0.5, 0.5)
    assert all(point.majority_at_k is None for point in curve.points)


def test_questions_with_fewer_samples_leave_large_k():
    """Every k says over how many questions it is; the usual number of samples ends the curve."""
    curve = sample_curve([counted("a", 1, 8), counted("b", 1, 8), counted("c", 2, 3)])
    assert [(point.k, point.questions) for point in curve.points] == [(1, 3), (2, 3), (5, 2), (8, 2)]
    assert curve.samples == (3, 8)


def test_the_interval_is_over_questions():
    """Epochs or duplicates of one question are one cluster, so they do not narrow the interval."""
    once = [counted(str(i), i % 2, 4) for i in range(10)]
    twice = once + once
    first, second = (sample_curve(records).points[0].pass_at_k for records in (once, twice))
    assert first.mean == second.mean
    assert (second.n, second.n_groups) == (20, 10)
    assert second.ci95[1] - second.ci95[0] >= 0.9 * (first.ci95[1] - first.ci95[0])


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A run over recorded samples, converted from three rows."""
    folder = Folder(tmp_path_factory.mktemp("recorded"))
    rows = [{"id": "a", "target": "4", "samples": list("44444555")},
            {"id": "b", "target": "4", "samples": list("55554444"), "confidences": [.1] * 4 + [.9] * 4},
            {"id": "c", "target": "4", "samples": list("56789432")}]  # fmt: skip
    folder.write("r.jsonl", "\n".join(map(json.dumps, rows)))
    assert folder.command("convert", "r.jsonl").ret == 0
    assert folder.command("run", "converted", "--provider", "recorded").ret == 0
    return folder


def test_recorded_samples_vote_again(ran):
    """Plurality, both stopping rules, weights by recorded confidence, pass@k and the oracle, without a model."""
    printed = ran.command("votes", "last").stdout.str()
    (cell,) = json.loads(ran.command("votes", "last", "--json").stdout.str())
    rules = {rule["rule"]: rule for rule in cell["rules"]}
    assert rules["plurality"]["accuracy"] == pytest.approx(1 / 3)
    assert rules["stop=adaptive"]["samples"] == pytest.approx((4 + 4 + 8) / 3)
    assert rules["weights=verbalized"]["questions"] == 1  # only b has confidences
    assert rules["weights=verbalized"]["accuracy"] == 1.0
    assert rules["plurality"]["tokens"] is None
    points = {point["k"]: point for point in cell["curve"]["points"]}
    assert points[1]["pass_at_k"]["mean"] == pytest.approx((5 + 4 + 1) / 24)
    assert cell["curve"]["oracle"]["mean"] == 1.0
    assert points[8]["majority_at_k"]["mean"] == pytest.approx((1 + 0.5 + 1 / 8) / 3)
    assert "any right: 1.000" in printed
    assert "not recorded, so not replayed: weights=mean_logprob" in printed


def test_python_has_the_curve(ran):
    """`hl.replay_votes` has the figures of the command."""
    records = [Record(**values) for values in ran.records()]
    (cell,) = replay_records(records)
    assert cell.curve.points[0].pass_at_k.mean == pytest.approx(10 / 24)
    code = "import pytest_hiddenlayer as hl; print(hl.replay_votes('last').cells[0].curve.oracle.mean)"
    assert ran.script(code).stdout.str().strip() == "1.0"


def test_verdicts_without_texts_have_pass_at_k_and_no_vote(folder):
    """Where nothing says what the samples answered, there is nothing to vote on, and pass@k is known."""
    folder.write("r.jsonl", json.dumps({"id": "a", "samples": [True, False, False, False]}))
    folder.command("convert", "r.jsonl")
    assert folder.command("run", "converted", "--provider", "recorded").ret == 0
    (cell,) = json.loads(folder.command("votes", "last", "--json").stdout.str())
    assert cell["rules"] == []
    assert [point["pass_at_k"]["mean"] for point in cell["curve"]["points"]] == pytest.approx([0.25, 0.5, 1.0])
    assert cell["curve"]["points"][0]["majority_at_k"] is None
