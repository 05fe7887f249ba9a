"""What may be where a regular file is expected: pipes, devices, loops of links, sockets, folders."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

LIMIT_S = 60  # far more than any command here takes; a pipe or a device without end takes for ever


@contextmanager
def ends() -> Iterator[None]:
    """Fail if the block does not end."""

    def fail(*_: object) -> None:
        raise AssertionError("it waits for a pipe, or reads a device without end")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path)


def listener(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as made:
        made.bind(os.path.relpath(path))


SPECIAL_FILES: list[Callable[[Path], None]] = [pipe, endless, loop, listener, Path.mkdir]
