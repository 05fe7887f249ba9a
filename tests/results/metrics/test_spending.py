"""Every answer that was paid counts as spent, also those that a later answer of their item replaced."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.records import CONFIG, record

from pytest_hiddenlayer.results.metrics.cells import by_cell, compute_metrics
from pytest_hiddenlayer.results.metrics.spending import with_replaced_answers


def answered(name: str, value: float | None, cost_usd: float | None):
    """A record with one call at this cost."""
    return replace(record(name, value), transcript=[{"attempts": 1}], cost_usd=cost_usd)


def spent(*records):
    """The metrics of the only cell of these records."""
    (last,) = by_cell(records).values()
    config = replace(CONFIG, task=last[0].task, label=last[0].label, slug=last[0].slug)
    (metrics,) = with_replaced_answers([compute_metrics(config, last)], records)
    return metrics


def test_a_replaced_answer_was_paid():
    """Of three answers to one sample the last is scored, and all three are in tokens, calls and cost."""
    metrics = spent(answered("a", 0, 0.25), answered("a", 0, 0.5), answered("b", 1, 1.0), answered("a", 1, 2.0))
    assert metrics.cost_usd == 3.75
    assert (metrics.usage.calls, metrics.usage.input_tokens, metrics.usage.output_tokens) == (4, 8, 4)
    assert metrics.estimate.mean == 1.0


@pytest.mark.parametrize("costs", [(None, 1.0), (1.0, None)])
def test_an_unknown_part_makes_the_sum_unknown(costs):
    """One answer of unknown cost, replaced or not, makes the cost unknown."""
    assert spent(*(answered("a", 0, cost) for cost in costs)).cost_usd is None


def test_without_reruns_nothing_changes():
    """A cell whose items were answered once keeps its metrics."""
    assert spent(answered("a", 0, 0.25), answered("b", 1, 0.5)).cost_usd == 0.75
