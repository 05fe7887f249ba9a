"""The file of the response cache: its path, opening, contents, pruning."""

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
from ...io.user_cache import close_to_others, make_private_file, refuse_foreign

VERSION = 1
_APPLICATION_ID = 0x48_4C_52_43  # "HLRC"
_INSTEAD = "set HIDDENLAYER_CACHE to a folder of your own"
_WAIT_S = 5.0  # for another process that is writing
DAMAGE_ERRORS = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What sqlite3 raises for a damaged file; UnicodeDecodeError if SQLite's message holds bytes that are not UTF-8."""
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
    """The contents of a cache."""

    path: Path
    rows: int
    bytes: int  # on disk, with SQLite's -wal and -shm files
    models: Mapping[str, int]  # PROVIDER:MODEL → rows, in descending order


def default_path() -> Path:
    """`responses.sqlite` in $HIDDENLAYER_CACHE, else in the user's cache folder."""
    if folder := os.environ.get("HIDDENLAYER_CACHE"):
        return Path(folder).expanduser() / "responses.sqlite"
    if user_cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(user_cache) / "hiddenlayer" / "responses.sqlite"
    caches = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return caches / "hiddenlayer" / "responses.sqlite"


def open_cache(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode, for one thread at a time; creates the file if it does not exist.

    Raises UsageError for a file of another program or version, and for one that is damaged or inaccessible.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_private(path)
        connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise _inaccessible(path, error) from error
    try:
        _set_up(connection, path)
    except sqlite3.OperationalError as error:
        connection.close()
        raise _inaccessible(path, error) from error
    except DAMAGE_ERRORS as error:
        connection.close()
        raise damaged(path, error) from error
    except UsageError:
        connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    """Create the file if it does not exist; only its user may use it, and the files that SQLite adds next to it.

    Raises OSError, and UsageError for a folder or a file of another user, who could replace the answers.
    """
    refuse_foreign(path.parent.resolve(), instead=_INSTEAD)
    if path == default_path():  # a folder that was named for one command may have other purposes
        close_to_others(path.parent.resolve(), instead=_INSTEAD)
    make_private_file(path)
    for file in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if os.path.lexists(file):  # SQLite may remove them
            make_private_file(file)


def damaged(path: Path, error: Exception) -> UsageError:
    """The error for a file that SQLite cannot read."""
    return UsageError(f"response cache {path}: damaged, or not a response cache ({error}); delete or move it")


def describe(path: Path) -> Contents:
    """The contents of the cache; no rows if the file does not exist. Raises UsageError as `open_cache` does."""
    if not path.exists():
        return Contents(path=path, rows=0, bytes=0, models={})
    with closing(open_cache(path)) as connection:
        try:
            rows = connection.execute(
                "SELECT provider || ':' || model, count(*) FROM responses GROUP BY 1 ORDER BY 2 DESC, 1"
            )
            models = dict(rows.fetchall())
        except DAMAGE_ERRORS as error:
            raise damaged(path, error) from error
        files = [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]
        size = sum(file.stat().st_size for file in files if file.exists())
    return Contents(path=path, rows=sum(models.values()), bytes=size, models=models)


def prune(path: Path, older_than_days: float) -> int:
    """Delete rows that were stored more than so many days ago, and shrink the file; returns their number.

    Raises UsageError as `open_cache` does, and for a negative age.
    """
    if not older_than_days >= 0:
        raise UsageError(f"response cache: cannot prune what is older than {older_than_days:g} days: give 0 or more")
    if not path.exists():
        return 0
    with closing(open_cache(path)) as connection:
        try:
            before = time.time() - older_than_days * 86400
            removed = connection.execute("DELETE FROM responses WHERE stored_at <= ?", (before,)).rowcount
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            raise _inaccessible(path, error) from error
        except DAMAGE_ERRORS as error:
            raise damaged(path, error) from error
    return removed


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    if _number(connection, "user_version") != VERSION:
        connection.execute("BEGIN IMMEDIATE")  # if several processes find no table, one creates it
        tables = _value(connection, "SELECT count(*) FROM sqlite_schema")
        if not tables:
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    _check(connection, path)
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")  # with WAL: no fsync per commit, and never a corrupt file


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if _number(connection, "application_id") != _APPLICATION_ID:
        raise UsageError(f"response cache {path}: a database of another program; name another file")
    version = _number(connection, "user_version")
    if version != VERSION:
        raise UsageError(
            f"response cache {path}: version {version}, this hiddenlayer reads version {VERSION}; delete or move it"
        )


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Allow readers and one writer at once. Switching does not wait for other processes, so it is retried."""
    deadline_s = time.monotonic() + _WAIT_S
    while _value(connection, "PRAGMA journal_mode") != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return  # on a file system without WAL, SQLite keeps its journal, which is correct too
        except sqlite3.OperationalError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.01)


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(_value(connection, f"PRAGMA {pragma}"))


def _value(connection: sqlite3.Connection, query: str) -> Any:
    return connection.execute(query).fetchone()[0]


def _inaccessible(path: Path, error: Exception) -> UsageError:
    return UsageError(
        f"response cache {path}: cannot be used ({error}); "
        "set HIDDENLAYER_CACHE to a folder that can be written, or free what locks it"
    )
