"""How often tests of promises try: fewer times in CI, as often as docs/security.md says under `make test-trust`."""

import os
from typing import TypeVar

T = TypeVar("T")


def times(few: T, full: T) -> T:
    """How many tries, or which: full if HIDDENLAYER_TRUST is `full`, else few."""
    return full if os.environ.get("HIDDENLAYER_TRUST") == "full" else few
