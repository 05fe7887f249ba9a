"""The metrics of a large run, from columns, are those that its records have in memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hiddenlayer.results.metrics.cells import CellMetrics, compute_metrics
from pytest_hiddenlayer.results.regression.snapshot import snapshot_text
from pytest_hiddenlayer.results.streamed.answer_columns import MAX_ANSWER, AnswerColumns
from pytest_hiddenlayer.results.streamed.metrics import streamed_metrics
from pytest_hiddenlayer.types import Record
from tests.support.records import CONFIG, record

IDS = ("a", "b", "ü c", "d")
VALUES = st.one_of(st.none(), st.sampled_from([0, 1, 0.0, 1.0, 0.25, 0.7]))
METADATA = st.sampled_from(
    [
        {},
        {"confidence": 0.75},
        {"vote": {"votes": {"o": 2, "x": 1}}},
        {"resumed_from": "earlier"},
        {"own_prompts": {"judge": "abc"}},
        {"elicited": {"verbal": {"value": None, "why": "no number in 'x'"}}},
    ]
)
CALLS = st.lists(
    st.sampled_from([{}, {"cached": True}, {"attempts": 3}, {"warnings": ["w"]}, {"mean_logprob": -0.5}]), max_size=2
)
DETAILS = {
    "opinions": [
        {"judge": "x", "model": "m", "verdict": "yes", "scale": "no-yes", "criterion": None},
        {"judge": "y", "model": "n", "verdict": "no", "scale": "no-yes", "criterion": None},
    ]
}


@st.composite
def answers(draw: st.DrawFn) -> tuple[list[Record], int]:
    """Records of some epochs of some samples, in the order of a run, and the number of epochs."""
    epochs = draw(st.integers(1, 3))
    cases = [(name, epoch) for epoch in range(1, epochs + 1) for name in IDS if draw(st.booleans() | st.just(True))]
    return [draw(answer(name, epoch)) for name, epoch in cases], epochs


@st.composite
def answer(draw: st.DrawFn, name: str, epoch: int) -> Record:
    """One record with what metrics read."""
    value, other = draw(VALUES), draw(VALUES)
    usage = {
        "input_tokens": draw(st.none() | st.integers(0, 9)),
        "output_tokens": 1,
        "calls": draw(st.integers(0, 2)),
    }
    one = record(
        name,
        value,
        epoch=epoch,
        cost_usd=draw(st.none() | st.sampled_from([0, 0.1, 0.2, 0.3])),
        answer=draw(st.sampled_from([None, "o", "x" * (MAX_ANSWER + 1)])),
        latency_s=draw(st.floats(0, 9)),
        started_at=f"2026-01-01T00:00:0{draw(st.integers(0, 9))}+00:00",
        transcript=draw(CALLS),
        answer_metadata=draw(METADATA),
        confidence=draw(st.sampled_from([{}, {"mean_logprob": -0.25}])),
        sample_hash=draw(st.sampled_from(["0123456789ab", "ABCDEF012345", ""])),
        must_pass=draw(st.booleans()),
        group=draw(st.sampled_from([None, "g", "h"])),
        usage={**record(name, 1.0).usage, **usage},
    )
    extra = {"value": other, "answer": None, "explanation": draw(st.sampled_from(["", "why"])), "details": {}}
    judged = {"value": other, "answer": None, "explanation": "", "details": DETAILS}
    scores = draw(st.sampled_from([{}, {"second": extra}, {"second": extra, "judge": judged}]))
    return replace(one, scores={**one.scores, **scores} if one.scores else {})


def whole_and_streamed(records: Sequence[Record], epochs: int, reducer: str) -> tuple[CellMetrics, CellMetrics]:
    """The metrics of the records, and of their columns."""
    config = replace(
        CONFIG,
        total=len(IDS),
        selected=IDS,
        epochs=epochs,
        reducer=reducer,
        scorers={"exact": "exact/1", "second": "x/1", "judge": "y/1"},
    )
    columns, logged = AnswerColumns(IDS, epochs), {}
    for number, one in enumerate(records):
        position = IDS.index(one.sample_id)
        columns.add(position, one, number)
        logged[columns.slot(position, one.epoch)] = one
    ordered = sorted(records, key=lambda one: (IDS.index(one.sample_id), one.epoch))
    return compute_metrics(config, ordered), streamed_metrics(config, columns, logged.__getitem__)


@settings(deadline=None, max_examples=15)
@given(answers(), st.sampled_from(["mean", "median", "max", "pass_at_k", "pass_hat_k"]))
def test_columns_have_the_metrics_of_the_records(made: tuple[list[Record], int], reducer: str) -> None:
    """Every value of summary.json, every sample's result and the snapshot are the same, to the last digit."""
    records, epochs = made
    whole, streamed = whole_and_streamed(records, epochs, reducer)
    assert streamed.to_json() == whole.to_json()
    assert dict(streamed.samples) == dict(whole.samples)
    assert list(streamed.samples.items()) == list(whole.samples.items())
    assert len(streamed.samples) == len(whole.samples)
    assert snapshot_text(streamed, None) == snapshot_text(whole, None)


def test_calibration_is_that_of_the_records() -> None:
    """Twelve answers with a stated confidence have the same calibration, and the same measures, from columns."""
    records = [
        record(
            name,
            float((at + epoch) % 3 > 0),
            epoch=epoch,
            answer_metadata={"confidence": at / 10 + epoch / 20},
            confidence={"mean_logprob": -at - epoch / 4},
            group="g" if at < 2 else None,
        )
        for epoch in (1, 2, 3)
        for at, name in enumerate(IDS)
    ]
    whole, streamed = whole_and_streamed(records, 3, "mean")
    assert whole.calibration is not None
    assert whole.measures
    assert json.dumps(streamed.to_json()) == json.dumps(whole.to_json())


def test_a_second_record_of_an_epoch_is_refused() -> None:
    """A sample has one record per epoch: a second one is an error, not a silent change of the metrics."""
    columns = AnswerColumns(IDS, 1)
    columns.add(0, record("a", 1.0), 0)
    with pytest.raises(ValueError, match="sample 'a', epoch 1: a second record"):
        columns.add(0, record("a", 0.0), 9)
