"""A reducer that states its k: the score of a sample, and the estimates of its cell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.records import CONFIG, record

from pytest_hiddenlayer.results.metrics.cells import compute_metrics


def test_a_stated_k_is_scored_and_reported():
    """`pass_at_3` over five epochs, two of them right: 1 - C(3, 3)/C(5, 3) = 0.9, also in the list of k."""
    records = [record("a", float(epoch < 3), epoch=epoch) for epoch in range(1, 6)]
    config = replace(CONFIG, total=1, selected=("a",), epochs=5, reducer="pass_at_3")
    found = compute_metrics(config, records)
    assert found.estimate.mean == pytest.approx(0.9)
    assert found.samples["a"].outcome == "partial"
    assert found.passes["pass@3"].mean == pytest.approx(0.9)
    assert found.passes["pass^3"].mean == 0.0


def test_a_sample_with_fewer_scored_epochs_than_k_has_no_score():
    """Lost epochs leave a sample without the k answers that its score is about: it is not scored."""
    records = [record("a", None), record("a", 1.0, epoch=2), record("a", 1.0, epoch=3)]
    config = replace(CONFIG, total=1, selected=("a",), epochs=3, reducer="pass_hat_3")
    found = compute_metrics(config, records)
    assert found.samples["a"].score is None
    assert found.estimate.mean is None
