"""Metrics of control cells."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.control_records import HAND, debated

from pytest_hiddenlayer.results.budget_match.control_cells import control_metrics
from pytest_hiddenlayer.results.metrics.cells import config_from_records


def test_the_control_is_a_cell_in_the_table():
    """A control cell has metrics like any cell; a sample's score is the mean of its control samples."""
    config = replace(
        config_from_records([r for r in HAND if r.label == "debate"]), gate_id="x", threshold=0.9, reducer="max"
    )
    (found,) = control_metrics([config], HAND)
    assert found.config.key == ("t", "single.control=debate", "scripted", "m")
    assert (found.config.gate_id, found.config.threshold, found.n_selected) == (None, None, 20)
    assert found.estimate.mean == pytest.approx((3 / 5 + 3 / 5 + 1 / 5 + 3 / 4) / 4)
    assert found.outcomes == {"correct": 10, "incorrect": 9, "error": 1}


def test_no_control_no_cell():
    """Without control samples there is no control cell."""
    assert control_metrics([config_from_records([debated("s", 1.0)])], [debated("s", 1.0)]) == []
