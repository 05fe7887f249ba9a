"""The batches that were sent and are not yet in records, on disk.

    reports/batches/0f3c….json     its entry: provider, model, batch id, the keys of its requests
    reports/batches/0f3c….jsonl    the lines of its results, as the server returned them

The entry is written before the batch is sent (its id is unknown then) and again afterwards, so
that no batch that was paid for is lost if the process dies. Neither file holds prompts or API keys.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from ...io.atomic import replacing
from ...io.locks import lock
from .entries import BatchEntry, check_tag, read_entries, read_entry

BATCHES = Path("reports") / "batches"
RETENTION_S = 30 * 86400.0
"""Seconds after which an uncollected batch is deleted: the servers keep results for 29 and 30 days."""


class Ledger:
    """The batches of one model in a folder, which is created with the first batch."""

    def __init__(self, folder: Path, provider: str, model: str, endpoint: str) -> None:
        """Raises UsageError if a file in the folder is not an entry."""
        self.folder = folder
        self._owner = (provider, model, endpoint)
        self._entries: dict[str, BatchEntry] = {}  # by key of a request
        self._sending: dict[str, BinaryIO] = {}  # by tag: locked files
        for entry in read_entries(folder):
            if (entry.provider, entry.model, entry.endpoint) == self._owner and not self._drop_if_expired(entry):
                self._entries |= dict.fromkeys(entry.keys, entry)

    def find(self, key: str) -> BatchEntry | None:
        """The entry of the batch that contains a request, sent or not; None if there is none."""
        return self._entries.get(key)

    def register(self, kind: str, keys: Iterable[str]) -> BatchEntry:
        """A new entry, on disk before its batch is sent. Raises OSError if it cannot be written."""
        provider, model, endpoint = self._owner
        request_keys = list(keys)
        entry = BatchEntry(
            tag=secrets.token_hex(8),
            provider=provider,
            model=model,
            endpoint=endpoint,
            kind=kind,
            keys=request_keys,
            n=len(request_keys),
            intended_s=time.time(),
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sending[entry.tag] = file = self._lock_path(entry).open("xb")
        lock(file.fileno())
        self.save(entry)
        self._entries |= dict.fromkeys(entry.keys, entry)
        return entry

    def holds(self, entry: BatchEntry) -> bool:
        """Whether the entry is on disk."""
        return self._path(entry).exists()

    def mark_sent(self, entry: BatchEntry, batch_id: str) -> None:
        """Save the id of a batch, whichever process sent it."""
        entry.batch_id = batch_id
        self.save(entry)
        self._unlock(entry)

    def mark_unconfirmed(self, entry: BatchEntry) -> None:
        """Sending failed and the server may have created the batch: the next run looks for it."""
        self._unlock(entry)

    def is_being_sent(self, entry: BatchEntry) -> bool:
        """Whether a living process is sending the batch. If not, reads its id if it is known by now."""
        try:
            with self._lock_path(entry).open("rb") as file:
                if not lock(file.fileno(), wait=False):
                    return True
        except FileNotFoundError:
            pass
        if entry.batch_id is None and self._path(entry).exists():
            entry.batch_id = read_entry(self._path(entry)).batch_id
        return False

    def save(self, entry: BatchEntry) -> None:
        """Write an entry; when this returns, neither a crash nor a power failure loses it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._path(entry), sync=True) as file:
            file.write(entry.to_json().encode())

    def drop(self, entry: BatchEntry, keys: Iterable[str] | None = None) -> None:
        """Remove all or some requests of a batch; with the last one its files are deleted."""
        dropped = set(entry.keys if keys is None else keys)
        for key in dropped:
            if self._entries.get(key) is entry:
                del self._entries[key]
        entry.keys = [key for key in entry.keys if key not in dropped]
        if entry.keys:
            self.save(entry)
            return
        check_tag(entry.tag, self._path(entry))  # nothing outside the folder may be deleted
        self._unlock(entry)
        temporary = self.folder.glob(f".{entry.tag}.*.tmp")  # of a process that was killed while it wrote
        for path in (self._path(entry), self.results_path(entry), *temporary):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Unlock what is being sent; the next process looks for it at the server."""
        for file in self._sending.values():
            file.close()
        self._sending.clear()

    def results_path(self, entry: BatchEntry) -> Path:
        """Path of the results of a collected batch."""
        return self.folder / f"{entry.tag}.jsonl"

    def _path(self, entry: BatchEntry) -> Path:
        return self.folder / f"{entry.tag}.json"

    def _lock_path(self, entry: BatchEntry) -> Path:
        """Lock file held by the process that sends the batch; the system releases it if the process dies."""
        return self.folder / f".{entry.tag}.sending"

    def _unlock(self, entry: BatchEntry) -> None:
        if (file := self._sending.pop(entry.tag, None)) is not None:
            file.close()
        self._lock_path(entry).unlink(missing_ok=True)

    def _drop_if_expired(self, entry: BatchEntry) -> bool:
        if time.time() - entry.intended_s < RETENTION_S:
            return False
        self.drop(entry)
        return True
