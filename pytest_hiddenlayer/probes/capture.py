"""`capture`: one forward pass over a prompt and its answer, with arrays from inside the model.

The answer is given, not generated (teacher forcing): every token is scored under the model's own distribution given
all tokens before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import ProbeError, UsageError, did_you_mean
from .attention.rollout import Array, attention_rollout
from .capture_memory import MAX_BYTES, check_memory
from .hooks import ATTENTION_WEIGHTS, SITES, ModelHooks
from .interception import is_intercepted
from .lens import LogitLens
from .structure import logits_of, structure_of
from .verification import Verification, known_verification, verify

ARRAYS: Mapping[str, str] = {
    "embeddings": "[tokens, width]: what enters layer 0",
    "residual_pre": "[layers, tokens, width]: the residual stream before each layer",
    "heads": "[layers, tokens, heads * size]: the heads' outputs side by side",
    "attention": "[layers, tokens, width]: what attention returns",
    "mlp": "[layers, tokens, width]: what the MLP returns",
    "residual_post": "[layers, tokens, width]: the residual stream after each layer",
    "layers": "[layers]: the layer of each row of the arrays above, from 0",
    "attention_weights": "[attention layers, heads, tokens, tokens]: how much a token (third axis) attends to each",
    "attention_layers": "[attention layers]: the layer of each row of attention_weights, from 0",
    "attention_sinks": "[attention layers, heads, tokens]: the weight that goes to no token; NaN: no sinks",
    "token_logprobs": "[tokens]: natural log of each token's probability given those before it; NaN for the first",
    "token_entropies": "[tokens]: entropy in nats of the distribution before each token; NaN for the first",
    "lens_token_logprobs": "[layers + 1, tokens]: token_logprobs after the embeddings (row 0) and after each layer",
    "lens_top_ids": "[layers + 1, tokens, top]: the likeliest tokens to follow each token, at each depth",
    "lens_top_logprobs": "[layers + 1, tokens, top]: natural logs of their probabilities",
    "logits": "[tokens, vocabulary]: of the token that follows each token",
}
"""Array of a capture → its axes and what it holds. All are float32, ids and layers int32."""
WHAT = (*SITES, ATTENTION_WEIGHTS, "token_logprobs", "lens", "logits")
"""What can be captured."""
TOP = 5


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Capture:
    """Arrays of one forward pass, by the names of `ARRAYS`."""

    token_ids: tuple[int, ...]
    token_texts: tuple[str, ...] | None  # None: unknown
    n_prompt: int  # tokens before the answer; 0: no division
    arrays: Mapping[str, Array]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """`model`, `fingerprint` and whatever the caller adds; `architecture`, `precision`, `checks` of the proof."""

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in self.arrays.items())
        return f"Capture({len(self.token_ids)} tokens, {self.n_prompt} of the prompt; {shapes or 'no arrays'})"

    def __getitem__(self, name: str) -> Array:
        if name not in self.arrays:
            names = ", ".join(self.arrays)
            raise UsageError(f"array {name!r} was not captured{did_you_mean(name, self.arrays)} (captured: {names})")
        return self.arrays[name]

    def rollout(self) -> Array:
        """Return attention rollout [tokens, tokens]. Raises ProbeError unless all layers' weights were captured."""
        weights, n_layers = self["attention_weights"], self.metadata["n_layers"]
        if list(self["attention_layers"]) != list(range(n_layers)):
            raise ProbeError(
                f"attention rollout needs the weights of all {n_layers} layers, but {len(weights)} were captured: "
                "capture without `layers`; a model with layers of another kind than softmax attention has no rollout"
            )
        return attention_rollout(weights)


def capture(
    model: Any,
    token_ids: Iterable[int],
    what: str | Iterable[str] = ("token_logprobs",),
    *,
    layers: Iterable[int] | None = None,
    top: int = TOP,
    max_bytes: int = MAX_BYTES,
    n_prompt: int = 0,
    token_texts: Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Capture:
    """Return what happened inside a loaded mlx-lm model while it read `token_ids`; `what` names entries of
    `WHAT`, in a list or joined by commas.

    `layers` limits sites and attention weights, not the lens. The model is verified first, once; a probe that it does
    not allow raises ProbeError with the check and its numbers. Raises ProbeError before the run if the arrays exceed
    `max_bytes`, and UsageError for a wrong argument. Inside the `with` block of other hooks it captures what they
    make of the model; verify the model before them.
    """
    ids, names = _checked(token_ids, what, top)
    verification, structure = verify(model) if not _hooked(model) else _known(model), structure_of(model)
    verification.require(probe for probe in names if probe != "logits")
    if wrong := [token for token in ids if not 0 <= token < structure.vocabulary]:
        raise UsageError(f"token ids {wrong[:3]}: this model has tokens 0 to {structure.vocabulary - 1}")
    chosen = range(len(structure.blocks)) if layers is None else sorted(set(layers))
    check_memory(structure, names, chosen, len(ids), max_bytes)
    return Capture(
        token_ids=ids,
        token_texts=None if token_texts is None else tuple(token_texts),
        n_prompt=n_prompt,
        arrays=_arrays(model, ids, names, list(chosen), top),
        metadata={
            "architecture": verification.architecture,
            "precision": verification.precision,
            "n_layers": len(structure.blocks),
            "residual_multiplier": verification.residual_multiplier,
            "checks": {check.name: check.measured for check in verification.checks},
            **(metadata or {}),
        },
    )


def parse_what(what: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names of what to capture, given one by one or joined by commas. Raises UsageError."""
    written = what.split(",") if isinstance(what, str) else what
    names = tuple(dict.fromkeys(name for part in written if (name := part.strip())))
    for name in names:
        if name not in WHAT:
            hint = did_you_mean(name, WHAT) or "."
            raise UsageError(f"{name!r} cannot be read from a model{hint} Choose from {', '.join(WHAT)}")
    if isinstance(what, str) and not names:
        raise UsageError(f"nothing to read was named; choose from {', '.join(WHAT)}, joined by commas")
    return names


def _checked(
    token_ids: Iterable[int], what: str | Iterable[str], top: int
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    ids, names = tuple(int(token) for token in token_ids), parse_what(what)
    if len(ids) < 2:
        raise UsageError(f"a capture needs at least 2 tokens, but the text has {len(ids)}")
    if top < 1:
        raise UsageError(f"top={top}: pass the number of tokens that the lens keeps per layer, at least 1")
    return ids, names


def _hooked(model: Any) -> bool:
    return any(is_intercepted(module) for _, module in model.named_modules())


def _known(model: Any) -> Verification:
    verification = known_verification(model)
    if verification is None:
        raise ProbeError("capture inside hooks: call verify(model) once before the `with` block of the hooks")
    return verification


def _arrays(
    model: Any, ids: tuple[int, ...], names: tuple[str, ...], layers: list[int], top: int
) -> dict[str, Array]:
    import mlx.core as mx

    tokens = mx.array([ids])
    sites = [site for site in SITES if site in names]
    read = [*sites, *([ATTENTION_WEIGHTS] if ATTENTION_WEIGHTS in names else [])]
    streams = ModelHooks(model, read=["embeddings", "residual_post"] if "lens" in names else [])
    with ModelHooks(model, read=read, layers=layers if "embeddings" not in sites else {0, *layers}) as hooks, streams:
        logits = logits_of(model(tokens))
    arrays: dict[str, Array] = {}
    for site in sites:
        if site == "embeddings":
            arrays[site] = _numpy(hooks.values[site, 0])[0]
        else:
            arrays[site] = _stacked(site, [_numpy(hooks.values.pop((site, layer)))[0] for layer in layers])
    if {*sites} - {"embeddings"}:
        arrays["layers"] = np.array(layers, np.int32)
    if ATTENTION_WEIGHTS in names:
        arrays |= _attention_arrays(hooks, set(layers))
    if "token_logprobs" in names or "lens" in names:
        arrays |= _token_arrays(logits, tokens)
    if "logits" in names:
        arrays["logits"] = _numpy(logits)[0]
    if "lens" in names:
        arrays |= _lens_arrays(LogitLens(model, tokens), streams, tokens, logits, top)
    return arrays


def _attention_arrays(hooks: ModelHooks, layers: set[int]) -> dict[str, Array]:
    read = {layer: call for layer, call in sorted(hooks.attention.items()) if layer in layers}
    if not read:
        raise ProbeError(f"none of the layers {sorted(layers)} has softmax attention: choose others")
    arrays = {"attention_layers": np.array(list(read), np.int32)}
    sinks = [None if call.sinks is None else _numpy(call.sinks)[0] for call in read.values()]
    hooks.attention.clear()
    weights = [_numpy(read.pop(layer).weights)[0] for layer in list(read)]  # one layer at a time leaves mlx's memory
    if any(not np.isfinite(one).all() for one in weights):
        raise ProbeError("attention_weights: a weight is not a number, because a token may attend to nothing")
    arrays[ATTENTION_WEIGHTS] = _stacked(ATTENTION_WEIGHTS, weights)
    if any(one is not None for one in sinks):
        unknown = np.full(weights[0].shape[:-1], np.nan, np.float32)
        arrays["attention_sinks"] = np.stack([unknown if one is None else one for one in sinks])
    return arrays


def _token_arrays(logits: Any, tokens: Any) -> dict[str, Array]:
    import mlx.core as mx

    logprobs = _logprobs(logits)
    entropies = -mx.where(logprobs > -mx.inf, mx.exp(logprobs) * logprobs, 0).sum(axis=-1)
    return {
        "token_logprobs": _of_tokens(logprobs, tokens),
        "token_entropies": np.concatenate([[np.float32(np.nan)], _numpy(entropies)[0, :-1]]),
    }


def _lens_arrays(lens: LogitLens, streams: ModelHooks, tokens: Any, logits: Any, top: int) -> dict[str, Array]:
    import mlx.core as mx

    rows: dict[str, list[Array]] = {"lens_token_logprobs": [], "lens_top_ids": [], "lens_top_logprobs": []}
    n_layers = len(streams.structure.blocks)
    for site, layer in (("embeddings", 0), *(("residual_post", layer) for layer in range(n_layers))):
        seen = lens.logits(streams.values.pop((site, layer)))
        logprobs = _logprobs(seen)
        ids = mx.argsort(-logprobs, axis=-1)[..., :top]
        rows["lens_token_logprobs"].append(_of_tokens(logprobs, tokens))
        rows["lens_top_ids"].append(np.array(ids[0]).astype(np.int32))
        rows["lens_top_logprobs"].append(_numpy(mx.take_along_axis(logprobs, ids, axis=-1))[0])
    if not mx.array_equal(seen, logits).item():
        raise ProbeError("lens: check `lens_last` failed for this text: the lens of the last layer is not the logits")
    return {name: np.stack(arrays) for name, arrays in rows.items()}


def _logprobs(logits: Any) -> Any:
    import mlx.core as mx

    logits = logits.astype(mx.float32)
    return logits - mx.logsumexp(logits, axis=-1, keepdims=True)


def _of_tokens(logprobs: Any, tokens: Any) -> Array:
    """The log-probability of each token under the distribution of the token before it; NaN for the first."""
    import mlx.core as mx

    following = mx.take_along_axis(logprobs[:, :-1], tokens[:, 1:, None], axis=-1)
    return np.concatenate([[np.float32(np.nan)], _numpy(following)[0, :, 0]])


def _stacked(name: str, arrays: list[Array]) -> Array:
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) > 1:
        raise ProbeError(f"{name}: layers have different shapes {shapes}: capture layers of one kind with `layers`")
    return np.stack(arrays)


def _numpy(array: Any) -> Array:
    import mlx.core as mx

    return np.array(array.astype(mx.float32))
