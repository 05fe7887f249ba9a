"""Locks between processes, by `flock`; the system releases them when a process dies.

The library filelock locks a separate file. That file would stay in folders of committed cassettes,
and cannot be created in a read-only folder. A lock also takes 50 µs there and 1 µs here, and every
line of a shared log takes a lock. On Windows nothing is locked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def lock(handle: int, *, wait: bool = True) -> bool:
    """Lock an open file until `unlock`, or until its handle is closed; return False if another handle holds it.

    With `wait`, block until the lock is free.
    """
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
    return True


def unlock(handle: int) -> None:
    """Release the lock, also for a forked process that shares the handle."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_UN)


@contextmanager
def locked(handle: int) -> Iterator[None]:
    """Hold the lock of an open file."""
    lock(handle)
    try:
        yield
    finally:
        unlock(handle)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder. NFS locks no folders: there the block runs without a lock."""
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            lock(handle)
        yield
    finally:
        os.close(handle)
