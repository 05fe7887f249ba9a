"""A hash of what a worker collected: hosts whose task files differ are refused before anything is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from ...collect import case_of
from .channels import LOG

if TYPE_CHECKING:
    from ....session.session import Session


def send_digest(config: pytest.Config, items: Sequence[pytest.Item], session: Session) -> None:
    """Send the controller the hash of this worker's items, before xdist sends their ids."""
    channel = getattr(config, "workerinput", {}).get(LOG)
    if channel is not None:
        channel.send(("collected", digest_of(items, session)))


def digest_of(items: Sequence[pytest.Item], session: Session) -> str:
    """A hash of the items' ids and of everything that determines their answers and scores."""
    from ....engine.record_builder import case_key

    total = hashlib.sha256()
    for item in items:
        case = case_of(item)
        key = "" if case is None else case_key(case, session.options.generate)
        total.update(f"{item.nodeid}\0{key}\n".encode(errors="surrogatepass"))
    return total.hexdigest()
