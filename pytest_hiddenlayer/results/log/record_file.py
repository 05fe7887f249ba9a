"""Which file of a run's folder holds its records: `records.jsonl`, `records.parquet`, or both.

A run writes `records.jsonl`. If both are there, it wins: it may have grown. `records.parquet` is used in its
place only if it is known to hold the same bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from ...errors import UsageError
from ...io.atomic import replacing
from ...io.json_text import decode_json
from ...io.jsonl import raw_lines
from ...io.locks import locked_folder
from ...io.regular_files import open_regular, read_bytes
from .parquet_file import RECORDS_PARQUET, parquet_facts, parquet_lines

RECORDS = "records.jsonl"
CALLS = "calls"
"""The folder with answered calls of cases that have no record yet, see `unfinished_calls`."""

MANIFEST = "run.json"
MANIFEST_SCHEMA = 1
"""Version of the fields of `run.json`."""
LARGE = 64 << 20
"""Bytes of `records.jsonl` from which on it is read as columns instead of records, if pyarrow is installed."""
_BLOCK = 1 << 20


def has_records(folder: Path) -> bool:
    """Whether the folder holds records in either form."""
    return (folder / RECORDS).is_file() or (folder / RECORDS_PARQUET).is_file()


def has_calls(folder: Path) -> bool:
    """Whether the folder holds answered calls of cases that were not finished."""
    return next((folder / CALLS).glob("*.jsonl"), None) is not None


def has_many_records(folder: Path) -> bool:
    """Whether the records may be read as columns: they are in Parquet, or `records.jsonl` is large."""
    path = folder / RECORDS
    return (folder / RECORDS_PARQUET).is_file() or (path.is_file() and path.stat().st_size >= LARGE)


def record_lines(folder: Path) -> tuple[Path, Iterator[tuple[int, bytes]]]:
    """(the file that is read, (line number from 1, line) of each of its records).

    An incomplete last line of JSONL is left out. Raises UsageError if the folder holds no records, and while it
    is read if the file is damaged.
    """
    check_manifest(folder)
    path = folder / RECORDS
    if path.is_file():
        return path, raw_lines(path)
    path = folder / RECORDS_PARQUET
    if path.is_file():
        return path, enumerate(parquet_lines(path), 1)
    raise UsageError(no_records(folder))


def no_records(folder: Path) -> str:
    """The error of a run's folder without records."""
    go_on = (
        f"its calls are kept: type its command with --resume {folder.name}" if has_calls(folder) else "run it again"
    )
    return f"{folder}: no {RECORDS} in this run; was it interrupted before its first answer? If so, {go_on}"


def check_manifest(folder: Path) -> None:
    """Raise UsageError if a later version wrote the run. A `run.json` that cannot be read is accepted."""
    path = folder / MANIFEST
    try:
        manifest = decode_json(read_bytes(path))
    except (OSError, ValueError):
        return
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if isinstance(schema, int) and schema > MANIFEST_SCHEMA:
        raise UsageError(
            f"{path}: it has schema {schema}, and this version reads up to {MANIFEST_SCHEMA}; install a later "
            "pytest-hiddenlayer"
        )


def current_parquet(folder: Path) -> Path | None:
    """The run's `records.parquet` if it holds what `records.jsonl` holds, or if there is no `records.jsonl`.

    None if there is no such file, or an outdated one. Raises UsageError if it is damaged or of another program.
    """
    path, lines = folder / RECORDS_PARQUET, folder / RECORDS
    if not path.is_file():
        return None
    return path if not lines.is_file() or _same(lines, path) else None


def outdated_parquet(folder: Path) -> str | None:
    """One sentence if `records.parquet` does not hold what `records.jsonl` beside it holds; else None."""
    try:
        if not (folder / RECORDS_PARQUET).is_file() or current_parquet(folder) is not None:
            return None
        why = "holds other records than records.jsonl beside it"
    except UsageError as error:
        if not (folder / RECORDS).is_file():
            return None  # whoever reads it raises this error
        return f"{error} (records.jsonl was read)"
    return f"{folder / RECORDS_PARQUET} {why}, which was read; `hiddenlayer compact {folder.name}` renews it"


def restore_lines(folder: Path) -> bool:
    """Write `records.jsonl` again from `records.parquet` if there is none; return whether it was written.

    Raises UsageError if the Parquet file is damaged or pyarrow is missing, OSError if the lines cannot be written.
    """
    path, parquet = folder / RECORDS, folder / RECORDS_PARQUET
    if path.is_file() or not parquet.is_file():
        return False
    with locked_folder(folder):
        if path.is_file():  # another process wrote it meanwhile
            return False
        remove_temporary(folder)
        with replacing(path, sync=True) as file:
            for line in parquet_lines(parquet):
                file.write(line + b"\n")
        written = parquet.stat()
        os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))  # so that it is known to be the same
    return True


def remove_temporary(folder: Path) -> None:
    """Remove what a process that was killed left while it wrote either file; needs the folder's lock."""
    for name in (RECORDS, RECORDS_PARQUET):
        for path in folder.glob(f".{name}.*.tmp"):
            path.unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _same(lines: Path, path: Path) -> bool:
    """Whether the Parquet file holds these lines. A file that was not written since is not read again."""
    facts, written = parquet_facts(path), lines.stat()
    if facts.get("source_bytes") != written.st_size:
        return False
    if written.st_mtime_ns <= path.stat().st_mtime_ns:
        return True
    return facts.get("source_sha256") == _digest_at(lines, written.st_size, written.st_mtime_ns)


@lru_cache(maxsize=16)
def _digest_at(path: Path, size: int, mtime_ns: int) -> str:
    """The SHA-256 of a file that has this size and was last written at this time."""
    return digest_of(path)
