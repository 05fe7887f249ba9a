"""The effect of a direction, compared with those of other directions of the same length.

A large enough vector changes any output, so the effect of this direction only counts in comparison with others:
the one-sided permutation p is the share of directions, including this one, whose effect is at least as large.
Phipson & Smyth 2010, "Permutation P-values Should Never Be Zero".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import UsageError
from .steering import Steering

MIN_DIRECTIONS = 20
"""With fewer, no p could be below 0.05."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SteeringEffect:
    """The change of a measure by steering, and the changes by other directions of the same length."""

    unsteered: float  # the measure without steering
    effect: float  # the measure with steering, minus `unsteered`
    others: tuple[float, ...]  # the same for the other directions
    p: float  # one-sided, of the effect being one of the others; at least 1 / (1 + their number)

    def __str__(self) -> str:
        mean, spread = float(np.mean(self.others)), float(np.std(self.others, ddof=1))
        return (
            f"effect {self.effect:+.3f} on {self.unsteered:+.3f}; {len(self.others)} other directions {mean:+.3f}, "
            f"standard deviation {spread:.3f}, largest {max(self.others):+.3f}; p {self.p:.3f}"
        )


def steering_effect(
    measure: Callable[[Steering | None], float],
    steering: Steering,
    *,
    directions: Any = None,
    n_random: int = 40,
    seed: int = 0,
) -> SteeringEffect:
    """The effect of `steering` on `measure`, compared with other directions at the same layer and strength.

    `measure` takes a steering, or None, and returns a number that is larger if the steering has more of the intended
    effect. The others are `n_random` random directions, uniform on the sphere, or `directions` [n, width], such as
    vectors made with shuffled labels; all get the same length. Raises UsageError for fewer than 20 of them.
    """
    if directions is None:
        directions = np.random.default_rng(seed).standard_normal((n_random, len(steering.direction)))
    if len(directions) < MIN_DIRECTIONS:
        raise UsageError(
            f"an effect is measured against at least {MIN_DIRECTIONS} other directions; got {len(directions)}: "
            "with fewer, no p-value can be below 0.05"
        )
    unsteered = measure(None)
    effect = measure(steering) - unsteered
    others = tuple(measure(steering.along(direction)) - unsteered for direction in directions)
    larger = sum(other >= effect for other in others)
    return SteeringEffect(unsteered=unsteered, effect=effect, others=others, p=(1 + larger) / (1 + len(others)))
