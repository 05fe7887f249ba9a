"""Locks between processes, by `flock`; the system releases them when a process dies.

The library filelock locks a separate file. That file would stay in folders of committed cassettes,
and cannot be created in a read-only folder. A lock also takes 50 µs there and 1 µs here, and every
line of a shared log takes a lock. On Windows nothing is locked.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_S = 0.005


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
def locked_folder(folder: Path, *, wait_s: float | None = None) -> Iterator[bool]:
    """Hold the lock of a folder. NFS locks no folders: there the block runs without a lock, and gets False.

    With `wait_s`, raises OSError if another process holds the lock for longer, because it was stopped.
    """
    if sys.platform == "win32":
        yield False
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield _lock_folder(handle, folder, wait_s)
    finally:
        os.close(handle)


def _lock_folder(handle: int, folder: Path, wait_s: float | None) -> bool:
    """Whether the folder can be locked, and then is."""
    deadline_s = None if wait_s is None else time.monotonic() + wait_s
    try:
        while not lock(handle, wait=deadline_s is None):
            if deadline_s is not None and time.monotonic() > deadline_s:
                raise TimeoutError(errno.ETIMEDOUT, "another process holds the lock of its folder", str(folder))
            time.sleep(_POLL_S)
    except TimeoutError:
        raise
    except OSError:
        return False
    return True
