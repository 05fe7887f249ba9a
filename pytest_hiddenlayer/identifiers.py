"""Names that ids, files and records share: model slugs, item ids, seeds and keys."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from .types import ModelName


def slug(model: str) -> str:
    """Last path part, lower case, anything outside `[a-z0-9._-]` becomes `-`."""
    last = model.rstrip("/").rsplit("/", 1)[-1].lower()
    return re.sub(r"[^a-z0-9._-]", "-", last) or "model"


def slugs(names: Iterable[str]) -> dict[str, str]:
    """Full name → slug; 6 hex digits of the full name are added where two names would share one."""
    plain = {name: slug(name) for name in names}
    shared = list(plain.values())
    return {
        name: value if shared.count(value) == 1 else f"{value}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
        for name, value in plain.items()
    }


def item_params(label: str, model: ModelName, model_slug: str, epoch: int = 1) -> str:
    """What stands in an item's brackets: `debate-mlx`, `debate-mlx:llama-3.2-3b`, `debate-mlx#2`."""
    named = f":{model_slug}" if model.model is not None else ""
    return f"{label}-{model.provider}{named}{f'#{epoch}' if epoch > 1 else ''}"


_CONTROL = "single.control="


def control_label(label: str) -> str:
    """The label of the single answers that a strategy is held against under an equal budget.

    The strategy's label stands in it as it is, so that no two strategies share a control.
    """
    return f"{_CONTROL}{label}"


def controlled(label: str) -> str | None:
    """The label of the strategy that a control's cell is for; None for any other cell."""
    return label.removeprefix(_CONTROL) if label.startswith(_CONTROL) else None


def item_name(sample_id: str) -> str:
    """The sample id as an item's name: brackets would end it, so they become parentheses."""
    return sample_id.replace("[", "(").replace("]", ")")


def derive_seed(*parts: object) -> int:
    """A seed in [0, 2**31) that differs wherever a part differs, the same on every machine."""
    text = json.dumps([str(part) for part in parts]).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "big") >> 1


def digest(value: Any, length: int = 16) -> str:
    """The first hex digits of the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(_ENCODE(value).encode()).hexdigest()[:length]


_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode
