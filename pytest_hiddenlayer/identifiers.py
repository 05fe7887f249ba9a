"""Identifiers shared by item ids, files and records: model slugs, item names, seeds and digests."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from .types import ModelName


def slug(model: str) -> str:
    """Return the last part of a model's path in lower case; characters outside `[a-z0-9._-]` become `-`."""
    basename = model.rstrip("/").rsplit("/", 1)[-1].lower()
    return re.sub(r"[^a-z0-9._-]", "-", basename) or "model"


def slugs(names: Iterable[str]) -> dict[str, str]:
    """Return slugs by full name; equal slugs get 6 hex digits of the full name's hash."""
    plain = {name: slug(name) for name in names}
    all_slugs = list(plain.values())
    return {
        name: value if all_slugs.count(value) == 1 else f"{value}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
        for name, value in plain.items()
    }


def item_params(label: str, model: ModelName, model_slug: str, epoch: int = 1) -> str:
    """Return the text in an item's brackets: `debate-mlx`, `debate-mlx:llama-3.2-3b`, `debate-mlx#2`."""
    model_part = f":{model_slug}" if model.model is not None else ""
    epoch_part = f"#{epoch}" if epoch > 1 else ""
    return f"{label}-{model.provider}{model_part}{epoch_part}"


_CONTROL = "single.control="


def control_label(label: str) -> str:
    """Return the label of a strategy's compute-matched control samples.

    It contains the strategy's label unchanged, so that no two strategies share a control.
    """
    return f"{_CONTROL}{label}"


def controlled(label: str) -> str | None:
    """Return the label of the strategy that a control label belongs to, or None for any other label."""
    return label.removeprefix(_CONTROL) if label.startswith(_CONTROL) else None


def item_name(sample_id: str) -> str:
    """Return a sample id as an item name: brackets would end the name, so they become parentheses."""
    return sample_id.replace("[", "(").replace("]", ")")


def derive_seed(*parts: object) -> int:
    """Return a seed in [0, 2**31) that depends on every part and is the same on every machine."""
    text = json.dumps([str(part) for part in parts]).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "big") >> 1


def digest(value: Any, length: int = 16) -> str:
    """Return the first `length` hex digits of the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(_ENCODE(value).encode()).hexdigest()[:length]


_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode
