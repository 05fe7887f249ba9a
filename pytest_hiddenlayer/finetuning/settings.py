"""The parameters of training, and their defaults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..errors import UsageError, did_you_mean

METHODS = ("lora", "dora", "full")
SCHEDULES = ("cosine", "linear", "constant")
LONG = ("drop", "truncate", "refuse")


@dataclass(frozen=True, kw_only=True, slots=True)
class FinetuneSettings:
    """The parameters of training. Raises UsageError for a value out of its range."""

    method: str = "lora"  # or "dora", "full"
    rank: int = 16  # of the low-rank matrices
    scale: float = 2.0  # factor of the low-rank update (alpha / rank elsewhere)
    dropout: float = 0.0  # of the input of the low-rank update
    num_layers: int | None = None  # how many of the last layers are trained; None: all
    learning_rate: float = 2e-4  # the highest
    schedule: str = "cosine"  # or "linear", "constant", after the warm-up
    warmup: float = 0.05  # share of the steps
    weight_decay: float = 0.0
    clip: float = 1.0  # the largest norm of a gradient
    epochs: int = 3
    batch_size: int = 16  # rows
    batch_tokens: int = 2048  # padded tokens per batch
    accumulation: int = 1  # batches per step
    max_length: int = 1024  # tokens of an example
    long: str = "drop"  # or "truncate", "refuse": what happens to a longer example
    validation: float = 0.1  # share of the groups
    evaluate_every: int | None = None  # steps between two validations; None: four per epoch
    patience: int | None = 8  # validations without a lower loss before training ends; None: never
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every value."""
        for name, allowed in (("method", METHODS), ("schedule", SCHEDULES), ("long", LONG)):
            if (value := getattr(self, name)) not in allowed:
                hint = did_you_mean(str(value), allowed)
                raise UsageError(f"{name} is {value!r}{hint}; choose one of {', '.join(allowed)}")
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            whole = isinstance(value, int) and not isinstance(value, bool)
            number = whole or (isinstance(value, float) and math.isfinite(value) and name not in _WHOLE)
            if not number or not least <= value <= most:
                kind = "a whole number" if name in _WHOLE else "a number"
                raise UsageError(f"{name} is {value!r}; it must be {kind} from {least:g} to {most:g}")

    def to_json(self) -> dict[str, Any]:
        """Return all values by name."""
        return asdict(self)


_OPTIONAL = {"num_layers", "evaluate_every", "patience"}
_WHOLE = {"rank", "num_layers", "epochs", "batch_size", "batch_tokens", "accumulation", "max_length"}
_WHOLE |= {"evaluate_every", "patience", "seed"}
_RANGES: Mapping[str, tuple[float, float]] = {
    "rank": (1, 1024),
    "scale": (1e-6, 1000),
    "dropout": (0, 0.99),
    "num_layers": (1, 1000),
    "learning_rate": (1e-9, 10),
    "warmup": (0, 1),
    "weight_decay": (0, 10),
    "clip": (1e-6, 1e6),
    "epochs": (1, 10_000),
    "batch_size": (1, 4096),
    "batch_tokens": (1, 1_000_000),
    "accumulation": (1, 4096),
    "max_length": (2, 1_000_000),
    "validation": (0, 0.9),
    "evaluate_every": (1, 1_000_000),
    "patience": (1, 1_000_000),
    "seed": (0, 2**31 - 1),
}


def settings_from(values: Mapping[str, Any]) -> FinetuneSettings:
    """Return the settings with these values. Raises UsageError for an unknown name or a wrong value."""
    names = [field.name for field in fields(FinetuneSettings)]
    for name in values:
        if name not in names:
            raise UsageError(
                f"fine-tuning has no setting {name!r}{did_you_mean(name, names)} (settings: {', '.join(names)})"
            )
    return FinetuneSettings(**values)
