"""How often tests of promises try: fewer times in CI, as often as docs/security.md says under `make test-trust`."""

import os
from typing import TypeVar

T = TypeVar("T")


def times(few: T, full: T) -> T:
    """How many tries, or which: full if HIDDENLAYER_TRUST is `full`, few if it is not set. Raises ValueError."""
    scale = os.environ.get("HIDDENLAYER_TRUST", "")
    if scale not in ("", "full"):
        raise ValueError(f"HIDDENLAYER_TRUST={scale}: set it to `full`, or not at all")
    return full if scale else few
