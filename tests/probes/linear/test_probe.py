"""Linear probes on activations whose content is known."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.probes.linear.layers import probe_layers
from pytest_hiddenlayer.probes.linear.probe import linear_probe


def readable(n_groups: int = 60, per_group: int = 4, width: int = 8, seed: int = 0, noise: float = 0.3):
    """(activations, labels, groups): the label is the sign of the first column's source, with noise."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, n_groups * per_group)
    rows = random.normal(size=(len(labels), width))
    rows[:, 0] = 2.0 * labels - 1 + noise * rows[:, 0]
    return rows, labels, np.repeat(np.arange(n_groups), per_group).tolist()


def test_what_is_there_is_found():
    """A label that lies along one direction is read from unseen groups, far above the baseline."""
    rows, labels, groups = readable()
    probe = linear_probe(rows, labels, groups)
    assert probe.score.mean > 0.97
    assert probe.score.ci95[0] > probe.baseline
    assert probe.p < 0.001
    assert (probe.n_train, probe.n_test, probe.score.n_groups) == (168, 72, 18)
    assert str(probe).startswith("accuracy 0.9") or str(probe).startswith("accuracy 1.000")


def test_noise_is_not_found():
    """Random labels have the baseline inside the interval, and no small p."""
    rows, _, groups = readable()
    labels = np.random.default_rng(5).integers(0, 2, len(rows))
    probe = linear_probe(rows, labels, groups)
    assert probe.score.ci95[0] < 0.5 < probe.score.ci95[1]
    assert probe.p > 0.05


def test_labels_of_groups_cannot_be_memorized():
    """Labels and noise that are shared within a group are at chance, since no group is on both sides."""
    random = np.random.default_rng(2)
    rows = np.repeat(random.normal(size=(80, 40)), 6, axis=0)
    labels = np.repeat(random.integers(0, 2, 80), 6)
    probe = linear_probe(rows, labels, np.repeat(np.arange(80), 6).tolist())
    assert probe.score.ci95[0] < 0.5
    assert probe.score.n_groups == 24


def test_the_control_is_memorized_if_activations_name_the_type():
    """One-hot types: random labels per type are memorized, so a perfect probe has selectivity 0."""
    random = np.random.default_rng(0)
    types = random.integers(0, 10, 400)
    rows = np.eye(10)[types] + 0.01 * random.normal(size=(400, 10))
    probe = linear_probe(rows, types % 2, np.repeat(np.arange(100), 4).tolist(), types=types.tolist())
    assert probe.score.mean == 1.0
    assert probe.control.mean == 1.0
    assert probe.selectivity.mean == 0.0
    assert probe.selectivity.ci95[0] < 0 < probe.selectivity.ci95[1]


def test_selectivity_is_high_if_types_are_not_in_the_activations():
    """A label that is there, and types that are not: the control is at chance, and selectivity says so."""
    rows, labels, groups = readable()
    types = np.random.default_rng(3).integers(0, 30, len(rows)).tolist()
    probe = linear_probe(rows, labels, groups, types=types)
    assert probe.selectivity.mean == pytest.approx(probe.score.mean - probe.control.mean)
    assert probe.selectivity.ci95[0] > 0.1


def test_numbers_are_read_by_ridge():
    """R² is near 1 for a linear number, and its interval does not pass 1; noise is at most 0 or so."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(240, 6))
    numbers = rows @ random.normal(size=6) + 0.1 * random.normal(size=240)
    groups = np.repeat(np.arange(60), 4).tolist()
    found = linear_probe(rows, numbers, groups, kind="ridge", types=(np.arange(240) % 12).tolist())
    assert 0.97 < found.score.ci95[0] < found.score.ci95[1] <= 1.0
    assert found.selectivity.mean > 0.9
    assert found.p < 0.001
    noise = linear_probe(rows, random.normal(size=240), groups, kind="ridge")
    assert noise.score.mean < 0.1
    assert noise.p > 0.05


def test_a_layer_is_chosen_on_other_rows_than_reported():
    """With every layer noise, the chosen layer's test score is not above chance, and Holm finds nothing."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 2, 200)
    layers = {layer: random.normal(size=(200, 5)) for layer in range(12)}
    sweep = probe_layers(layers, labels, list(range(200)))
    assert sweep.best.validation.mean > 0.5
    assert sweep.best.probe.score.ci95[0] < 0.5
    assert min(one.p_holm for one in sweep.layers) > 0.05
    assert all(one.p_holm >= one.probe.p for one in sweep.layers)


def test_the_layer_that_holds_the_label_is_found():
    """One layer of four holds the label: it is chosen, and it alone is significant."""
    rows, labels, groups = readable()
    noise = np.random.default_rng(9)
    layers = {layer: rows if layer == 2 else noise.normal(size=rows.shape) for layer in range(4)}
    sweep = probe_layers(layers, labels, groups, types=(np.arange(len(rows)) % 9).tolist())
    assert sweep.best.layer == 2
    assert [one.p_holm < 0.01 for one in sweep.layers] == [False, False, True, False]
    assert "chosen on validation rows: 2" in str(sweep)


ROWS, LABELS, GROUPS = readable(n_groups=12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": [0] * 48}, r"at least 10 groups.*the rows have 1"),
        ({"labels": [1] * 48}, r"all 48 rows have the same label"),
        ({"labels": LABELS[:5]}, r"one of `labels` per row; 48 rows have 5"),
        ({"activations": ROWS[:, 0]}, r"activations \[rows, width\]; got an array of shape \[48\]"),
        ({"activations": np.where(ROWS[3, 1] == ROWS, np.nan, ROWS)}, r"finite; 1 of 48 rows"),
        ({"test": [True, *[False] * 47]}, r"1 of 12 groups are on both, the first is 0"),
        ({"test": [True] * 48}, r"marks 48 of 48 rows: mark some, not all"),
        ({"types": GROUPS}, r"none of the 16 test rows has a type of the training rows"),
        ({"kind": "svm"}, r"unknown kind of linear probe 'svm'"),
        ({"kind": "ridge", "labels": ["a", "b"] * 24}, r"predicts numbers"),
    ],
)
def test_what_cannot_be_judged_is_refused(change, message):
    """Too few groups, one class, leaks and wrong shapes are one sentence each, before anything is fitted."""
    given = {"activations": ROWS, "labels": LABELS, "groups": GROUPS} | change
    with pytest.raises(UsageError, match=message):
        linear_probe(given.pop("activations"), given.pop("labels"), given.pop("groups"), **given)


def test_a_sweep_without_layers_is_refused():
    """No layer at all is an error, not an empty result."""
    with pytest.raises(UsageError, match="at least one layer"):
        probe_layers({}, LABELS, GROUPS)
