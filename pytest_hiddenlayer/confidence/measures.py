"""The measures of confidence: direction and range of each, and how a value becomes a confidence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Scale = Literal["probability", "logarithm", "unbounded"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """One measure: how its value becomes a confidence."""

    scale: Scale  # probability: in [0, 1]; logarithm: of a probability; unbounded: only its order counts
    high_is_sure: bool = True

    def confidence(self, value: float) -> float | None:
        """A number that is higher for a more confident model; in [0, 1] unless `scale` is unbounded.

        None if the value is out of range.
        """
        if not math.isfinite(value):
            return None
        if self.scale == "logarithm":
            return min(1.0, math.exp(value))
        if self.scale == "probability" and not 0 <= value <= 1:
            return None
        return value if self.high_is_sure else -value

    @property
    def bounded(self) -> bool:
        """Whether confidences lie in [0, 1], as ECE and the Brier score need."""
        return self.scale != "unbounded"


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "mean_logprob": Measure(scale="logarithm"),
        "tail_logprob": Measure(scale="logarithm"),
        "min_logprob": Measure(scale="logarithm"),
        "entropy": Measure(scale="unbounded", high_is_sure=False),
        "negentropy": Measure(scale="probability"),
        "margin": Measure(scale="probability"),
        "token_confidence": Measure(scale="unbounded"),
        "tail_confidence": Measure(scale="unbounded"),
        "bottom_confidence": Measure(scale="unbounded"),
        "lowest_group_confidence": Measure(scale="unbounded"),
        "p_true": Measure(scale="probability"),
        "verbalized": Measure(scale="probability"),
        "semantic_entropy": Measure(scale="unbounded", high_is_sure=False),
    }
)
"""Every measure of a call or a record by name."""
