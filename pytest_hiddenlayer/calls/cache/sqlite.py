"""The file of the response cache: where it is, how it is opened, what is in it, how it is made smaller."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import UsageError

VERSION = 1
_OURS = 0x48_4C_52_43  # application_id: "HLRC"
_WAIT_S = 5.0  # for another process that is writing
_TABLE = """
CREATE TABLE responses (
    key TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    repeatable INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    completion TEXT NOT NULL
)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What a cache holds."""

    path: Path
    rows: int
    bytes: int  # on disk, with what SQLite keeps beside the file
    models: Mapping[str, int]  # PROVIDER:MODEL → rows, the most first


def default_path() -> Path:
    """`responses.sqlite` in $HIDDENLAYER_CACHE, or in the user's folder for caches."""
    if own := os.environ.get("HIDDENLAYER_CACHE"):
        return Path(own).expanduser() / "responses.sqlite"
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared) / "hiddenlayer" / "responses.sqlite"
    caches = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return caches / "hiddenlayer" / "responses.sqlite"


def open_cache(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any one thread at a time; the file is made where it is missing.

    Raises UsageError for a file that is none of ours, of another version, damaged or out of reach.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        base = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise _out_of_reach(path, error) from error
    try:
        _set_up(base, path)
    except sqlite3.OperationalError as error:
        base.close()
        raise _out_of_reach(path, error) from error
    except sqlite3.DatabaseError as error:
        base.close()
        raise damaged(path, error) from error
    except UsageError:
        base.close()
        raise
    return base


def damaged(path: Path, error: sqlite3.Error) -> UsageError:
    """What to say of a file that SQLite cannot read."""
    return UsageError(f"response cache {path}: damaged, or no cache at all ({error}); delete or move it")


def describe(path: Path) -> Contents:
    """What the cache holds; no rows where there is no file. Raises UsageError as `open_cache` does."""
    if not path.exists():
        return Contents(path=path, rows=0, bytes=0, models={})
    with closing(open_cache(path)) as base:
        try:
            found = base.execute(
                "SELECT provider || ':' || model, count(*) FROM responses GROUP BY 1 ORDER BY 2 DESC, 1"
            )
            models = dict(found.fetchall())
        except sqlite3.DatabaseError as error:
            raise damaged(path, error) from error
        beside = [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]
        size = sum(file.stat().st_size for file in beside if file.exists())
    return Contents(path=path, rows=sum(models.values()), bytes=size, models=models)


def prune(path: Path, older_than_days: float) -> int:
    """Rows removed: those that were stored more than so many days ago. The file becomes smaller by them.

    Raises UsageError as `open_cache` does, and for a negative age.
    """
    if not older_than_days >= 0:
        raise UsageError(f"response cache: prune what is older than {older_than_days} days? Give 0 or more")
    if not path.exists():
        return 0
    with closing(open_cache(path)) as base:
        try:
            before = time.time() - older_than_days * 86400
            removed = base.execute("DELETE FROM responses WHERE stored_at <= ?", (before,)).rowcount
            base.execute("VACUUM")
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            raise _out_of_reach(path, error) from error
        except sqlite3.DatabaseError as error:
            raise damaged(path, error) from error
    return removed


def _set_up(base: sqlite3.Connection, path: Path) -> None:
    if _number(base, "user_version") != VERSION:
        base.execute("BEGIN IMMEDIATE")  # of several processes that find no table, one makes it
        tables = _value(base, "SELECT count(*) FROM sqlite_schema")
        if not tables:
            base.execute(_TABLE)
            base.execute(f"PRAGMA application_id = {_OURS}")
            base.execute(f"PRAGMA user_version = {VERSION}")
        base.execute("COMMIT")
    _check(base, path)
    _write_ahead(base)
    base.execute("PRAGMA synchronous = NORMAL")  # with WAL: no fsync a commit, and never a corrupt file


def _check(base: sqlite3.Connection, path: Path) -> None:
    if _number(base, "application_id") != _OURS:
        raise UsageError(f"response cache {path}: a database of something else; name another file")
    version = _number(base, "user_version")
    if version != VERSION:
        raise UsageError(
            f"response cache {path}: version {version}, this hiddenlayer reads version {VERSION}; delete or move it"
        )


def _write_ahead(base: sqlite3.Connection) -> None:
    """Readers and one writer at once. The switch itself does not wait for other processes, so it is tried again."""
    until = time.monotonic() + _WAIT_S
    while _value(base, "PRAGMA journal_mode") != "wal":
        try:
            base.execute("PRAGMA journal_mode = WAL").fetchone()
            return  # where the file system has no WAL, SQLite keeps its journal and is right all the same
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def _number(base: sqlite3.Connection, pragma: str) -> int:
    return int(_value(base, f"PRAGMA {pragma}"))


def _value(base: sqlite3.Connection, query: str) -> Any:
    return base.execute(query).fetchone()[0]


def _out_of_reach(path: Path, error: Exception) -> UsageError:
    return UsageError(
        f"response cache {path}: cannot be used ({error}); "
        "set HIDDENLAYER_CACHE to a folder that can be written, or free what locks it"
    )
