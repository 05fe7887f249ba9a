"""Reads an Inspect log: one JSON file, or a zip of `header.json` and `samples/*.json`."""

from __future__ import annotations

import io
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from ...taskfile.json_source import load_json
from ...taskfile.paths import MEGABYTE
from ..draft import Work

MAX_ARCHIVE = 512 * MEGABYTE
MAX_MEMBER = 64 * MEGABYTE
MAX_UNPACKED = 1024 * MEGABYTE
MAX_MEMBERS = 200_000
_ZSTANDARD = 93  # the compression method in a zip file


def log_parts(work: Work) -> tuple[dict[str, Any], Iterator[Any]]:
    """Return the log without its samples, and the samples. Raises TaskError if it cannot be read."""
    if work.source.path.suffix.lower() == ".eval":
        return _zip_parts(work)
    data = work.files.document(work.source).data
    if not isinstance(data, dict):
        raise work.source.error("is not an Inspect log: it must be a mapping with `eval` and `samples`")
    samples = data.get("samples")
    return data, iter(samples if isinstance(samples, list) else [])


def _zip_parts(work: Work) -> tuple[dict[str, Any], Iterator[Any]]:
    with work.source.open(MAX_ARCHIVE):
        pass  # a regular file of at most this size
    try:
        archive = zipfile.ZipFile(work.source.path)
        names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise work.source.error(f"is not a complete zip file ({error}); copy the log again") from error
    if len(names) > MAX_MEMBERS:
        raise work.source.error(f"holds {len(names):,} files; at most {MAX_MEMBERS:,} are read")
    reader = _Reader(work, archive)
    start = "header.json" if "header.json" in names else "_journal/start.json"
    if start not in names:
        raise work.source.error("has neither header.json nor _journal/start.json; this is not an Inspect log")
    header = reader.json(start)
    if not isinstance(header, dict):
        raise work.source.error(f"{start} is not a mapping; this is not an Inspect log")
    if start != "header.json":
        work.left_out("the log of a run that did not end: only the samples written so far")
    members = sorted(n for n in names if n.startswith("samples/") and n.endswith(".json"))
    return header, (reader.json(name) for name in members)


class _Reader:
    """Members of a zip, as JSON, of a limited size in all."""

    def __init__(self, work: Work, archive: zipfile.ZipFile) -> None:
        self.work, self.archive, self.left = work, archive, MAX_UNPACKED

    def _read(self, name: str, limit: int) -> bytes:
        """Return at most `limit` bytes of a member. Python before 3.14 lacks Zstandard, which Inspect writes."""
        info = self.archive.getinfo(name)
        if info.compress_type != _ZSTANDARD or sys.version_info >= (3, 14):
            with self.archive.open(info) as member:
                return member.read(limit)
        try:
            import zstandard
        except ImportError as error:
            message = 'is compressed with Zstandard; install it: pip install "pytest-hiddenlayer[zstd]"'
            raise self.work.source.error(message) from error
        raw = io.BytesIO(self._raw(info))
        try:
            with zstandard.ZstdDecompressor(max_window_size=MAX_MEMBER).stream_reader(raw) as stream:
                data: bytes = stream.read(limit)
                return data
        except zstandard.ZstdError as error:
            raise zipfile.BadZipFile(str(error)) from error

    def _raw(self, info: zipfile.ZipInfo) -> bytes:
        """Return the compressed bytes of a member, which follow its local header of 30 bytes and two texts."""
        if info.compress_size > MAX_MEMBER:
            raise zipfile.BadZipFile("the member is too large")
        with self.work.source.open(MAX_ARCHIVE) as file:
            file.seek(info.header_offset)
            header = file.read(30)
            if len(header) < 30 or header[:4] != b"PK\3\4":
                raise zipfile.BadZipFile("its local header is damaged")
            file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), io.SEEK_CUR)
            return file.read(info.compress_size)

    def json(self, name: str) -> Any:
        """Return a member's value. Raises TaskError."""
        try:
            data = self._read(name, min(MAX_MEMBER, self.left) + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
            raise self.work.source.error(f"{name} cannot be unpacked: {error}") from error
        self.left -= len(data)
        if len(data) > MAX_MEMBER or self.left < 0:
            raise self.work.source.error(
                f"{name} is too large when unpacked; at most {MAX_MEMBER // MEGABYTE} MB are read"
            )
        try:
            return load_json(data.decode("utf-8"))
        except ValueError as error:
            raise self.work.source.error(f"{name} is not JSON: {error}") from error
