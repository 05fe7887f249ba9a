"""Sizes of memory, as people write them and as they are shown."""

from __future__ import annotations

import re

from ..errors import UsageError

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def parse_size(text: str, option: str) -> int:
    """Return the bytes of a size such as `8GB` (10⁹), `8GiB` (2³⁰), `500M` or a number of bytes.

    Raises UsageError that names `option`.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?", text.strip(), re.IGNORECASE)
    unit = None if match is None else _UNITS.get(match[2].lower())
    n_bytes = 0 if match is None or unit is None else int(float(match[1]) * unit)
    if n_bytes < 1:
        raise UsageError(f"{option}: write a size of memory above 0, such as 8GB or 500MB")
    return n_bytes


def size_text(n_bytes: int | None) -> str:
    """Return a size in GB (10⁹ bytes), MB, kB or bytes; `?` if it is unknown."""
    if n_bytes is None:
        return "?"
    if n_bytes >= 1e9:
        return f"{n_bytes / 1e9:.1f} GB"
    if n_bytes >= 1e6:
        return f"{n_bytes / 1e6:.0f} MB"
    return f"{n_bytes / 1e3:.0f} kB" if n_bytes >= 1e3 else f"{n_bytes} bytes"
