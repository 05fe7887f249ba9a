"""The loss and its gradient."""

from __future__ import annotations

import math

import pytest
from support.finetuning import example

from pytest_hiddenlayer.finetuning.loss import clipped, gradient_of, mean_loss
from pytest_hiddenlayer.finetuning.tokens import token_rows
from pytest_hiddenlayer.finetuning.weights import named_arrays
from pytest_hiddenlayer.providers.mlx.loading import load


@pytest.fixture(scope="module")
def loaded(tiny_model):
    return load(tiny_model)


@pytest.fixture(scope="module")
def rows(loaded):
    examples = [example("Hi", "yes"), example("What is it?", "a " * 40), example("A long question " * 5, "no")]
    return token_rows(examples, loaded.tokenizer, loaded.end_ids, max_length=250, long="refuse")[0]


def loss_by_hand(model, row):
    """-log p of each learned token, from the logits of the row alone."""
    import mlx.core as mx

    logits = model(mx.array([row.ids]))[0]
    logarithms = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
    return [-float(logarithms[i - 1, row.ids[i]]) for i in range(row.start, len(row.ids))]


def test_padding_is_not_in_the_loss(loaded, rows):
    """The loss of a padded batch is the mean over the learned tokens of its rows, each computed alone."""
    alone = [loss for row in rows for loss in loss_by_hand(loaded.model, row)]
    assert mean_loss(loaded.model, [rows]) == pytest.approx(sum(alone) / len(alone), rel=1e-5)


def test_three_tokens_and_the_end_are_four_targets(loaded):
    """An answer of one token has two targets: the token and the end; no padding token is a third."""
    (row,), _ = token_rows([example("Hi", "4")], loaded.tokenizer, loaded.end_ids, max_length=99, long="refuse")
    assert row.learned == len(loaded.tokenizer.text_ids("4")) + 1


def test_validation_is_weighted_by_tokens(loaded, rows):
    """One batch of all rows, and one batch per row, have the same mean loss."""
    assert mean_loss(loaded.model, [[row] for row in rows]) == pytest.approx(
        mean_loss(loaded.model, [rows]), rel=1e-5
    )


def test_accumulated_gradients_are_those_of_one_batch(loaded, rows):
    """The gradient of batches of different sizes is that of all their rows at once, not the mean of their means."""
    gradient = gradient_of(loaded.model)
    loss, whole = gradient([rows])
    split_loss, parts = gradient([rows[:1], rows[1:]])
    assert split_loss == pytest.approx(loss, rel=1e-5)
    for name, array in named_arrays(whole).items():
        assert float(abs(array - named_arrays(parts)[name]).max()) < 1e-5, name


def test_clipping_bounds_the_norm(loaded, rows):
    """A gradient longer than the limit gets the limit's norm and keeps its direction; a shorter one is unchanged."""
    _, gradient = gradient_of(loaded.model)([rows])
    short, norm = clipped(gradient, 1e6)
    half, _ = clipped(gradient, norm / 2)
    name = max(named_arrays(gradient), key=lambda n: float(abs(named_arrays(gradient)[n]).max()))
    assert math.isclose(clipped(half, 1e6)[1], norm / 2, rel_tol=1e-4)
    assert float(abs(named_arrays(half)[name] * 2 - named_arrays(short)[name]).max()) < 1e-5
    assert bool((named_arrays(short)[name] == named_arrays(gradient)[name]).all())
