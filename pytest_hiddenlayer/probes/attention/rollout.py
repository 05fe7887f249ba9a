"""Attention rollout: attention followed through all layers."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
RESIDUAL = 0.5


def attention_rollout(weights: Array, *, residual: float = RESIDUAL) -> Array:
    """Return [queries, keys]: the share of each key's first embedding in each query's last state; rows sum to 1.

    `weights` is [layers, heads, queries, keys] of consecutive layers from layer 0. Heads are averaged; each layer is
    residual · I + (1 − residual) · attention with rows scaled to 1, and the layers are multiplied.

    Source: Abnar & Zuidema 2020, "Quantifying attention flow in transformers", section 3 (residual 0.5). It takes
    values for what their tokens contain and ignores MLPs: a picture, not a cause.
    """
    rolled = np.eye(weights.shape[-1])
    for layer in weights.astype(np.float64):
        mixed = residual * np.eye(weights.shape[-1]) + (1 - residual) * layer.mean(axis=0)
        rolled = (mixed / mixed.sum(axis=-1, keepdims=True)) @ rolled
    return rolled
