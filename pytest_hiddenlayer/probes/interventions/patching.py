"""Activation patching: arrays of a source run are put into another run, and the effect on its output is measured.

Vig et al. 2020, "Investigating Gender Bias in Language Models Using Causal Mediation Analysis"; Geiger et al. 2021,
"Causal Abstractions of Neural Networks" (interchange interventions); Meng et al. 2022, "Locating and Editing Factual
Associations in GPT" (the sweep over layers and tokens).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UsageError
from ..hooks import ModelHooks
from ..structure import structure_of
from .target import Target, checked_ids, run, tiled

BATCH = 16


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PatchSweep:
    """The effect of every single patch, in the unit of the target: logits or nats."""

    effects: Any  # [layers, positions]: the target's value with the patch minus that without
    layers: tuple[int, ...]
    positions: tuple[int, ...]  # of the patched tokens, from 0
    site: str
    base: float  # the target's value in the run that is patched
    source: float  # the target's value in the run that the arrays come from

    @property
    def recovered(self) -> Any:
        """Each effect as a share of `source - base` [layers, positions]: 1 turns the one run into the other.

        Raises UsageError if both runs have the same value.
        """
        if self.source == self.base:
            raise UsageError(
                f"the share of an effect needs two runs whose target differs; both have {self.base:g}: "
                "choose another target or another source"
            )
        return self.effects / (self.source - self.base)


def patched_logits(
    model: Any,
    source: Sequence[int],
    ids: Sequence[int],
    *,
    site: str = "residual_post",
    layers: Sequence[int],
    positions: Sequence[int] | None = None,
) -> Any:
    """The logits [1, tokens, vocabulary] of `ids`, with the arrays of `source` at a site of these layers.

    Both are equally long lists of token ids. `positions`: the tokens whose arrays are replaced, all by default.
    Afterwards the model is as it was.
    """
    source_ids, base_ids = _pair(source, ids)
    chosen = _positions(positions, len(base_ids))
    values = _values(model, tiled(source_ids, 1), site, layers)

    def replace(layer: int, site: str, array: Any) -> Any:
        array[:, chosen] = values[layer][:, chosen]
        return array

    with ModelHooks(model, replace={site: _on_copy(replace)}, layers=layers):
        return run(model, tiled(base_ids, 1))


def patch_sweep(
    model: Any,
    source: Sequence[int],
    ids: Sequence[int],
    target: Target,
    *,
    site: str = "residual_post",
    layers: Sequence[int] | None = None,
    positions: Sequence[int] | None = None,
    batch: int = BATCH,
) -> PatchSweep:
    """The effect of putting the array of `source` into the run of `ids`, for each layer and token by itself.

    Both are equally long lists of token ids. `batch` patches are computed at once, and each is compared with an
    unpatched run in the same row of an equally large batch, so patching a run with itself has exactly the
    effect 0. Raises UsageError for prompts of different lengths, and for sites, layers and positions that do
    not exist.
    """
    import numpy as np

    source_ids, base_ids = _pair(source, ids)
    used = tuple(range(len(structure_of(model).blocks)) if layers is None else layers)
    places = tuple(_positions(positions, len(base_ids)))
    batch = max(1, min(batch, len(places)))
    with ModelHooks(model, read=[site], layers=used) as hooks:
        source_values = target.of(run(model, tiled(source_ids, batch)))
        values = {layer: hooks.values[site, layer] for layer in used}
    base = target.of(run(model, tiled(base_ids, batch)))
    effects = np.zeros((len(used), len(places)))
    for row, layer in enumerate(used):
        for start in range(0, len(places), batch):
            part = places[start : start + batch]
            patched = _run_with_rows(model, tiled(base_ids, batch), site, layer, values[layer], part)
            effects[row, start : start + len(part)] = (target.of(patched) - base)[: len(part)]
    return PatchSweep(
        effects=effects,
        layers=used,
        positions=places,
        site=site,
        base=float(base[0]),
        source=float(source_values[0]),
    )


def _run_with_rows(model: Any, ids: Any, site: str, layer: int, values: Any, places: Sequence[int]) -> Any:
    """The logits of a batch whose row r has the source's array at token `places[r]`; further rows are not patched."""

    def replace(layer: int, site: str, array: Any) -> Any:
        for row, place in enumerate(places):
            array[row, place] = values[row, place]
        return array

    with ModelHooks(model, replace={site: _on_copy(replace)}, layers=[layer]):
        return run(model, ids)


def _on_copy(replace: Any) -> Any:
    """A replacement function that changes a copy: the array itself may be used elsewhere in the model."""
    import mlx.core as mx

    return lambda layer, site, array: replace(layer, site, mx.array(array))


def _values(model: Any, ids: Any, site: str, layers: Sequence[int]) -> dict[int, Any]:
    with ModelHooks(model, read=[site], layers=layers) as hooks:
        run(model, ids)
    return {layer: hooks.values[site, layer] for layer in layers}


def _pair(source: Sequence[int], ids: Sequence[int]) -> tuple[list[int], list[int]]:
    source_ids, base_ids = checked_ids(source), checked_ids(ids)
    if len(source_ids) != len(base_ids):
        raise UsageError(
            f"patching replaces arrays token by token, so both prompts need the same number of tokens; the source "
            f"has {len(source_ids)}, the other {len(base_ids)}: rephrase one of them"
        )
    return source_ids, base_ids


def _positions(positions: Sequence[int] | None, n_tokens: int) -> list[int]:
    chosen = list(range(n_tokens)) if positions is None else [int(place) for place in positions]
    if wrong := [place for place in chosen if not -n_tokens <= place < n_tokens]:
        raise UsageError(f"positions={wrong}: the prompt has tokens 0 to {n_tokens - 1}; choose from these")
    if not chosen:
        raise UsageError("positions=[]: a patch needs at least one token; leave `positions` out for all of them")
    return [place % n_tokens for place in chosen]
