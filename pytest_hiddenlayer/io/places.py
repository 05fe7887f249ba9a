"""Which files are read and written: regular ones are read, and no link leads out of a project what is written."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from ..errors import UsageError

NOT_REGULAR = "it is not a regular file; devices and pipes are not read"
IS_LINK = "it is a symbolic link, and what it names is not changed; replace it by a file"
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_regular(path: Path) -> BinaryIO:
    """The file, opened for reading. Raises OSError, without waiting, also for a folder, a device and a pipe.

    A pipe that nobody writes to would block for ever, and `/dev/zero` never ends.
    """
    _check_regular(os.stat(path), path)  # before it is opened: opening a device may do something
    handle = os.open(path, _READ)
    try:
        _check_regular(os.fstat(handle), path)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises OSError as `open_regular` does."""
    with open_regular(path) as file:
        return file.read()


def read_text(path: Path) -> str:
    """The text of a file in UTF-8. Raises OSError as `open_regular` does, and UnicodeDecodeError."""
    return read_bytes(path).decode("utf-8")


def open_for_appending(path: Path) -> int:
    """A handle of a file for reading and appending; creates the file, not its folder.

    Raises OSError for a pipe, a device, and a symbolic link: whoever made it chose another file to be changed.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags, 0o644)
    except OSError as error:
        raise OSError(errno.ELOOP, IS_LINK, str(path)) if path.is_symlink() else error from None
    try:
        _check_regular(os.fstat(handle), path)
    except OSError:
        os.close(handle)
        raise
    return handle


def check_inside(path: Path, root: Path, *, instead: str = "") -> None:
    """Raise UsageError if a path below `root`, to be written, leads out of it by a symbolic link.

    A path that does not begin with `root` is the user's choice. `instead` is what to do besides removing the link.
    """
    if leads_outside(path, root):
        raise UsageError(
            f"{path}: a symbolic link leads out of the project {root}, to {_target(path)}. "
            f"Nothing was written; remove the link{instead}"
        )


def leads_outside(path: Path, root: Path) -> bool:
    """Whether a path below `root` leads out of it by a symbolic link; a path elsewhere is the user's choice."""
    return path.absolute().is_relative_to(root.absolute()) and not is_inside(path, root)


def is_inside(path: Path, root: Path) -> bool:
    """Whether a path, which need not exist, is `root` or below it once all links are followed."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (RuntimeError, OSError):  # a loop of links, before Python 3.13
        return False


def _target(path: Path) -> str:
    try:
        return str(path.resolve())
    except (RuntimeError, OSError):
        return "itself"


def _check_regular(status: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, NOT_REGULAR, str(path))
