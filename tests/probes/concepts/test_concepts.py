"""Concept vectors: their direction, sign and scale, and their files."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.probes.concepts.files import load_concept_vector, save_concept_vector
from pytest_hiddenlayer.probes.concepts.vector import METHODS, concept_vector

PLACE = {"layer": 3, "site": "residual", "model": "nano-2", "fingerprint": "abc"}


def pairs(n: int = 60, width: int = 6, gap: float = 3.0):
    """(positive, negative, axis): rows in pairs that differ by `gap` along one axis, with noise."""
    random = np.random.default_rng(0)
    axis = random.normal(size=width)
    axis /= np.linalg.norm(axis)
    common = 4 * random.normal(size=(n, width))
    noise = 0.2 * random.normal(size=(2, n, width))
    return common + gap / 2 * axis + noise[0], common - gap / 2 * axis + noise[1], axis


@pytest.mark.parametrize("method", ["mean", "pca"])
def test_the_axis_is_found_with_its_sign(method):
    """The direction is the axis of the pairs, has length 1, points to the positive rows, and the gap is theirs."""
    positive, negative, axis = pairs()
    vector = concept_vector(positive, negative, method=method, **PLACE)
    assert np.linalg.norm(vector.direction) == pytest.approx(1, abs=1e-6)
    assert vector.direction @ axis > 0.99
    assert vector.gap == pytest.approx(3.0, abs=0.1)
    swapped = concept_vector(negative, positive, method=method, **PLACE)
    np.testing.assert_allclose(swapped.direction, -vector.direction, atol=1e-6)


def test_the_logistic_normal_ignores_what_both_sides_share():
    """Two classes along an axis with large correlated noise: the normal separates them."""
    random = np.random.default_rng(1)
    shared = random.normal(size=(200, 1)) * np.array([[5.0, 5.0]])
    positive = shared[:100] + [0.5, -0.5] + 0.1 * random.normal(size=(100, 2))
    negative = shared[100:] + [-0.5, 0.5] + 0.1 * random.normal(size=(100, 2))
    vector = concept_vector(positive, negative, method="logistic", **PLACE)
    assert vector.direction @ np.array([1, -1]) / np.sqrt(2) > 0.999
    scores = vector.project(np.concatenate([positive, negative])) > vector.midpoint
    assert scores.tolist() == [True] * 100 + [False] * 100


def test_the_mean_difference_by_hand():
    """Means (3, 4) and (0, 0): the direction is (0.6, 0.8), the gap 5, the midpoint 2.5."""
    vector = concept_vector([[3, 3], [3, 5]], [[1, 0], [-1, 0]], **PLACE)
    np.testing.assert_allclose(vector.direction, [0.6, 0.8], atol=1e-6)
    assert (vector.gap, vector.midpoint) == (pytest.approx(5), pytest.approx(2.5))
    assert vector.activation_norm == pytest.approx((18**0.5 + 34**0.5 + 2) / 4)
    assert vector.project([[1, 2], [0, 0]]) == pytest.approx([2.2, 0])


def test_differences_that_are_all_alike_are_found_by_pca():
    """Differences without any variance around their mean: they are not centred, so their direction is found."""
    negative = np.random.default_rng(0).normal(size=(10, 3))
    vector = concept_vector(negative + np.array([0, 2, 0]), negative, method="pca", **PLACE)
    np.testing.assert_allclose(vector.direction, [0, 1, 0], atol=1e-6)


def test_random_directions_have_length_1():
    """Random directions have the vector's width and length, and the same seed draws the same."""
    vector = concept_vector(*pairs()[:2], **PLACE)
    drawn = vector.random(25, seed=4)
    assert drawn.shape == (25, 6)
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(drawn, vector.random(25, seed=4))


@pytest.mark.parametrize("method", METHODS)
def test_a_file_holds_all_of_it(tmp_path, method):
    """A saved vector is the same when loaded, and the safetensors library reads its array."""
    vector = concept_vector(*pairs()[:2], method=method, **PLACE)
    path = tmp_path / "new" / "tone.safetensors"
    assert save_concept_vector(vector, path) == path
    loaded = load_concept_vector(path, model="nano-2", fingerprint="abc")
    for field in dataclasses.fields(vector):
        np.testing.assert_array_equal(getattr(loaded, field.name), getattr(vector, field.name))
    library = pytest.importorskip("safetensors.numpy")
    np.testing.assert_array_equal(library.load_file(path)["direction"], vector.direction)


@pytest.mark.parametrize(
    ("model", "fingerprint", "what"), [("other", "abc", "model is 'other'"), ("nano-2", "x", "fingerprint is 'x'")]
)
def test_a_vector_of_another_model_is_refused(tmp_path, model, fingerprint, what):
    """The message names both models, and says to make the vector again."""
    save_concept_vector(concept_vector(*pairs()[:2], **PLACE), tmp_path / "a.safetensors")
    with pytest.raises(UsageError, match=what + ".*make the vector again"):
        load_concept_vector(tmp_path / "a.safetensors", model=model, fingerprint=fingerprint)


def test_files_that_are_no_vector_are_refused(tmp_path):
    """A missing file, other bytes, a cut file and every file with one wrong byte give one sentence or the vector."""
    path = tmp_path / "a.safetensors"
    vector = concept_vector(*pairs(width=4)[:2], **PLACE)
    save_concept_vector(vector, path)
    good = path.read_bytes()
    with pytest.raises(UsageError, match=r"unknown suffix '\.npz': use"):
        save_concept_vector(vector, tmp_path / "a.npz")
    for bad in (b"", b"\xff" * 40, good[:-1], good[:20], b"\x02" + b"\0" * 7 + b"{}"):
        path.write_bytes(bad)
        with pytest.raises(UsageError, match="holds none"):
            load_concept_vector(path, model="nano-2", fingerprint="abc")
    for place in range(0, len(good)):
        path.write_bytes(good[:place] + b"?" + good[place + 1 :])
        try:
            load_concept_vector(path, model="nano-2", fingerprint="abc")
        except UsageError:
            continue
    with pytest.raises(UsageError, match="cannot be read"):
        load_concept_vector(tmp_path / "none", model="nano-2", fingerprint="abc")


@pytest.mark.parametrize(
    ("positive", "negative", "method", "message"),
    [
        ([[1, 2]], [[1, 2], [3, 4]], "mean", r"at least 2 finite positive rows.*shape \[1, 2\]"),
        ([[1, 2], [3, 4]], [[1, 2], [np.inf, 4]], "mean", "NaN or infinity"),
        ([[1, 2], [3, 4]], [[1, 2, 3], [3, 4, 5]], "mean", "one width; got 2 and 3"),
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]], "mean", "do not differ"),
        ([[1, 2], [3, 4], [5, 6]], [[1, 1], [3, 3]], "pca", "got 3 and 2 rows"),
        ([[1, 2], [3, 4]], [[1, 1], [3, 3]], "svm", "unknown method 'svm'"),
    ],
)
def test_rows_without_a_direction_are_refused(positive, negative, method, message):
    """Too few rows, other widths, equal sides and missing pairs are one sentence each."""
    with pytest.raises(UsageError, match=message):
        concept_vector(positive, negative, method=method, **PLACE)
