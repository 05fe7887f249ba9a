"""The runs of a model that its verification measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import ProbeError
from .attention.weights import AttentionWeights
from .hooks import ATTENTION_WEIGHTS, SITES, ModelHooks
from .lens import LogitLens
from .structure import Structure, logits_of, structure_of

N_TOKENS = 40
MAX_WINDOW = 256
"""Sliding windows up to this size are exercised by a text that is longer than they are."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Evidence:
    """Arrays of several runs over the same tokens. Arrays are those of mlx."""

    structure: Structure
    precision: str
    logits: Any  # of a run without hooks, [1, tokens, vocabulary]
    hooked_logits: Any  # while everything is read
    restored_logits: Any  # after an error inside a hook
    classes_restored: bool
    changed_logits: Any  # for the same tokens but another last one
    lens_last: Any
    lens_first: Any
    values: dict[tuple[str, int], Any]
    counts: dict[tuple[str, int], int]
    attention: dict[int, AttentionWeights]
    window: int | None  # of sliding attention, from the configuration; None: it states none
    missing: dict[str, str]  # site → why it cannot be read at all


class _DeliberateError(Exception):
    """Raised inside a hook, to see what an error leaves behind."""


def collect(model: Any, token_ids: Any) -> Evidence:
    """Run the model on `token_ids`, or on pseudo-random ones. Raises ProbeError if its layers cannot be followed."""
    import mlx.core as mx

    structure, window = structure_of(model), _window(model)
    ids = _tokens(structure.vocabulary, window) if token_ids is None else token_ids
    before = _fingerprint(model)
    missing = _missing(structure)
    logits = logits_of(model(ids))
    read = [site for site in (*SITES, ATTENTION_WEIGHTS) if site not in missing]
    with ModelHooks(model, read=read) as hooks:
        hooked = logits_of(model(ids))
    if not hooks.attention:
        missing.setdefault(
            ATTENTION_WEIGHTS, "no layer calls scaled_dot_product_attention, and its own attention is unknown"
        )
    mx.eval(hooked, list(hooks.values.values()))
    _fail_inside(model, ids)
    restored = logits_of(model(ids))
    lens, last = LogitLens(model, ids), len(structure.blocks) - 1
    changed = mx.concatenate([ids[:, :-1], (ids[:, -1:] + 1) % structure.vocabulary], axis=1)
    return Evidence(
        structure=structure,
        precision=str(hooks.values["residual_post", last].dtype).removeprefix("mlx.core."),
        logits=logits,
        hooked_logits=hooked,
        restored_logits=restored,
        classes_restored=_fingerprint(model) == before,
        changed_logits=logits_of(model(changed)),
        lens_last=lens.logits(hooks.values["residual_post", last]),
        lens_first=lens.logits(hooks.values["embeddings", 0]),
        values=hooks.values,
        counts=hooks.counts,
        attention=hooks.attention,
        window=window,
        missing=missing,
    )


def _missing(structure: Structure) -> dict[str, str]:
    parts = {"attention": "attention_end", "mlp": "mlp_end", "heads": "projection"}
    missing = {}
    for site, part in parts.items():
        layers = [block.index for block in structure.blocks if getattr(block, part) is None]
        if layers:
            missing[site] = f"its part was not found in layers {_listed(layers)}"
    if "attention" in missing:  # then the layers of the weights are unknown as well
        missing["heads"] = missing["attention"]
    return missing


def _listed(layers: list[int]) -> str:
    return ", ".join(map(str, layers[:4])) + (f" and {len(layers) - 4} more" if len(layers) > 4 else "")


def _tokens(vocabulary: int, window: int | None) -> Any:
    import mlx.core as mx

    n = N_TOKENS if window is None or window > MAX_WINDOW else max(N_TOKENS, window + 16)
    return mx.random.randint(0, vocabulary, (1, n), key=mx.random.key(0))


def _window(model: Any) -> int | None:
    """The size of the sliding window that the configuration states."""
    for name in ("args", "config"):
        for holder in (model, getattr(model, "language_model", None)):
            config = getattr(holder, name, None)
            value = getattr(config, "sliding_window", None) or getattr(config, "sliding_window_size", None)
            if isinstance(value, int):
                return value
    return None


def _fingerprint(model: Any) -> list[Any]:
    """The classes of all modules, and the functions that they call attention by."""
    classes = [type(module) for _, module in model.named_modules()]
    functions = [
        getattr(function, "__globals__", {}).get("scaled_dot_product_attention")
        for cls in classes
        for function in vars(cls).values()
    ]
    return [*map(id, classes), *map(id, functions)]


def _fail_inside(model: Any, ids: Any) -> None:
    def fail(layer: int, site: str, array: Any) -> Any:
        raise _DeliberateError

    try:
        with ModelHooks(model, read=[ATTENTION_WEIGHTS], replace={"residual_post": fail}):
            model(ids)
    except _DeliberateError:
        return
    raise ProbeError("a hook of the first layer was not called")
