"""How much memory this process may use."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def system_memory() -> int | None:
    """Return the bytes of physical memory, or the limit of the container if it is lower; None if unknown."""
    known = [*_physical(), *(size for path in _CGROUP_LIMITS for size in _number_in(Path(path)))]
    return min(known, default=None)


def _physical() -> list[int]:
    with suppress(AttributeError, ValueError, OSError):  # another system
        return [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    return []


def _number_in(path: Path) -> list[int]:
    """The number in a file; empty if there is none, as for a group without a limit."""
    with suppress(OSError, ValueError):
        return [int(path.read_text(encoding="ascii"))]
    return []
