"""Small random models of the architectures of mlx-lm."""

from __future__ import annotations

import importlib
from typing import Any

CONFIG: dict[str, Any] = {
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "rms_norm_eps": 1e-6,
    "vocab_size": 300,
    "max_position_embeddings": 512,
    "rope_theta": 10_000.0,
    "rope_local_base_freq": 10_000.0,
    "rope_traditional": False,
    "tie_word_embeddings": True,
    "sliding_window": 8,
    "sliding_window_pattern": 2,
    "query_pre_attn_scalar": 16,
}
GAIN = 0.3
"""Standard deviation of the weights: large enough that attention is far from uniform."""
MAX_WEIGHTS = 20_000_000


def small_model(name: str, *, gain: float = GAIN, seed: int = 0, **config: Any) -> Any:
    """Return a model of `mlx_lm.models.<name>` with normally distributed weights."""
    import mlx.core as mx
    from mlx.utils import tree_flatten, tree_map

    module = importlib.import_module(f"mlx_lm.models.{name}")
    model = module.Model(module.ModelArgs.from_dict({**CONFIG, "model_type": name, **config}))
    n_weights = sum(weights.size for _, weights in tree_flatten(model.parameters()))
    if n_weights > MAX_WEIGHTS:
        raise ValueError(f"{name} ignores this configuration: {n_weights:,} weights")
    mx.random.seed(seed)
    model.update(tree_map(lambda weights: _random(weights, gain), model.parameters()))
    mx.eval(model.parameters())
    return model


def token_ids(n: int, *, seed: int = 0) -> Any:
    """Return random token ids [1, n]."""
    import mlx.core as mx

    return mx.random.randint(0, CONFIG["vocab_size"], (1, n), key=mx.random.key(seed))


def _random(weights: Any, gain: float) -> Any:
    import mlx.core as mx

    if not mx.issubdtype(weights.dtype, mx.floating):
        return weights
    noise = gain * mx.random.normal(weights.shape).astype(weights.dtype)
    return noise if weights.ndim >= 2 else weights + noise
