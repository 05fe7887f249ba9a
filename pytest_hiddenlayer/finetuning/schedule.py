"""The learning rate of each step."""

from __future__ import annotations

import math


def learning_rate(step: int, *, total: int, highest: float, schedule: str, warmup: float) -> float:
    """Return the learning rate of a step, counted from 1, of `total` steps.

    It rises linearly over `warmup * total` steps to `highest`. Then it follows half a cosine or a line
    down to 0 after the last step, or stays.
    """
    rising = round(warmup * total)
    if step <= rising:
        return highest * step / rising
    done = (step - rising - 1) / max(1, total - rising)
    if schedule == "cosine":
        return highest * 0.5 * (1 + math.cos(math.pi * done))
    return highest * (1 - done) if schedule == "linear" else highest
