"""Ablation: the output of a part is replaced by zero, or by its mean over other texts.

Zero may be far from anything the rest of the model has seen; the mean keeps what is always there. Wang et al. 2023,
"Interpretability in the Wild", section 2.2 (mean ablation); Michel et al. 2019, "Are Sixteen Heads Really Better
than One?" (heads).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UsageError
from ..hooks import ModelHooks
from ..structure import structure_of
from .target import Target, checked_ids, run, tiled

SITES = ("attention", "mlp", "heads")
Means = Mapping[int, Any]
"""Layer → mean array [width of the site]."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AblationSweep:
    """The effect of ablating each part by itself, in the unit of the target: logits or nats."""

    effects: Any  # [layers, parts]: the target's value without the part minus that with it
    layers: tuple[int, ...]
    parts: tuple[str, ...]  # 'attention', 'mlp', or 'head 0', 'head 1', …
    base: float  # the target's value of the whole model
    replaced_by: str  # 'zero' or 'mean'


def mean_activations(model: Any, prompts: Sequence[Sequence[int]], site: str) -> dict[int, Any]:
    """Layer → the mean array [width of the site] over all tokens of all prompts: what mean ablation puts in."""
    import mlx.core as mx

    sums: dict[int, Any] = {}
    n_tokens = 0
    with ModelHooks(model, read=[site]) as hooks:
        for prompt in prompts:
            run(model, tiled(checked_ids(prompt), 1))
            n_tokens += len(prompt)
            for (_, layer), array in hooks.values.items():
                sums[layer] = sums.get(layer, 0) + array.astype(mx.float32).sum(axis=(0, 1))
    if not n_tokens:
        raise UsageError("mean ablation needs prompts to average over; got none: give some")
    return {layer: total / n_tokens for layer, total in sums.items()}


def ablated(
    model: Any,
    site: str,
    *,
    layers: Sequence[int],
    heads: Sequence[int] | None = None,
    means: Means | None = None,
) -> ModelHooks:
    """A `with` block in which the output of a part of these layers is zero, or its mean of `mean_activations`.

    `site` is 'attention', 'mlp' or 'heads'; `heads` are then the numbers of the heads, all by default.
    """
    if site not in SITES:
        raise UsageError(f"site {site!r} cannot be ablated: choose from {', '.join(SITES)}")
    if heads is not None and site != "heads":
        raise UsageError(f"heads={list(heads)} belong to site 'heads', not {site!r}: use site='heads'")
    n_heads = _n_heads(model, layers[0]) if heads is not None else 1
    if wrong := [head for head in heads or () if not 0 <= head < n_heads]:
        raise UsageError(f"heads={wrong}: this layer has heads 0 to {n_heads - 1}; choose from these")

    def replace(layer: int, site: str, array: Any) -> Any:
        import mlx.core as mx

        value = mx.zeros(array.shape[-1:]) if means is None else means[layer]
        filled = mx.broadcast_to(value.astype(array.dtype), array.shape)
        if heads is None:
            return filled
        size = array.shape[-1] // n_heads
        gone = mx.array([place // size in set(heads) for place in range(array.shape[-1])])
        return mx.where(gone, filled, array)

    return ModelHooks(model, replace={site: replace}, layers=layers)


def ablation_sweep(
    model: Any,
    ids: Sequence[int],
    target: Target,
    *,
    by: str = "part",
    means: Mapping[str, Means] | None = None,
    layers: Sequence[int] | None = None,
) -> AblationSweep:
    """The effect of replacing each part of each layer, by itself, for one prompt.

    `by`: 'part' (attention and MLP) or 'head'. `means`: {site: its `mean_activations`}; without them zero is put in.
    """
    import numpy as np

    if by not in ("part", "head"):
        raise UsageError(f"by={by!r}: ablate by 'part' or by 'head'")
    used = tuple(range(len(structure_of(model).blocks)) if layers is None else layers)
    heads = range(_n_heads(model, used[0])) if by == "head" else range(0)
    parts: list[tuple[str, str, list[int] | None]] = [(f"head {head}", "heads", [head]) for head in heads]
    parts = parts or [("attention", "attention", None), ("mlp", "mlp", None)]
    prompt = tiled(checked_ids(ids), 1)
    base = float(target.of(run(model, prompt))[0])
    effects = np.zeros((len(used), len(parts)))
    for row, layer in enumerate(used):
        for column, (_, site, chosen) in enumerate(parts):
            with ablated(model, site, layers=[layer], heads=chosen, means=None if means is None else means[site]):
                effects[row, column] = float(target.of(run(model, prompt))[0]) - base
    return AblationSweep(
        effects=effects,
        layers=used,
        parts=tuple(name for name, _, _ in parts),
        base=base,
        replaced_by="zero" if means is None else "mean",
    )


def _n_heads(model: Any, layer: int) -> int:
    """The number of query heads of a layer, from the shape of its attention weights."""
    with ModelHooks(model, read=["attention_weights"], layers=[layer]) as hooks:
        run(model, tiled([1, 2], 1))
    if layer not in hooks.attention:
        raise UsageError(f"layer {layer} has no attention with heads: ablate site 'attention' as a whole")
    return int(hooks.attention[layer].weights.shape[1])
