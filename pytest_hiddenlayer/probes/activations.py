"""Arrays of several prompts at once, for linear probes and concept vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import UsageError
from .hooks import ModelHooks
from .lens import LogitLens
from .structure import logits_of


def activations(model: Any, prompts: Sequence[Sequence[int]], *, site: str = "residual_post") -> dict[int, Any]:
    """Return layer → array [prompts, tokens, width] in single precision. Raises UsageError for unequal lengths."""
    import mlx.core as mx

    with ModelHooks(model, read=[site]) as hooks:
        mx.eval(logits_of(model(_rows(prompts))), *hooks.values.values())
    return {layer: np.array(array.astype(mx.float32)) for (_, layer), array in hooks.values.items()}


def early_tokens(model: Any, prompts: Sequence[Sequence[int]]) -> Any:
    """Return the likeliest next token ids [layers, prompts, tokens] if the model ended after each layer.

    By `LogitLens`; the last layer's are the model's own. Raises UsageError for unequal lengths.
    """
    import mlx.core as mx

    ids = _rows(prompts)
    with ModelHooks(model, read=["residual_post"]) as hooks:
        mx.eval(logits_of(model(ids)))
    lens, n_layers = LogitLens(model, ids), len(hooks.structure.blocks)
    return np.stack(
        [np.array(mx.argmax(lens.logits(hooks.values["residual_post", i]), axis=-1)) for i in range(n_layers)]
    )


def _rows(prompts: Sequence[Sequence[int]]) -> Any:
    import mlx.core as mx

    lengths = sorted({len(prompt) for prompt in prompts})
    if len(lengths) != 1 or not lengths[0]:
        raise UsageError(
            f"arrays of several prompts need the same number of tokens in each; found {lengths or 'no prompt'}: "
            "rephrase some, or pass one prompt at a time"
        )
    return mx.array([list(prompt) for prompt in prompts])
