"""What was sent through batch APIs and is not yet in a record: one file a batch, its results beside it.

    reports/batches/0f3c….json     whose batch it is, its id, the keys of its requests
    reports/batches/0f3c….jsonl    the lines of its results, as the server gave them

The first is written before a batch is sent (its id is not known then) and again when it was, so
that no death of the process can lose a batch that was paid. Neither holds prompts or API keys.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import UsageError
from ...io.atomic import replacing
from ...io.locks import lock

BATCHES = Path("reports") / "batches"
KEPT_S = 30 * 86400.0
"""Seconds after which what nobody collected is let go: the servers keep results for 29 and 30 days."""
_SCHEMA = 1


@dataclass(kw_only=True, slots=True)
class Entry:
    """One batch, from the intent to send it until all its answers are in records."""

    tag: str  # ours; what the server's batch is found by where its id is not known
    provider: str
    model: str
    endpoint: str
    kind: str
    keys: list[str]  # of the requests whose answers are still wanted
    n: int  # requests when it was sent
    intended_s: float  # Unix time
    batch_id: str | None = None  # None: it is not known whether it was ever made
    collected: bool = False  # its results lie beside the entry
    failed: str | None = None  # the server's words, where it refused the batch as a whole
    cancelled: bool = False  # somebody ended it before its time
    duration_s: float | None = None  # from sending to the last result, once it was collected
    not_ours: list[str] = field(default_factory=list)  # batches that looked like this one, and were not

    @property
    def name(self) -> str:
        """How people are told of it."""
        return self.batch_id or f"tagged {self.tag}"


class Results:
    """The lines of a collected batch by key; they stay on disk."""

    def __init__(self, path: Path, key: Callable[[Mapping[str, Any]], str]) -> None:
        self._file = path.open("rb")
        self._places: dict[str, int] = {}
        place = 0
        for line in self._file:
            self._places[key(json.loads(line))] = place
            place += len(line)

    def get(self, key: str) -> dict[str, Any] | None:
        """What the server said of a request; None where it said nothing."""
        if key not in self._places:
            return None
        self._file.seek(self._places[key])
        found: dict[str, Any] = json.loads(self._file.readline())
        return found

    def __contains__(self, key: str) -> bool:
        """Whether the server said anything of a request."""
        return key in self._places

    def __len__(self) -> int:
        """Requests of which the server said something."""
        return len(self._places)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Ledger:
    """The batches of one line in a folder, which is made with the first of them."""

    def __init__(self, folder: Path, provider: str, model: str, endpoint: str) -> None:
        """Raises UsageError for a file there that is none of ours."""
        self.folder = folder
        self._owner = (provider, model, endpoint)
        self._entries: dict[str, Entry] = {}  # key → entry
        self._sending: dict[str, BinaryIO] = {}  # by tag
        for entry in read_entries(folder):
            if (entry.provider, entry.model, entry.endpoint) == self._owner and not self._outdated(entry):
                self._entries |= dict.fromkeys(entry.keys, entry)

    def find(self, key: str) -> Entry | None:
        """The batch that a request was sent in, or was to be sent in."""
        return self._entries.get(key)

    def intend(self, kind: str, keys: Iterable[str]) -> Entry:
        """A new entry, on disk before its batch is sent."""
        provider, model, endpoint = self._owner
        wanted = list(keys)
        entry = Entry(
            tag=secrets.token_hex(8),
            provider=provider,
            model=model,
            endpoint=endpoint,
            kind=kind,
            keys=wanted,
            n=len(wanted),
            intended_s=time.time(),
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sending[entry.tag] = file = self._mark(entry).open("xb")
        lock(file.fileno(), wait=False)
        self.save(entry)
        self._entries |= dict.fromkeys(entry.keys, entry)
        return entry

    def holds(self, entry: Entry) -> bool:
        """Whether the entry is on disk."""
        return self._path(entry).exists()

    def sent(self, entry: Entry, batch_id: str) -> None:
        """Note the id of a batch, whoever sent it."""
        entry.batch_id = batch_id
        self.save(entry)
        self._unmark(entry)

    def given_up(self, entry: Entry) -> None:
        """Sending failed, and nobody knows whether the batch came to be: the next run looks for it."""
        self._unmark(entry)

    def is_being_sent(self, entry: Entry) -> bool:
        """Whether a living process is just sending it. When it is no more, its id may be known: then it is here."""
        try:
            with self._mark(entry).open("rb") as file:
                if not lock(file.fileno(), wait=False):
                    return True
        except FileNotFoundError:
            pass
        if entry.batch_id is None and self._path(entry).exists():
            entry.batch_id = _read(self._path(entry)).batch_id
        return False

    def save(self, entry: Entry) -> None:
        """Put an entry on disk; when this returns, neither this process nor the machine can lose it by dying."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"schema": _SCHEMA, **asdict(entry)}, indent=1, allow_nan=False) + "\n"
        with replacing(self._path(entry), sync=True) as file:
            file.write(text.encode())

    def drop(self, entry: Entry, keys: Iterable[str] | None = None) -> None:
        """Forget a batch, or only these of its requests; with the last of them its files go."""
        gone = set(entry.keys if keys is None else keys)
        for key in gone:
            if self._entries.get(key) is entry:
                del self._entries[key]
        entry.keys = [key for key in entry.keys if key not in gone]
        if entry.keys:
            self.save(entry)
            return
        _check_tag(entry.tag, self._path(entry))  # nothing outside the folder may be deleted
        self._unmark(entry)
        left = self.folder.glob(f".{entry.tag}.*.tmp")  # of a process that was killed while it wrote
        for path in (self._path(entry), self.results_path(entry), *left):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of what was being sent: whoever comes next looks for it at the server."""
        for file in self._sending.values():
            file.close()
        self._sending.clear()

    def results_path(self, entry: Entry) -> Path:
        """Where its results lie once they were collected."""
        return self.folder / f"{entry.tag}.jsonl"

    def _path(self, entry: Entry) -> Path:
        return self.folder / f"{entry.tag}.json"

    def _mark(self, entry: Entry) -> Path:
        """A file that the process holds which sends the batch; its death lets go of it."""
        return self.folder / f".{entry.tag}.sending"

    def _unmark(self, entry: Entry) -> None:
        if (file := self._sending.pop(entry.tag, None)) is not None:
            file.close()
        self._mark(entry).unlink(missing_ok=True)

    def _outdated(self, entry: Entry) -> bool:
        if time.time() - entry.intended_s < KEPT_S:
            return False
        self.drop(entry)
        return True


def read_entries(folder: Path) -> Iterator[Entry]:
    """The entries of a folder, the oldest first; none where it is not there. Raises UsageError."""
    found = [_read(path) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []
    yield from sorted(found, key=lambda entry: entry.intended_s)


def _read(path: Path) -> Entry:
    known = {f.name for f in fields(Entry)}
    try:
        values = json.loads(path.read_bytes())
        if values["schema"] != _SCHEMA:
            raise ValueError(f"schema {values['schema']}, this version reads {_SCHEMA}")
        _check_tag(values["tag"], path)
        return Entry(**{name: value for name, value in values.items() if name in known})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path}: tells of no batch that can be read ({error}); move it away: if its batch was sent, "
            "its results can then be had from the vendor's console only"
        ) from error


def _check_tag(tag: object, path: Path) -> None:
    """Raise ValueError for a tag that is not the file's own: files are named, and deleted, by the tag."""
    if not isinstance(tag, str) or not re.fullmatch(r"[0-9a-f]{16}", tag):
        raise ValueError(f"its tag {tag!r} is not 16 hex digits")
    if tag != path.stem:
        raise ValueError(f"its tag {tag!r} is not the file's name")
