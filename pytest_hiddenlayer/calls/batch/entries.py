"""The entry of a batch in the ledger: a JSON file named by the batch's tag."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from ...errors import UsageError
from ...io.json_text import decode_json
from ...io.regular_files import read_bytes

_SCHEMA = 1


@dataclass(kw_only=True, slots=True)
class BatchEntry:
    """One batch, from before it is sent until all its answers are in records."""

    tag: str  # 16 hex digits, chosen here; identifies the batch if the server's id is unknown
    provider: str
    model: str
    endpoint: str
    kind: str
    keys: list[str]  # of the requests whose answers are still needed
    n: int  # requests when it was sent
    intended_s: float  # Unix time just before sending
    batch_id: str | None = None  # None: it is unknown whether the server created it
    collected: bool = False  # its results are on disk
    failed: str | None = None  # the server's message, if it rejected the batch as a whole
    cancelled: bool = False  # somebody cancelled it before it ended
    duration_s: float | None = None  # from sending to the last result, once collected
    not_ours: list[str] = field(default_factory=list)  # ids of batches that looked like this one and were not

    @property
    def name(self) -> str:
        """The batch as messages call it."""
        return self.batch_id or f"tagged {self.tag}"

    def to_json(self) -> str:
        """The text of its file."""
        return json.dumps({"schema": _SCHEMA, **asdict(self)}, indent=1, allow_nan=False) + "\n"


def read_entries(folder: Path) -> Iterator[BatchEntry]:
    """Yield the entries of a folder, oldest first. Raises UsageError for an unreadable file.

    A folder that does not exist has no entries.
    """
    entries = [read_entry(path) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []
    yield from sorted(entries, key=lambda entry: entry.intended_s)


def read_entry(path: Path) -> BatchEntry:
    """The entry in a file. Raises UsageError if it cannot be read."""
    from pydantic import TypeAdapter  # not at the top: this module loads with the plugin

    field_names = {f.name for f in fields(BatchEntry)}
    try:
        values = decode_json(read_bytes(path))
        if values["schema"] != _SCHEMA:
            raise ValueError(f"schema {values['schema']!r:.40}, this version reads {_SCHEMA}")
        check_tag(values["tag"], path)
        known = {name: value for name, value in values.items() if name in field_names}
        entry = TypeAdapter(BatchEntry).validate_python(known)
        if not math.isfinite(entry.intended_s):
            raise ValueError(f"intended_s: {entry.intended_s} is not a time")
        return entry
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path}: cannot be read as a batch entry ({error}); move it away. If its batch was sent, "
            "download the results from the vendor's console"
        ) from error


def check_tag(tag: object, path: Path) -> None:
    """Raise ValueError unless the tag is the file's name: files are named, and deleted, by the tag."""
    if not isinstance(tag, str) or not re.fullmatch(r"[0-9a-f]{16}", tag):
        raise ValueError(f"its tag {tag!r} is not 16 hex digits")
    if tag != path.stem:
        raise ValueError(f"its tag {tag!r} is not the file's name")
