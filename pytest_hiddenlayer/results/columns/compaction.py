"""Compacts the records of a run to Parquet: written, read back and compared byte by byte, then put in place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import UsageError
from ...io.atomic import replacing, sync_folder
from ...io.json_text import decode_json
from ...io.jsonl import ends_within_a_line
from ...io.locks import locked_folder
from ...io.regular_files import read_text
from ...types import Record
from ..log.parquet_file import (
    COLUMNS_VERSION,
    FORMAT,
    METADATA,
    RECORDS_PARQUET,
    metadata_value,
    parquet_facts,
    parquet_lines,
    pyarrow_parquet,
)
from ..log.record_file import RECORDS, current_parquet, digest_of, no_records, remove_temporary
from ..log.run_log import MANIFEST, numbered_records
from .tables import dictionary_columns, schema, tables


@dataclass(frozen=True, kw_only=True, slots=True)
class Compaction:
    """What became of one run's records."""

    folder: Path
    n_records: int
    jsonl_bytes: int | None  # None: there was no records.jsonl
    parquet_bytes: int
    incomplete: bool  # whether an incomplete last line was left out
    new: bool  # False: records.parquet held the same records already
    removed: bool  # whether records.jsonl was removed

    def sentence(self) -> str:
        """One sentence for the terminal."""
        count = "1 record" if self.n_records == 1 else f"{self.n_records:,} records"
        start = f"run {self.folder.name}: {count}"
        size = f"{RECORDS_PARQUET} of {_size(self.parquet_bytes)}"
        if self.jsonl_bytes is None:
            return f"{start} in {size}; there is no {RECORDS}"
        how = f"{RECORDS} of {_size(self.jsonl_bytes)} compacted to {size}" if self.new else f"{size} is up to date"
        dropped = "; its incomplete last line was left out" if self.incomplete else ""
        kept = f"{RECORDS} was removed" if self.removed else f"{RECORDS} is kept; --remove-jsonl removes it"
        return f"{start}; {how}{dropped}; {kept}"


def compact(folder: Path, *, remove_jsonl: bool = False, unfinished: bool = False) -> Compaction:
    """Write `records.parquet` from `records.jsonl`, and remove the latter only if asked to.

    Whenever the process dies, the folder holds the old files or the new one, complete. Raises UsageError if the
    run goes on, a line is no record or pyarrow is missing, OSError if the disk is full.
    """
    pyarrow_parquet()
    lines, path = folder / RECORDS, folder / RECORDS_PARQUET
    if not (unfinished or _ended(folder)):
        raise UsageError(
            f"run {folder.name} has not ended: it goes on, or its process was killed; wait, or compact it with "
            "--unfinished if no process writes to it"
        )
    with locked_folder(folder):
        remove_temporary(folder)
        before = lines.stat() if lines.is_file() else None
        new = before is not None and _is_outdated(folder)
        facts = _write(folder, path) if new else _checked_facts(folder, path)
        removed = False
        if before is not None and remove_jsonl:
            if not new:
                _check_complete(path, facts)
            _check_unchanged(lines, before, facts, read_again=not new)
            lines.unlink()
            sync_folder(folder)
            removed = True
    return Compaction(
        folder=folder,
        n_records=facts["records"],
        jsonl_bytes=None if before is None else before.st_size,
        parquet_bytes=path.stat().st_size,
        incomplete=facts["incomplete"],
        new=new,
        removed=removed,
    )


def compact_at_end(folder: Path) -> Compaction | None:
    """Compact a run that has just ended, and keep its lines; None without pyarrow."""
    return None if find_spec("pyarrow") is None else compact(folder)


def _ended(folder: Path) -> bool:
    try:
        manifest = decode_json(read_text(folder / MANIFEST))
    except FileNotFoundError:
        return True  # a folder that was not written by a run of this package
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder / MANIFEST}: cannot be read: {error}; restore it from a backup") from error
    return not isinstance(manifest, dict) or "records" in manifest or "complete" in manifest


def _is_outdated(folder: Path) -> bool:
    """Whether there is no readable `records.parquet` of these lines, with columns of this version."""
    try:
        path = current_parquet(folder)
        return path is None or parquet_facts(path).get("columns") != COLUMNS_VERSION
    except UsageError:
        return True


def _checked_facts(folder: Path, path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise UsageError(no_records(folder))
    return parquet_facts(path)


def _write(folder: Path, path: Path) -> dict[str, Any]:
    """Write the Parquet file in one step, once it was read back; return what its metadata says."""
    lines = folder / RECORDS
    size = lines.stat().st_size
    written: dict[str, Any] = {}

    def verify(temporary: Path) -> None:
        _check_complete(temporary, written)
        if lines.stat().st_size != size:
            raise UsageError(f"{lines}: it grew while it was compacted, so the run goes on; compact it when it ended")

    with replacing(path, sync=True, verify=verify) as file:
        written.update(_write_tables(file, folder, size))
    sync_folder(folder)
    return written


def _write_tables(file: BinaryIO, folder: Path, size: int) -> dict[str, Any]:
    parquet = pyarrow_parquet()
    digest, lines = hashlib.sha256(), _Counted(numbered_records(folder))
    exact = True
    names = dictionary_columns()
    writer = parquet.ParquetWriter(
        file,
        schema(json=True),
        compression="zstd",
        use_dictionary=names,
        write_statistics=names,
        store_schema=True,
    )
    try:
        for table, is_exact in tables(lines.each(digest), keep_lines=True):
            exact = exact and is_exact
            writer.write_table(table)
        whole = lines.n_bytes == size
        facts = {
            "format": FORMAT,
            "columns": COLUMNS_VERSION,
            "records": lines.n,
            "bytes": lines.n_bytes,
            "sha256": digest.hexdigest(),
            "exact": exact,
            "incomplete": not whole and ends_within_a_line(folder / RECORDS),
            "source_bytes": size,
            "source_sha256": digest.hexdigest() if whole else digest_of(folder / RECORDS),
        }
        writer.add_key_value_metadata({METADATA.decode(): metadata_value(facts)})
    finally:
        writer.close()
    return facts


class _Counted:
    """Counts lines and their bytes as they pass."""

    def __init__(self, records: Iterator[tuple[int, bytes, Record]]) -> None:
        self._records = records
        self.n = self.n_bytes = 0

    def each(self, digest: Any) -> Iterator[tuple[int, bytes, Record]]:
        """Yield the records, after their lines were added to the digest."""
        for numbered in self._records:
            line = numbered[1]
            digest.update(line)
            digest.update(b"\n")
            self.n += 1
            self.n_bytes += len(line) + 1
            yield numbered


def _digest(lines: Iterator[bytes]) -> tuple[int, str]:
    """(number of lines, SHA-256 of them with their line feeds)."""
    digest, count = hashlib.sha256(), 0
    for line in lines:
        digest.update(line)
        digest.update(b"\n")
        count += 1
    return count, digest.hexdigest()


def _check_complete(path: Path, facts: Mapping[str, Any]) -> None:
    """Raise UsageError unless the Parquet file holds the lines that its metadata, or its writer, says."""
    if _digest(parquet_lines(path)) != (facts["records"], facts["sha256"]):
        raise UsageError(
            f"{path}: read back, it differs from {RECORDS}, which is unchanged; is the disk or the memory of this "
            "machine damaged?"
        )


def _check_unchanged(lines: Path, before: os.stat_result, facts: dict[str, Any], *, read_again: bool) -> None:
    """Raise UsageError unless the lines are those that the Parquet file was made of."""
    now = lines.stat()
    same = (now.st_size, now.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    if same and read_again:
        same = digest_of(lines) == facts["source_sha256"]
    if not same:
        raise UsageError(f"{lines}: it was changed while it was compacted, and is kept; compact the run again")


def _size(n_bytes: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes} bytes"
