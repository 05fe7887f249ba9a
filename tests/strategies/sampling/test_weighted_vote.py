"""`weighted_vote`: where weights come from, and which answer wins."""

from __future__ import annotations

import pytest
from support.strategies import TASK, FakeProvider

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.errors import ParameterError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import ModelName

SAMPLES = {"sample-1": "It is 41.", "sample-2": "So 42.", "sample-3": "41"}
SAYS_SO = TASK.replace("scorers: [numeric]", "scorers: [numeric, {pattern: {pattern: 'So', as: says_so}}]")


def sampler(samples: dict[str, str] = SAMPLES) -> FakeProvider:
    """A model that gives these samples."""
    return FakeProvider(lambda r: samples[r.role])


def rater(ratings: dict[str, str]) -> FakeProvider:
    """A judge that rates by the text of a sample."""
    return FakeProvider(
        lambda r: next(rating for text, rating in ratings.items() if f"Response: {text}" in r.messages[-1].content)
    )


def test_ratings_of_the_judge_are_weights(answer):
    """One sample with a high rating outvotes two with low ones; the record also has the plurality."""
    judge = rater({"It is 41.": "Rating: 2", "So 42.": "Rating: 9", "41": "Rating: 3"})
    record = answer("weighted_vote:n_samples=3", sampler(), judge)
    vote = record.answer_metadata["vote"]
    assert (record.output, vote["answer"], vote["plurality"]) == ("So 42.", "42", "41")
    assert vote["votes"] == {"41": 2, "42": 1}
    assert vote["weights"] == {"41": pytest.approx(5 / 14), "42": pytest.approx(9 / 14)}
    assert [sample["weight"] for sample in vote["samples"]] == [2, 9, 3]


def test_scores_are_weights(answer):
    """With weigh_by=scorer a score that needs no target weights the votes, and no judge is asked."""
    fake = sampler()
    record = answer("weighted_vote:n_samples=3,weigh_by=scorer,scorer=says_so", fake, task=SAYS_SO)
    assert (record.answer, len(fake.requests)) == ("42", 3)


def test_an_unknown_rating_does_not_vote(answer):
    """A sample whose rating cannot be read has no weight, and the record says why."""
    judge = rater({"It is 41.": "good", "So 42.": "Rating: 1", "41": "Rating…"})
    record = answer("weighted_vote:n_samples=3", sampler(), judge)
    samples = record.answer_metadata["vote"]["samples"]
    assert (record.answer, record.answer_metadata["unreadable_ratings"]) == ("42", 2)
    assert "no rating from 1 to 10: 'good'" in samples[0]["why"]


def test_no_known_rating_is_an_outcome(answer):
    """Without a readable rating there is no vote: unscored with the reason, and no plain vote instead."""
    record = answer("weighted_vote:n_samples=3", sampler(), FakeProvider(lambda _: "fine"))
    assert record.outcome == "unscored"
    assert "no rating from 1 to 10: 'fine'" in record.error
    assert record.answer_metadata["vote"]["answer"] is None


def test_ties_go_to_the_answer_seen_first(answer):
    """Two answers of equal weight: the first seen wins, and the record marks the tie."""
    judge = rater({"It is 41.": "Rating: 2", "So 42.": "Rating: 5", "41": "Rating: 3"})
    record = answer("weighted_vote:n_samples=3", sampler(), judge)
    assert (record.answer, record.answer_metadata["vote"]["tie"]) == ("41", True)


def test_incomplete_samples_do_not_vote(answer):
    """A sample that was cut off or has no answer does not vote and is not rated."""
    samples = {"sample-1": "41…", "sample-2": "So 42.", "sample-3": "hm", "sample-4": "43"}
    judge = rater({"So 42.": "Rating: 6", "43": "Rating: 5"})
    record = answer("weighted_vote:n_samples=4", sampler(samples), judge)
    assert (record.answer, len(judge.requests)) == ("42", 2)
    whys = [sample.get("why") for sample in record.answer_metadata["vote"]["samples"]]
    assert whys == ["no answer", None, "no answer", None]


def test_equal_answers_are_not_rated(answer):
    """If all samples give one answer, it wins whatever its weight, and nobody rates it."""
    judge = rater({})
    record = answer("weighted_vote:n_samples=2", sampler({"sample-1": "42", "sample-2": "So 42."}), judge)
    assert (record.output, judge.requests) == ("42", [])


def test_no_answer_at_all_is_not_scored(answer):
    """Samples that all were cut off are truncated; samples without an answer are scored as they are."""
    assert answer("weighted_vote:n_samples=2", FakeProvider(lambda _: "4…")).outcome == "truncated"
    assert answer("weighted_vote:n_samples=2", FakeProvider(lambda _: "hm")).outcome == "incorrect"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("weigh_by=models", "models to weight"),
        ("weigh_by=models,models=mlx+scripted,weights=2", "1 numbers for 2 models"),
        ("weigh_by=models,models=mlx+scripted,weights=2+x", "got 'x'"),
        ("weigh_by=models,models=mlx+scripted,weights=2+-1", "got '-1'"),
        ("weigh_by=models,models=mlx+scripted,weights=nan+1", "got 'nan'"),
        ("weigh_by=models,models=mlx+scripted,weights=0+0", "only zeros"),
        ("weights=2+1", "write weigh_by=models"),
        ("weigh_by=scorer", "write scorer=NAME"),
        ("scorer=says_so", "write weigh_by=scorer"),
    ],
)
def test_wrong_parameters_are_refused(answer, typed, message):
    """Weights that are missing, do not fit the models or are not used are refused with what to write."""
    with pytest.raises(ParameterError, match=message):
        answer(f"weighted_vote:{typed}", sampler(), task=SAYS_SO)


@pytest.mark.parametrize(
    ("weights", "answer", "tie"), [("3+1+1", "42", False), ("0.3+0.1+0.2", "42", True), ("0.1+0.3+0.2", "41", False)]
)
def test_each_model_votes_with_its_weight(tmp_path, monkeypatch, weights, answer, tie):
    """With weigh_by=models one model of weight 3 outvotes two of weight 1; 0.1 + 0.2 and 0.3 are a tie."""
    replies = {"one": "42", "two": "41"}

    def provider(name: str):
        return lambda model=None: FakeProvider(lambda _: replies[name], model=name)

    monkeypatch.setattr(providers, "_registered", {name: provider(name) for name in replies})
    typed = f"weighted_vote:n_samples=3,weigh_by=models,models=one+two+two:b,weights={weights}"
    (tmp_path / "t.yaml").write_text(TASK)
    options = RunOptions(providers=(ModelName(provider="two"),), strategies=(parse_strategy(typed),))
    runtime = Runtime(options, "r")
    try:
        (case,) = (case for cell in cells(load_task(tmp_path / "t.yaml", tmp_path), options) for case in cases(cell))
        record = runtime.wait(runtime.submit(case))
    finally:
        runtime.close()
    vote = record.answer_metadata["vote"]
    assert (record.answer, vote["plurality"], len(record.transcript)) == (answer, "41", 3)
    assert vote["tie"] is tie
    first, *others = map(float, weights.split("+"))
    assert vote["weights"]["42"] == pytest.approx(first / (first + sum(others)))
