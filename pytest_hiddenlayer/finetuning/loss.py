"""The loss over the tokens of answers, and its gradient. Padding, questions and templates have no part in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .tokens import TokenRow
from .weights import named_arrays

PADDED_TO = 8
"""Lengths of batches are multiples of it, so that arrays of few sizes are allocated."""
Arrays: TypeAlias = tuple[Any, Any, Any]  # inputs [row, position], targets [row, position], learned [row, position]


def arrays(rows: Sequence[TokenRow]) -> Arrays:
    """Return (inputs, targets, which targets are learned) of a batch, each of shape [row, position].

    Rows are padded on the right, where a causal model does not look. The padding repeats token 0.
    """
    import mlx.core as mx
    import numpy as np

    longest = max(len(row.ids) for row in rows)
    length = -(-(longest - 1) // PADDED_TO) * PADDED_TO + 1
    ids = np.zeros((len(rows), length), dtype=np.int32)
    learned = np.zeros((len(rows), length - 1), dtype=np.float32)
    for index, row in enumerate(rows):
        ids[index, : len(row.ids)] = row.ids
        learned[index, row.start - 1 : len(row.ids) - 1] = 1.0
    return mx.array(ids[:, :-1]), mx.array(ids[:, 1:]), mx.array(learned)


def loss_sum(model: Any, inputs: Any, targets: Any, learned: Any) -> Any:
    """Return the sum of -log p over the learned tokens, in single precision."""
    import mlx.core as mx
    import mlx.nn as nn

    logits = model(inputs).astype(mx.float32)
    losses = nn.losses.cross_entropy(logits, targets, reduction="none")
    return mx.where(learned > 0, losses, 0.0).sum()


def mean_loss(model: Any, batches: Sequence[Sequence[TokenRow]]) -> float:
    """Return the mean of -log p over all learned tokens of these batches, in nats. Dropout is off."""
    import mlx.core as mx

    model.eval()
    total, tokens = 0.0, 0
    for batch in batches:
        value = loss_sum(model, *arrays(batch))
        mx.eval(value)
        total += float(value)
        tokens += sum(row.learned for row in batch)
    model.train()
    return total / tokens


def gradient_of(model: Any) -> Callable[[Sequence[Sequence[TokenRow]]], tuple[float, Any]]:
    """Return a function: batches → (mean loss over their learned tokens, its gradient).

    The gradient of several batches is that of one batch of all their rows, whatever their sizes are.
    """
    import mlx.core as mx
    import mlx.nn as nn
    from mlx.utils import tree_map

    sum_and_gradient: Any = nn.utils.value_and_grad(model, loss_sum)

    def of_batches(batches: Sequence[Sequence[TokenRow]]) -> tuple[float, Any]:
        total, gradient = 0.0, None
        for batch in batches:
            value, one = sum_and_gradient(model, *arrays(batch))
            gradient = one if gradient is None else tree_map(mx.add, gradient, one)
            mx.eval(value, gradient)
            total += float(value)
        tokens = sum(row.learned for batch in batches for row in batch)
        return total / tokens, tree_map(lambda array: array / tokens, gradient)

    return of_batches


def clipped(gradient: Any, highest: float) -> tuple[Any, float]:
    """Return (the gradient with a norm of at most `highest`, its norm before)."""
    import mlx.core as mx
    from mlx.utils import tree_map

    squares = [mx.square(array.astype(mx.float32)).sum() for array in named_arrays(gradient).values()]
    norm = mx.sqrt(mx.stack(squares).sum())
    factor = mx.minimum(highest / mx.maximum(norm, 1e-12), 1.0)
    return tree_map(lambda array: array * factor, gradient), float(norm)
