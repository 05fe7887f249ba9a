"""What a compatible server says about the weights behind a model's name, so that a cache distinguishes them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any

from ...errors import ProviderUnavailableError
from .server import request_json

_DIGESTS = ("digest", "sha256", "sha", "hash", "checksum", "fingerprint", "revision", "commit")
_DESCRIBING = ("id", "owned_by", "root", "parent", "meta", "quantization", "max_model_len")
_PLACEHOLDER = 1677610602  # LiteLLM's `created` of every model
_NOW_S = 60  # vLLM, llama-server and mlx_lm.server send the time of the request as `created`


def model_fingerprint(url: str, model: str, headers: Mapping[str, str]) -> str:
    """Return a hash of the model's entry in the server's list of models; empty if it does not identify weights.

    A digest or the time of creation identifies weights. Names, owners and sizes alone do not: other weights can
    have the same. `url` is the address above `/models`.
    """
    try:
        entries = request_json("GET", f"{url}/models", headers=headers)["data"]
        return fingerprint_of(entries, model, time.time())
    except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError, ProviderUnavailableError):
        return ""


def fingerprint_of(entries: Sequence[Mapping[str, Any]], model: str, now_s: float) -> str:
    """Return the fingerprint of a model in a list of models that was received at the Unix time `now_s`."""
    entry = next((entry for name in (model, f"{model}:latest") for entry in entries if entry["id"] == name), None)
    if entry is None:
        return ""
    known = _digests(entry)
    created = entry.get("created")
    if _is_date(created, now_s) and (len(entries) == 1 or any(other.get("created") != created for other in entries)):
        known["created"] = created
    if not known:
        return ""
    described = {name: entry[name] for name in _DESCRIBING if name in entry}
    return hashlib.sha256(json.dumps({**described, **known}, sort_keys=True).encode()).hexdigest()[:16]


def _digests(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The digests of an entry, at its top or in its descriptions."""
    parts = {"": entry, **{name: entry[name] for name in ("meta", "details") if isinstance(entry.get(name), Mapping)}}
    return {
        f"{part} {name}": values[name]
        for part, values in parts.items()
        for name in _DIGESTS
        if isinstance(values.get(name), str) and values[name]
    }


def _is_date(created: object, now_s: float) -> bool:
    """Whether `created` is a time of its own: not a placeholder, and not the time of the request."""
    is_time = isinstance(created, int | float) and not isinstance(created, bool)
    return is_time and 1 < created < now_s - _NOW_S and created != _PLACEHOLDER  # type: ignore[operator]
