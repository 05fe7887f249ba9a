"""Answers kept from run to run, in one SQLite file that several processes use at once.

A key is all of a call's identity, so that nothing but the same call to the same server finds an
answer. A `get` among 100 000 rows took 70 to 115 µs, a `put` 150 µs, on a core shared with others;
key, writing and the log-probabilities of 60 tokens are included.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ...errors import UsageError
from ...types import Completion
from ..cache_key import call_key
from ..stored_completion import stored_completion, stored_values
from .sqlite import damaged, open_cache

Mode: TypeAlias = Literal["seeded", "all"]
MODES: tuple[Mode, ...] = Mode.__args__  # type: ignore[attr-defined]
BATCH = 64
"""Answers that are written in one go; a killed process loses fewer."""
_LAST_S = 2.0  # after so long fewer are written too
_MOST_UNWRITTEN = 4096  # while the file is locked or the disk full

_FIND = "SELECT completion FROM responses WHERE key = ? AND repeatable >= ?"
_STORE = "INSERT OR REPLACE INTO responses VALUES (?, ?, ?, ?, ?, ?)"
_Row: TypeAlias = tuple[str, str, str, bool, int, str]


@dataclass(slots=True)
class CacheStats:
    """What one process did with the cache."""

    hits: int = 0
    misses: int = 0
    kept: int = 0  # answers that were handed over and are stored
    not_kept: int = 0  # answers that were handed over and must not be stored
    lost: int = 0  # answers that could not be written: the file stayed locked, or the disk is full


class ResponseCache:
    """The cache in one file; used by one thread at a time."""

    def __init__(self, path: Path, mode: Mode = "seeded") -> None:
        if mode not in MODES:
            raise UsageError(f"response cache: mode {mode!r}; choose {' or '.join(MODES)}")
        self.path, self.mode = path, mode
        self._base = open_cache(path)
        self._unwritten: dict[str, _Row] = {}
        self._written_s = time.monotonic()
        self._stats = CacheStats()

    def get(self, identity: Mapping[str, Any]) -> Completion | None:
        """The answer to this call, marked as cached, at no cost; None where none is kept.

        Mode `seeded` does not see what only mode `all` keeps. Raises UsageError for a damaged file.
        """
        text = self._find(call_key(identity))
        completion = None if text is None else _read(text)
        if completion is None:
            self._stats.misses += 1
        else:
            self._stats.hits += 1
        return completion

    def put(self, identity: Mapping[str, Any], completion: Completion, seeded: bool) -> None:
        """Keep an answer, if the mode keeps such ones; `seeded`: the provider gives the same text for the same seed.

        It is found at once, and written with the next ones or on `close`.
        """
        repeatable = completion.finish_reason == "stop" and (seeded or identity["params"].get("temperature") == 0)
        if completion.cached or not _whole(completion, self.mode) or not (repeatable or self.mode == "all"):
            self._stats.not_kept += 1
            return
        key = call_key(identity)
        text = json.dumps(stored_values(completion), separators=(",", ":"))
        self._unwritten[key] = (key, identity["provider"], identity["model"], repeatable, int(time.time()), text)
        self._stats.kept += 1
        if len(self._unwritten) % BATCH == 0 or time.monotonic() - self._written_s > _LAST_S:
            self._write()

    def stats(self) -> CacheStats:
        """What was found and kept so far."""
        return self._stats

    def close(self) -> None:
        """Write what is not yet written. What cannot be written counts as lost, and is no error."""
        self._write()
        self._stats.lost += len(self._unwritten)
        self._stats.kept -= len(self._unwritten)
        self._unwritten.clear()
        self._base.close()

    def _find(self, key: str) -> str | None:
        least = self.mode == "seeded"
        if key in self._unwritten:
            row = self._unwritten[key]
            return row[5] if row[3] >= least else None
        try:
            found = self._base.execute(_FIND, (key, least)).fetchone()
        except sqlite3.OperationalError:
            return None  # locked for longer than we wait: the model is asked instead
        except sqlite3.DatabaseError as error:
            raise damaged(self.path, error) from error
        return None if found is None else found[0]

    def _write(self) -> None:
        self._written_s = time.monotonic()
        if not self._unwritten:
            return
        try:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.executemany(_STORE, self._unwritten.values())
            self._base.execute("COMMIT")
        except sqlite3.OperationalError:
            self._give_up()
        except sqlite3.DatabaseError as error:
            raise damaged(self.path, error) from error
        else:
            self._unwritten.clear()

    def _give_up(self) -> None:
        """Try again with the next batch, unless far too many wait already."""
        if self._base.in_transaction:
            self._base.execute("ROLLBACK")
        if len(self._unwritten) >= _MOST_UNWRITTEN:
            self._stats.lost += len(self._unwritten)
            self._stats.kept -= len(self._unwritten)
            self._unwritten.clear()


def _whole(completion: Completion, mode: Mode) -> bool:
    """Whether asking again could bring nothing better: never a refusal, an error or an empty text."""
    reasons = ("stop", "length") if mode == "all" else ("stop",)
    return completion.finish_reason in reasons and bool(completion.text.strip())


def _read(text: str) -> Completion | None:
    """None for a row that another version wrote differently: it is asked anew and replaced."""
    try:
        return stored_completion(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
