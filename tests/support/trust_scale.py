"""How often tests of promises try: fewer times in CI, as often as docs/security.md says under `make test-trust`."""

import os


def times(few: int, full: int) -> int:
    """How many tries: full if HIDDENLAYER_TRUST is `full`, else few."""
    return full if os.environ.get("HIDDENLAYER_TRUST") == "full" else few
