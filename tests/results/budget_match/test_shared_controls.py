"""Control samples that all strategies of a run share: each strategy is compared with them, in one cell."""

from __future__ import annotations

from dataclasses import replace

from support.control_records import HAND, debated
from support.records import CONFIG

from pytest_hiddenlayer.identifiers import SHARED_CONTROLS, control_label
from pytest_hiddenlayer.results.budget_match.compare import compare_budget_matched
from pytest_hiddenlayer.results.budget_match.control_cells import control_metrics

LABEL = control_label(SHARED_CONTROLS)
SHARED = [replace(one, label=LABEL) if one.label.startswith("single.control=") else one for one in HAND]


def test_shared_control_samples_compare_as_own_ones():
    """A strategy without control samples of its own is compared with the shared ones: the same figures."""
    assert compare_budget_matched(SHARED) == compare_budget_matched(HAND)


def test_each_strategy_is_compared_with_them():
    """Two strategies, one cell of control samples."""
    others = [debated(f"s{i}", 1.0, strategy="mad", label="mad") for i in (1, 2, 3, 4)]
    assert [one.compared for one in compare_budget_matched([*SHARED, *others])] == [4, 4]


def test_they_are_one_cell_of_the_table():
    """The cell appears once, whatever the number of strategies."""
    configs = [replace(CONFIG, strategy=name, label=name, selected=("s1", "s2", "s3", "s4")) for name in ("mad", "x")]
    assert [cell.config.label for cell in control_metrics(configs, SHARED)] == [LABEL]
