"""Python's garbage collector, which looks less often at items, records and reports: they live to the end."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

ALLOCATIONS = 50_000
"""Containers that may be allocated between two collections. Python's default, 700 to 2000, looks at every item of a
large session again and again; this many are about 10 MB."""


def collect_garbage_rarely() -> None:
    """Collect garbage less often from now on. Where it is switched off, or rarer already, it stays so."""
    first, *others = gc.get_threshold()
    if 0 < first < ALLOCATIONS:
        gc.set_threshold(ALLOCATIONS, *others)


@contextmanager
def collection_thresholds_restored() -> Iterator[None]:
    """Collect garbage as often as before, at the end of the block."""
    before = gc.get_threshold()
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def long_lived_objects() -> Iterator[None]:
    """Exclude what exists now from garbage collection, and at the end what was added meanwhile.

    See the documentation of `gc.freeze`. Garbage is collected first, so that none is kept; `gc.unfreeze` ends it.
    """
    gc.collect()
    gc.freeze()
    try:
        with collection_thresholds_restored():
            collect_garbage_rarely()
            yield
    finally:
        gc.collect()
        gc.freeze()
