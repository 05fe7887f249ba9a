"""Files that a task file may read: regular files below the root folder, and nothing else."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from ..errors import TaskError, did_you_mean
from .scalar import shorten

MEGABYTE = 2**20
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, and how it is shown to people: relative to the root folder where it lies below it."""

    path: Path
    shown: str

    def error(self, message: str, *, line: int | None = None, field: str | None = None) -> TaskError:
        """A fault in this file."""
        return TaskError(message, file=self.shown, line=line, field=field)

    def open(self, limit: int) -> IO[bytes]:
        """The file, opened to read. Raises TaskError where it is no regular file of at most `limit` bytes."""
        try:
            found = self.path.stat()
            if not stat.S_ISREG(found.st_mode):
                raise self.error("is no regular file; a folder, device or pipe is not read")
            if found.st_size > limit:
                size, most = found.st_size / MEGABYTE, limit // MEGABYTE
                raise self.error(f"is too large: {size:.1f} MB, at most {most} MB are read")
            return self.path.open("rb")
        except OSError as error:
            raise self.error(f"cannot be read: {error.strerror or error}") from error

    def text(self, limit: int) -> str:
        """The whole text. Raises TaskError where it is too large or not UTF-8."""
        with self.open(limit) as file:
            data = file.read(limit + 1)
        return "".join(text for _, text in self._decoded([data]))

    def lines(self, limit: int) -> Iterator[tuple[int, str]]:
        """Each line with its number, from 1, read one by one."""
        with self.open(limit) as file:
            yield from self._decoded(file)

    def _decoded(self, parts: list[bytes] | IO[bytes]) -> Iterator[tuple[int, str]]:
        for number, part in enumerate(parts, 1):
            try:
                text = part.decode("utf-8")
            except UnicodeDecodeError as error:
                line = number + part[: error.start].count(b"\n")
                bad = f"byte 0x{part[error.start]:02x}"
                raise self.error(f"is not UTF-8 ({bad}); save it as UTF-8", line=line) from error
            yield number, text.removeprefix(BOM) if number == 1 else text


def source(path: Path, root: Path) -> Source:
    """The task file itself. Raises TaskError where a link below the root folder leads out of it."""
    try:
        found = Source(path, path.absolute().relative_to(root.absolute()).as_posix())
    except ValueError:
        return Source(path, str(path))
    if not _is_inside(path, root):
        raise found.error("leads out of the root folder by a symbolic link; copy the file instead")
    return found


def resolve_data_file(task_file: Source, written: str, root: Path) -> Source:
    """The data file that a task file names, relative to it.

    Raises ValueError, with the sentence to show, where it is missing or may not be read.
    """
    shown = repr(shorten(written, 100))
    if not written or any(ord(char) < 32 for char in written):
        raise ValueError(f"{shown} is no file name")
    if PurePosixPath(written).is_absolute() or PureWindowsPath(written).anchor:
        raise ValueError(f"{shown} is an absolute path; write it relative to the task file")
    if ".." in PurePosixPath(written.replace("\\", "/")).parts:
        raise ValueError(f"{shown} goes up with '..'; data stand in the task file's folder or below it")
    path = task_file.path.parent / written
    try:
        missing, inside = not path.exists(), _is_inside(path, root)
    except OSError as error:
        raise ValueError(f"{shown} cannot be read: {error.strerror or error}") from error
    if not inside:
        raise ValueError(f"{shown} leads out of the root folder {str(root)!r}; copy the data below it")
    if missing:
        folder = PurePosixPath(task_file.shown).parent
        raise ValueError(f"there is no file {shown} in the folder {str(folder)!r}{_near(path)}")
    if not path.is_file():
        raise ValueError(f"{shown} is no regular file; a folder, device or pipe is not read")
    return Source(path, (PurePosixPath(task_file.shown).parent / written).as_posix())


def _is_inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root.resolve())
    except RuntimeError:  # a loop of links, before Python 3.13
        return False


def _near(path: Path) -> str:
    try:
        return did_you_mean(path.name, [other.name for other in path.parent.iterdir()])
    except OSError:
        return ""
