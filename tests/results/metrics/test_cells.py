"""Metrics of a cell besides its mean: clusters, repeats, confidence and calibration."""

from __future__ import annotations

import asyncio
import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.records import CONFIG, record

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.run_case import run_case
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.results.metrics.cells import CellMetrics, compute_metrics
from pytest_hiddenlayer.results.metrics.confidence import (
    MIN_ANSWERS,
    STATED,
    TOKENS,
    VOTES,
    confidence_kind,
    confidence_of,
)
from pytest_hiddenlayer.stats.estimate.mean_interval import estimate
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import GenerationConfig, ModelName, Record


def over_epochs(scores: dict[str, list[float | None]], **config: object) -> CellMetrics:
    """The metrics of samples with these scores in their epochs."""
    records = [
        record(name, value, epoch=at + 1) for name, values in scores.items() for at, value in enumerate(values)
    ]
    epochs = max(map(len, scores.values()))
    return compute_metrics(
        replace(CONFIG, total=len(scores), selected=tuple(scores), epochs=epochs, **config), records
    )


def sure(n: int, **changes: object) -> list[Record]:
    """n records, two of three right, that state a confidence."""
    return [
        record(f"s{at}", float(at % 3 > 0), answer_metadata={"confidence": 0.6 + at % 4 / 10}, **changes)
        for at in range(n)
    ]


# ---------------------------------------------------------------- clusters


def test_the_score_is_clustered_by_group():
    """Samples of a group are one cluster of the standard error, and the summary has the number of groups."""
    records = [record(f"s{at}", float(at // 4 < 7), group=f"g{at // 4}") for at in range(40)]
    found = compute_metrics(replace(CONFIG, total=40), records)
    assert found.estimate == estimate([float(at // 4 < 7) for at in range(40)], [at // 4 for at in range(40)])
    assert (found.to_json()["n_groups"], found.to_json()["method"]) == (10, "Korn–Graubard")


def test_without_groups_every_sample_stands_alone():
    """Epochs are reduced first: the score's error is over samples, plain."""
    found = over_epochs({"a": [1.0, 0.0], "b": [1.0, 1.0], "c": [0.0, 0.0]})
    assert found.estimate == estimate([0.5, 1.0, 0.0])
    assert found.to_json()["n_groups"] is None


def test_a_bootstrap_on_request():
    """With `bootstrap` the interval is the bootstrap's, the same each time."""
    records = [record(f"s{at}", float(at % 3 > 0)) for at in range(30)]
    config = replace(CONFIG, total=30)
    found = compute_metrics(config, records, bootstrap=500)
    assert found.estimate.method == "BCa bootstrap, 500 draws"
    assert found == compute_metrics(config, records, bootstrap=500)
    assert found.estimate.ci95 != compute_metrics(config, records).estimate.ci95


# ---------------------------------------------------------------- repeats


def test_passes_by_hand():
    """Of 3 epochs 3, 2 and 0 right: pass@2 is (1 + 1 + 0)/3, pass^2 (1 + 1/3 + 0)/3, each with its error."""
    found = over_epochs({"a": [1.0, 1.0, 1.0], "b": [1.0, 0.0, 1.0], "c": [0.0, 0.0, 0.0]}).passes
    assert list(found) == ["pass@1", "pass^1", "pass@2", "pass^2", "pass@3", "pass^3"]
    assert found["pass@1"].mean == pytest.approx(found["pass^1"].mean) == pytest.approx(5 / 9)
    assert found["pass@2"].mean == pytest.approx(2 / 3)
    assert found["pass^2"] == estimate([1.0, 1 / 3, 0.0])
    assert (found["pass@3"].mean, found["pass^3"].mean) == pytest.approx((2 / 3, 1 / 3))


def test_what_counts_as_right_is_the_tasks():
    """With a pass score of 0.5 a score of 0.6 is right."""
    found = over_epochs({"a": [0.6, 0.4], "b": [0.6, 0.6]}, pass_score=0.5)
    assert found.passes["pass^2"].mean == 0.5
    assert found.flaky == ("a",)


def test_a_sample_that_lost_an_epoch_is_left_out_of_larger_draws():
    """A sample with one failed epoch of two counts for pass@1 and not for pass@2."""
    found = over_epochs({"a": [1.0, None], "b": [1.0, 0.0], "c": [None, None]}, min_scored=0.0)
    assert (found.passes["pass@1"].n, found.passes["pass@2"].n, found.n_samples) == (2, 1, 3)


def test_a_pass_rate_of_too_few_samples_is_unknown():
    """If fewer samples than min_scored have k scored epochs, pass@k and pass^k are unknown for this k only."""
    lost = {"a": [1.0, 0.0, None], "b": [0.0, 1.0, None], "c": [1.0, 0.0, 1.0]}
    passes = over_epochs(lost).passes
    assert (passes["pass@2"].mean, passes["pass^2"].mean) == pytest.approx((1.0, 1 / 9))
    assert (passes["pass@3"].mean, passes["pass^3"].mean, passes["pass^3"].ci95) == (None, None, None)
    assert passes["pass^3"].method == "unknown: 1 of 3 samples have 3 scored epochs"


@pytest.mark.parametrize(
    ("reducer", "epochs", "score"),
    [
        ("pass_hat_k", [1.0, 1.0, None], None),
        ("pass_hat_k", [1.0, 0.0, None], 0.0),
        ("pass_at_k", [0.0, 0.0, None], None),
        ("pass_at_k", [0.0, 1.0, None], 1.0),
        ("mean", [1.0, 0.0, None], 0.5),
    ],
)
def test_a_lost_epoch_that_could_decide_leaves_the_score_unknown(reducer, epochs, score):
    """All of k are right, or any of them is, only if the lost epochs cannot change that."""
    found = over_epochs({"a": epochs}, reducer=reducer).samples["a"]
    assert found.score == score
    assert (found.outcome == "error") is (score is None)


@pytest.mark.parametrize("scores", [{"a": [1.0], "b": [0.0]}, {"a": [None, None]}, {"a": [1.0, None]}])
def test_without_repeats_there_are_no_passes(scores):
    """With at most one scored epoch per sample there is no pass@k."""
    found = over_epochs(scores)
    assert (found.passes, found.flaky) == ({}, ())


def test_passes_are_clustered():
    """Samples of a group go together here too."""
    records = [
        record(f"s{at}", float(at // 4 < 5), epoch=epoch, group=f"g{at // 4}") for at in range(40) for epoch in (1, 2)
    ]
    assert compute_metrics(replace(CONFIG, total=40, epochs=2), records).passes["pass@2"].n_groups == 10


# ---------------------------------------------------------------- confidence


@pytest.mark.parametrize("value", [0, 0.25, 1])
def test_a_stated_confidence(value):
    """The confidence that a strategy states comes first."""
    one = record("a", 1.0, answer_metadata={"confidence": value, "vote": {"votes": {"o": 1}}})
    assert (confidence_of(one), confidence_kind(one)) == (value, STATED)


@pytest.mark.parametrize("value", [True, "0.9", None, -0.1, 1.1, math.nan, [0.5]])
def test_what_is_no_confidence_says_nothing(value):
    """A text, a truth value or a number beyond [0, 1] is not made into a confidence."""
    assert confidence_of(record("a", 1.0, answer_metadata={"confidence": value})) is None


@pytest.mark.parametrize(("answer", "known"), [("7", 0.75), ("8", 0.25), ("9", 0.0), (None, None)])
@pytest.mark.parametrize("name", ["vote", "final_majority"])
def test_the_vote_share_of_the_given_answer(name, answer, known):
    """The vote share of the given answer; 0 for an answer without votes, None without an answer."""
    one = record(
        "a", 1.0, answer=answer, answer_metadata={name: {"answer": "7", "votes": {"7": 3, "8": 1}, "tie": False}}
    )
    assert confidence_of(one) == known


@pytest.mark.parametrize("vote", [{}, {"votes": {}}, {"votes": {"o": "3"}}, {"votes": [1]}, {"votes": {"o": 0}}, 3])
def test_a_vote_that_is_none_says_nothing(vote):
    """Notes of another form, as a user's strategy may write them, are left alone."""
    assert confidence_of(record("a", 1.0, answer_metadata={"vote": vote})) is None


def test_a_single_call_has_its_mean_token_probability():
    """exp of the mean log-probability of the first call: a judge's later call is not the answer's."""
    calls = [{"role": "answer", "mean_logprob": math.log(0.5)}, {"role": "judge", "mean_logprob": 0.0}]
    one = record("a", 1.0, transcript=calls)
    assert confidence_of(one) == pytest.approx(0.5)
    assert confidence_kind(one) == TOKENS


def test_a_rounding_error_is_no_probability_beyond_1():
    """A mean log-probability of 1e-9 is certainty."""
    assert confidence_of(record("a", 1.0, transcript=[{"mean_logprob": 1e-9}])) == 1.0


@pytest.mark.parametrize(
    "changes",
    [
        {"transcript": [{"role": "answer"}]},
        {"transcript": [{"mean_logprob": None}]},
        {"transcript": []},
        {"strategy": "manager_worker", "transcript": [{"mean_logprob": -0.1}]},
    ],
    ids=["an old record", "a provider without", "no call", "several calls"],
)
def test_without_probabilities_there_is_no_confidence(changes):
    """Old records, providers without log-probabilities, and strategies of several calls: None, never 0."""
    assert confidence_of(record("a", 1.0, **changes)) is None


def asked(folder: Path, strategy: str, script: dict[str, object]) -> Record:
    """The record of one sample under a script."""
    (folder / "t.yaml").write_text("task: t\nsamples: [{id: a, input: q, target: 7}]\nscorers: [numeric]\n")
    options = RunOptions(providers=(ModelName(provider="scripted"),), strategies=(parse_strategy(strategy),))
    case = next(cases(cells(load_task(folder / "t.yaml", folder), options)[0]))
    fake = ScriptedProvider(script=script)
    return asyncio.run(run_case(case, fake, fake, overrides=GenerationConfig(), run_id="r"))


def test_token_probabilities_come_from_the_provider(tmp_path):
    """A provider's log-probabilities reach the transcript as their mean, and so the confidence."""
    script = {"rules": [{"role": "answer", "reply": "7 yes", "logprobs": [math.log(0.5), math.log(0.125)]}]}
    found = asked(tmp_path, "single", script)
    assert found.transcript[0]["mean_logprob"] == pytest.approx(math.log(0.25))
    assert confidence_of(found) == pytest.approx(0.25)


@pytest.mark.parametrize("logprobs", [[], [-math.inf, -1.0]])
def test_no_tokens_and_impossible_ones_have_no_mean(tmp_path, logprobs):
    """No token, or one of probability 0, leaves the mean unknown, and the record can be written."""
    found = asked(tmp_path, "single", {"rules": [{"reply": "7", "logprobs": logprobs}]})
    assert found.transcript[0]["mean_logprob"] is None
    json.dumps(found.to_json(), allow_nan=False)


def test_self_consistency_has_a_vote_share(tmp_path):
    """Three samples say 7, one 8: the confidence is 3/4."""
    script = {"rules": [{"role": "sample-[123]", "reply": "7"}, {"role": "sample-4", "reply": "8"}]}
    found = asked(tmp_path, "self_consistency:n_samples=4", script)
    assert (confidence_of(found), confidence_kind(found)) == (0.75, VOTES)


def test_debate_has_the_vote_share_of_the_last_round(tmp_path):
    """Two of three agents say 7 in the end and the judge 8: the confidence in 8 is 1/3."""
    rules = [{"role": "judge|agent-3", "reply": "8"}, {"role": "agent-[12]", "reply": "7"}]
    assert confidence_of(asked(tmp_path, "debate", {"rules": rules})) == pytest.approx(1 / 3)


# ---------------------------------------------------------------- calibration


@pytest.mark.parametrize(("n", "told"), [(MIN_ANSWERS - 1, False), (MIN_ANSWERS, True)])
def test_a_few_answers_tell_no_calibration(n, told):
    """With fewer than 10 confident answers there is no calibration."""
    assert (compute_metrics(replace(CONFIG, total=n), sure(n)).calibration is not None) is told


def test_only_scored_answers_with_a_confidence_count():
    """Failed calls and answers without a confidence do not count in the calibration."""
    records = [*sure(12), record("x", None, answer_metadata={"confidence": 0.9}), record("y", 1.0)]
    found = compute_metrics(replace(CONFIG, total=14), records)
    assert (found.calibration.n, found.confidence) == (12, STATED)


def test_epochs_of_a_sample_are_one_cluster():
    """Each of 12 answers given three times has the same errors as given once."""
    once = compute_metrics(replace(CONFIG, total=12), sure(12)).calibration
    thrice = compute_metrics(
        replace(CONFIG, total=12, epochs=3), [one for epoch in (1, 2, 3) for one in sure(12, epoch=epoch)]
    ).calibration
    assert (thrice.n, thrice.brier.n_groups) == (36, 12)
    assert thrice.ece.mean == pytest.approx(once.ece.mean)
    assert thrice.ece.stderr == pytest.approx(once.ece.stderr)


def test_what_is_right_is_the_tasks_pass_score():
    """A score of 0.6 is right from 0.5 on, and not from 1 on."""
    records = [record(f"s{at}", 0.6, answer_metadata={"confidence": 0.6}) for at in range(10)]
    right = compute_metrics(replace(CONFIG, total=10, pass_score=0.5), records).calibration
    wrong = compute_metrics(replace(CONFIG, total=10), records).calibration
    assert (right.bins[0].accuracy.mean, wrong.bins[0].accuracy.mean) == (1.0, 0.0)


def test_the_summary_holds_all_of_it():
    """A cell's object of summary.json has repeats, flaky samples and calibration, each with its standard error."""
    scores = {f"s{at}": [1.0, float(at % 2)] for at in range(10)}
    records = [
        record(name, value, epoch=at + 1, transcript=[{"mean_logprob": -0.1 * (at + 1)}])
        for name, values in scores.items()
        for at, value in enumerate(values)
    ]
    found = json.loads(
        json.dumps(compute_metrics(replace(CONFIG, total=10, epochs=2), records).to_json(), allow_nan=False)
    )
    assert found["passes"]["pass@2"]["mean"] == 1.0
    assert {"n", "mean", "stderr", "ci95", "n_groups", "method"} == set(found["passes"]["pass^2"])
    assert found["flaky"] == ["s0", "s2", "s4", "s6", "s8"]
    calibration = found["calibration"]
    assert calibration["confidence"] == TOKENS
    assert {"ece", "bins", "brier", "auroc", "risk_coverage", "aurc", "n", "n_bins"} <= set(calibration)
    assert calibration["bins"][0]["accuracy"]["ci95"] is not None


def test_a_cell_without_any_of_it_says_so():
    """One epoch and no confidence: empty and null."""
    found = compute_metrics(replace(CONFIG, total=1), [record("a", 1.0)]).to_json()
    assert (found["passes"], found["flaky"], found["calibration"]) == ({}, [], None)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, 0.0, 0.3, 1.0]),
            st.one_of(st.none(), st.floats(0, 1)),
            st.sampled_from([None, "g", "h"]),
        ),
        max_size=40,
    )
)
def test_never_nan(answers):
    """For any scores, confidences and groups, a cell's metrics are plain JSON."""
    records = [
        record(
            f"s{at // 2}",
            score,
            epoch=at % 2 + 1,
            group=group,
            answer_metadata={} if sure is None else {"confidence": sure},
        )
        for at, (score, sure, group) in enumerate(answers)
    ]
    json.dumps(compute_metrics(replace(CONFIG, total=20, epochs=2), records).to_json(), allow_nan=False)


def test_ten_thousand_records_are_no_burden():
    """With epochs, groups and confidences that all differ, every record counts."""
    draw = random.Random(0)
    records = [
        record(
            f"s{at // 2}",
            float(draw.random() < 0.7),
            epoch=at % 2 + 1,
            group=f"g{at // 10}",
            transcript=[{"mean_logprob": -draw.random()}],
        )
        for at in range(10_000)
    ]
    found = compute_metrics(replace(CONFIG, total=5000, epochs=2), records)
    assert found.calibration.n == 10_000
