"""Reads the files of a conversion: below one folder, bounded, without running anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from ..errors import TaskError, shorten
from ..taskfile.document import Document
from ..taskfile.json_source import parse_json
from ..taskfile.paths import MEGABYTE, Source
from ..taskfile.rows import read_rows
from ..taskfile.scalar import as_written, plain_value
from ..taskfile.tables.row import Row
from ..taskfile.yaml_source import Tagged, parse_yaml

MAX_CONFIG = 5 * MEGABYTE
MAX_JSON = 64 * MEGABYTE
MAX_ROWS = 1_000_000
MAX_INCLUDES = 20
ROOTS = ("tasks", "registry")
"""Folders of lm-evaluation-harness and openai/evals whose files refer to each other."""


@dataclass(slots=True)
class Files:
    """The files below `root`. `used` holds those that another file's conversion has read."""

    root: Path
    used: set[Path] = field(default_factory=set)
    _documents: dict[Path, Document] = field(default_factory=dict)

    def source(self, path: Path) -> Source:
        """Return the source of a file. Raises TaskError if a link leads out of the root."""
        try:
            source = Source(path, path.absolute().relative_to(self.root.absolute()).as_posix())
        except ValueError:
            source = Source(path, str(path))
        if not self.contains(path):
            raise source.error(f"leads out of the folder {str(self.root)!r}; copy the file below it")
        return source

    def contains(self, path: Path) -> bool:
        """Whether a path, links followed, is below the root."""
        try:
            return path.resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError):
            return False

    def resolve(self, base: Source, written: str, *, line: int | None = None, part: bool = True) -> Source:
        """Return the file that `base` names. Raises TaskError if it is missing or not below the root.

        A `part` of `base` is not converted by itself.
        """
        shown = repr(shorten(written, 100))
        if not written or "\0" in written or PurePosixPath(written).is_absolute() or PureWindowsPath(written).anchor:
            raise base.error(f"{shown} is not a relative file name, so it is not read", line=line)
        path = base.path.parent / written
        if not self.contains(path):
            raise base.error(f"{shown} is outside the folder {str(self.root)!r}, so it is not read", line=line)
        try:
            is_file = path.is_file()
        except OSError:
            is_file = False
        if not is_file:
            raise base.error(f"names the file {shown}, which does not exist", line=line)
        if part:
            self.used.add(path.resolve())
        return self.source(path.resolve() if ".." in PurePosixPath(written).parts else path)

    def document(self, source: Source) -> Document:
        """Return a parsed YAML or JSON file. Raises TaskError for a fault or a file that is too large."""
        document = self._documents.get(source.path)
        if document is None:
            if source.path.suffix.lower() == ".json":
                text = source.text(MAX_JSON)
                document = parse_json(text, source, with_lines=len(text) <= MAX_CONFIG)
            else:
                document = parse_yaml(source.text(MAX_CONFIG), source, foreign=True)
            if len(self._documents) > 300:
                self._documents.clear()
            self._documents[source.path] = document
        return document

    def rows(self, source: Source) -> Iterator[Row]:
        """Yield the rows of a data file. Raises TaskError at the first fault, and beyond `MAX_ROWS`."""
        for row in read_rows(source, pad=True):
            if row.number >= MAX_ROWS:
                raise source.error(f"has more than {MAX_ROWS:,} rows; split it", line=row.line)
            yield row


def root_of(path: Path) -> Path:
    """Return the folder below which files may refer to each other.

    A folder named `tasks` or `registry` above the input, at most six levels up, else the input's folder.
    """
    folder = path if path.is_dir() else path.parent
    folder = folder.absolute()
    for parent in (folder, *list(folder.parents)[:6]):
        if parent.name in ROOTS:
            return parent
    return folder


def text_of(value: Any) -> str | None:
    """Return a scalar's text as written; None for anything else, or nothing."""
    return as_written(value)


def texts_of(value: Any) -> list[str] | None:
    """Return a list of scalars as texts, a scalar as a list of one; None for anything else."""
    values = value if isinstance(value, list) else [value]
    texts = [text_of(item) for item in values]
    return None if not texts or None in texts else [text for text in texts if text is not None]


def plain(value: Any) -> Any:
    """Return JSON values: numbers as numbers, tagged scalars as text. Raises ValueError for NaN."""
    if isinstance(value, Tagged):
        return f"{value.tag} {value.text}".strip()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else plain_value(value)


def number_of(value: Any) -> float | None:
    """Return a number; None for anything else."""
    try:
        number = plain(value)
    except ValueError:
        return None
    return number if isinstance(number, int | float) and not isinstance(number, bool) else None


def is_true(value: Any) -> bool:
    """Whether a value is `true`."""
    return plain(value) is True


def refused_row(source: Source, row: Row, message: str) -> TaskError:
    """Return the error of a row."""
    return source.error(f"row {row.number}: {message}", line=row.line)
