"""Does something at the n-th call with which a file is written: a full disk, a kill."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

CALLS = ("open", "write", "fsync", "replace", "unlink", "rename", "link", "ftruncate", "mkdir")
"""Functions of `os` that change files; those of `io` are not replaced, their data reaches the disk by `fsync`."""


class Step:
    """Counts the calls of `CALLS`, and does something at one of them."""

    def __init__(self, at: int, act: Callable[[str], None]) -> None:
        self.at, self.act, self.count = at, act, 0

    @property
    def reached(self) -> bool:
        """Whether the call happened."""
        return self.count >= self.at

    def before(self, name: str) -> None:
        """Count a call that is about to happen."""
        self.count += 1
        if self.count == self.at:
            self.act(name)


@contextmanager
def step(at: int, act: Callable[[str], None]) -> Iterator[Step]:
    """Do something before the call with the number `at`, from 1, in this process."""
    found = Step(at, act)
    with pytest.MonkeyPatch.context() as patched:
        for name in CALLS:
            patched.setattr(os, name, _counted(getattr(os, name), name, found))
        yield found


def _counted(original: Callable[..., object], name: str, found: Step) -> Callable[..., object]:
    def call(*args: object, **kwargs: object) -> object:
        found.before(name)
        return original(*args, **kwargs)

    return call


def full_disk(name: str) -> None:
    """Fail as a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def killed_in_child(at: int, work: Callable[[], object]) -> bool:
    """Work in a forked process that is killed before the call `at`; False if it ended without reaching it."""
    child = os.fork()
    if child == 0:
        try:
            with step(at, lambda name: os.kill(os.getpid(), signal.SIGKILL)):
                work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
