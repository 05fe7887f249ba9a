"""The files that loading a task may read: only regular files below the root folder."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from ..errors import TaskError, did_you_mean, shorten
from ..io.writable import reason
from ..terminal_escape import one_line

MEGABYTE = 2**20
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_NOT_REGULAR = "is not a regular file; folders, devices and pipes are not read"


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, and its path in messages: relative to the root folder if it is below the root."""

    path: Path
    display_path: str

    def error(self, message: str, *, line: int | None = None, field: str | None = None) -> TaskError:
        """Return the error for a fault in this file."""
        return TaskError(message, file=self.display_path, line=line, field=field)

    def open(self, limit: int) -> IO[bytes]:
        """Open the file for reading. Raises TaskError if it is not a regular file of at most `limit` bytes."""
        try:
            status = self.path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise self.error(_NOT_REGULAR)
            if status.st_size > limit:
                size = f"{status.st_size / MEGABYTE:.1f} MB"
                raise self.error(f"is too large: {size}, the limit is {limit // MEGABYTE} MB")
            return self.path.open("rb")
        except OSError as error:
            raise self.error(f"cannot be read: {reason(error)}") from error

    def text(self, limit: int) -> str:
        """Return the whole text. Raises TaskError if it is larger than `limit` bytes or not UTF-8."""
        with self.open(limit) as file:
            data = file.read(limit + 1)
        return "".join(text for _, text in self._decoded([data]))

    def lines(self, limit: int) -> Iterator[tuple[int, str]]:
        """Yield each line with its number, from 1."""
        with self.open(limit) as file:
            yield from self._decoded(file)

    def _decoded(self, parts: list[bytes] | IO[bytes]) -> Iterator[tuple[int, str]]:
        for number, part in enumerate(parts, 1):
            try:
                text = part.decode("utf-8")
            except UnicodeDecodeError as error:
                line = number + part[: error.start].count(b"\n")
                byte = f"byte 0x{part[error.start]:02x}"
                raise self.error(f"is not UTF-8 ({byte}); save it as UTF-8", line=line) from error
            yield number, text.removeprefix(BOM) if number == 1 else text


def task_source(path: Path, root: Path) -> Source:
    """Return the source of a task file.

    Raises TaskError if a link below the root folder leads out of it, or if its name steers a terminal.
    """
    try:
        source = Source(path, path.absolute().relative_to(root.absolute()).as_posix())
    except ValueError:
        return Source(path, str(path))
    if not _is_inside(path, root):
        raise source.error("leads out of the root folder by a symbolic link; copy the file instead")
    if one_line(source.display_path) != source.display_path:
        raise source.error(
            "the name of a task file is printed with every sample, and this one or its folder's has characters that "
            "steer a terminal or that nobody sees; rename it"
        )
    return source


def resolve_data_file(task_file: Source, written: str, root: Path) -> Source:
    """Return the data file that a task file names relative to itself.

    Raises ValueError with the message to show if the file is missing or may not be read.
    """
    shown = repr(shorten(written, 100))
    if not written or any(ord(char) < 32 for char in written):
        raise ValueError(f"{shown} is not a file name")
    if PurePosixPath(written).is_absolute() or PureWindowsPath(written).anchor:
        raise ValueError(f"{shown} is an absolute path; write it relative to the task file")
    if ".." in PurePosixPath(written.replace("\\", "/")).parts:
        raise ValueError(f"{shown} goes up with '..'; put data files in the task file's folder or below it")
    path = task_file.path.parent / written
    try:
        missing, inside = not path.exists(), _is_inside(path, root)
    except OSError as error:
        raise ValueError(f"{shown} cannot be read: {reason(error)}") from error
    if not inside:
        raise ValueError(f"{shown} leads out of the root folder {str(root)!r}; copy the data below it")
    if missing:
        folder = PurePosixPath(task_file.display_path).parent
        raise ValueError(f"there is no file {shown} in the folder {str(folder)!r}{_suggestion(path)}")
    if not path.is_file():
        raise ValueError(f"{shown} {_NOT_REGULAR}")
    return Source(path, (PurePosixPath(task_file.display_path).parent / written).as_posix())


def _is_inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root.resolve())
    except RuntimeError:  # a loop of links, before Python 3.13
        return False


def _suggestion(path: Path) -> str:
    try:
        return did_you_mean(path.name, [sibling.name for sibling in path.parent.iterdir()])
    except OSError:
        return ""
