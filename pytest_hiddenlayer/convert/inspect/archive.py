"""Reads an Inspect log: one JSON file, or a zip of `header.json` and `samples/*.json`."""

from __future__ import annotations

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
        raise work.source.error(f"{start} is no mapping; this is not an Inspect log")
    if start != "header.json":
        work.left_out("the log of a run that did not end: only the samples written so far")
    members = sorted(n for n in names if n.startswith("samples/") and n.endswith(".json"))
    return header, (reader.json(name) for name in members)


class _Reader:
    """Members of a zip, as JSON, of a limited size in all."""

    def __init__(self, work: Work, archive: zipfile.ZipFile) -> None:
        self.work, self.archive, self.left = work, archive, MAX_UNPACKED

    def json(self, name: str) -> Any:
        """Return a member's value. Raises TaskError."""
        try:
            with self.archive.open(name) as member:
                data = member.read(min(MAX_MEMBER, self.left) + 1)
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
