"""Control samples of `--hl-equal-budget`: they are sent with the report of the item whose record they belong to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..types import Record

CONTROLS = pytest.StashKey[list["Record"]]()
"""On an item: the control samples of its record."""


def keep_controls(item: pytest.Item) -> Callable[[Record], None]:
    """Return a function that adds a control sample to an item."""
    return item.stash.setdefault(CONTROLS, []).append


def controls_of(item: pytest.Item) -> Sequence[Record]:
    """The control samples of an item's record."""
    return item.stash.get(CONTROLS, [])
