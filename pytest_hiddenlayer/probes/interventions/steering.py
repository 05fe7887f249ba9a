"""Steering: a direction is added to the residual stream after a layer, while the model reads and generates.

Turner et al. 2023, "Steering Language Models With Activation Engineering"; Rimsky et al. 2024, "Steering Llama 2 via
Contrastive Activation Addition".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from ...errors import UsageError
from ..concepts.vector import ConceptVector
from ..hooks import ModelHooks
from ..structure import structure_of

Unit: TypeAlias = Literal["norm", "raw"]
Positions: TypeAlias = Literal["all", "generated"]
SITE = "residual_post"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Steering:
    """`strength` times `direction`, added after `layer` at every token or at generated ones.

    `direction` [width] has length 1. The strength is in units of `scale`. If that is the mean length of the residual
    stream there, a strength of 0.5 adds a vector half as long; if it is 1, the unit is that of the activations.
    """

    direction: Any
    layer: int
    strength: float
    scale: float
    positions: Positions = "all"  # 'generated': from the last token of the prompt on, which predicts the first one

    def along(self, direction: Any) -> Steering:
        """The same with another direction, of the same length."""
        unit = np.asarray(direction, dtype=np.float32)
        length = float(np.linalg.norm(unit))
        if not (np.isfinite(length) and length > 0):
            raise UsageError(f"a direction needs a positive length; got {length}: choose another")
        return Steering(
            direction=unit / length,
            layer=self.layer,
            strength=self.strength,
            scale=self.scale,
            positions=self.positions,
        )

    def hooks(self, model: Any, *, where: Any = None) -> ModelHooks:
        """A `with` block in which the model is steered at every token that it reads.

        `where`: Booleans [batch, tokens] in mlx, for the tokens that are steered.
        """
        import mlx.core as mx

        width = structure_of(model).width
        if len(self.direction) != width:
            raise UsageError(
                f"the direction has width {len(self.direction)}, the model {width}: make it from this model"
            )
        added = mx.array(np.asarray(self.direction, dtype=np.float32) * np.float32(self.strength * self.scale))

        def replace(layer: int, site: str, array: Any) -> Any:
            moved = array + added.astype(array.dtype)
            return moved if where is None else mx.where(where[..., None], moved, array)

        return ModelHooks(model, replace={SITE: replace}, layers=[self.layer])


def steering(
    vector: ConceptVector, strength: float, *, unit: Unit = "norm", positions: Positions = "all"
) -> Steering:
    """Steering along a concept vector made at site `residual_post`, after the vector's layer.

    `unit` of the strength: 'norm' is the mean length of the activations that the vector was made from, 'raw' is
    1 in their scale, so that a strength of `vector.gap` is the distance between the two sides. Raises
    UsageError for another site, unit or strength.
    """
    if vector.site != SITE:
        raise UsageError(
            f"steering adds to the residual stream after a layer; the vector was made at site {vector.site!r}: "
            f"capture {SITE!r}"
        )
    if unit not in ("norm", "raw") or positions not in ("all", "generated"):
        raise UsageError(f"unit={unit!r}, positions={positions!r}: use 'norm' or 'raw', and 'all' or 'generated'")
    if not np.isfinite(strength):
        raise UsageError(f"strength={strength}: a finite number is needed; 0 does not steer")
    return Steering(
        direction=vector.direction,
        layer=vector.layer,
        strength=float(strength),
        scale=vector.activation_norm if unit == "norm" else 1.0,
        positions=positions,
    )
