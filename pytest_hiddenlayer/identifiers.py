"""Identifiers shared by item ids, files and records: model slugs, item names, seeds and digests."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .types import ModelName

MAX_LABEL = 60
"""Length of the longest strategy label and model slug: they become parts of ids and file names."""


def shortened(text: str, whole: str, limit: int = MAX_LABEL) -> str:
    """Return `text`; if it is too long or is not `whole`, cut to `limit` with 6 hex digits of `whole` at the end."""
    if text == whole and len(text) <= limit:
        return text
    return f"{text[: limit - 7]}-{_digits(whole)}"


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def slug(model: str) -> str:
    """Return the last part of a model's path in lower case; characters outside `[a-z0-9._-]` become `-`.

    Of `MODEL:ADAPTER`, it is the last part of both paths.
    A slug of more than 60 characters is cut, and ends in 6 hex digits of the whole name.
    """
    parts = [part.rstrip("/").rsplit("/", 1)[-1] for part in model.split(":")]  # of MODEL:ADAPTER, both
    basename = ":".join(parts).lower()
    plain = re.sub(r"[^a-z0-9._-]", "-", basename) or "model"
    return plain if len(plain) <= MAX_LABEL else f"{plain[: MAX_LABEL - 7]}-{_digits(model)}"


def strategy_label(name: str, changed: Mapping[str, Any]) -> str:
    """Return the label of a strategy: its name, and the parameters that differ from their defaults.

    It has at most 60 characters, all fit for ids and file names. A longer one, or one in which
    characters had to be replaced, ends in 6 hex digits of the whole label, so that two
    strategies never share one.
    """
    whole = [f"{key}={value}" for key, value in changed.items()]
    safe = [f"{key}={re.sub(r'[^A-Za-z0-9._+-]', '-', str(value))}" for key, value in changed.items()]
    if not changed:
        return shortened(name, name)
    return shortened(f"{name}.{','.join(safe)}", f"{name}.{','.join(whole)}")


_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
"""Names that Windows keeps for devices, with any ending."""


def file_name(text: str, limit: int = 160) -> str:
    """Return a name for a file or folder that every system can hold, the text itself if it is one.

    Else it ends in 6 hex digits of the text: if it is long or reserved, holds characters that
    file systems refuse, ends in a dot, or has capital letters, in which a file system may see no difference.
    """
    safe = re.sub(r'[\x00-\x1f\\/:*?"<>|\ud800-\udfff]', "-", text).rstrip(". ")
    reserved = safe.partition(".")[0].casefold() in _RESERVED
    if safe == text and not reserved and len(text.encode()) <= limit and text == text.lower():
        return text
    cut = safe.encode()[: limit - 8].decode("utf-8", "ignore")
    return f"{'_' * reserved}{cut}-{_digits(text)}"


def slugs(names: Iterable[str]) -> dict[str, str]:
    """Return slugs by full name; equal slugs get 6 hex digits of the full name's hash."""
    plain = {name: slug(name) for name in names}
    all_slugs = list(plain.values())
    return {
        name: value if all_slugs.count(value) == 1 else f"{value}-{_digits(name)}" for name, value in plain.items()
    }


def item_params(label: str, model: ModelName, model_slug: str, epoch: int = 1) -> str:
    """Return the text in an item's brackets: `debate-mlx`, `debate-mlx:llama-3.2-3b`, `debate-mlx#2`."""
    model_part = f":{model_slug}" if model.model is not None else ""
    epoch_part = f"#{epoch}" if epoch > 1 else ""
    return f"{label}-{model.provider}{model_part}{epoch_part}"


_CONTROL = "single.control="
SHARED_CONTROLS = "*"
"""What `controlled` returns for control samples that all strategies of a run share."""


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
    text = f"[{', '.join([_ENCODE_TEXT(str(part)) for part in parts])}]"  # as json.dumps would write the list
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def digest(value: Any, length: int = 16) -> str:
    """Return the first `length` hex digits of the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(_ENCODE(value).encode()).hexdigest()[:length]


_ENCODE_TEXT = json.encoder.encode_basestring_ascii
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode
