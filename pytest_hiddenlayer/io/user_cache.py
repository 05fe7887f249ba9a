"""The user's cache folder: `hiddenlayer` below $XDG_CACHE_HOME, else `~/.cache`. Only this user may write to it."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from ..errors import UsageError

_OTHERS_WRITE = 0o022
_SETTINGS = "set XDG_CACHE_HOME to another place"


def cache_folder() -> Path:
    """Return where the folder is; it may not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hiddenlayer"


def private_folder(*parts: str) -> Path:
    """Return a folder in the cache folder, made if it does not exist.

    Raises UsageError as `close_to_others` does.
    """
    folder = cache_folder()
    for part in ("", *parts):
        folder = folder / part
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UsageError(f"the cache folder {folder} cannot be made ({error.strerror}); {_SETTINGS}") from error
        close_to_others(folder, instead=_SETTINGS)
    return folder


def close_to_others(folder: Path, *, instead: str) -> None:
    """Close a folder of this user that others may write to. Raises UsageError as `refuse_foreign` does."""
    state = refuse_foreign(folder, instead=instead)
    if not _others_write(state, folder) or state.st_mode & stat.S_ISVTX:  # /tmp keeps files from other users
        return
    try:
        folder.chmod(stat.S_IMODE(state.st_mode) & ~_OTHERS_WRITE)
    except OSError as error:
        raise UsageError(
            f"{folder}: others may write to it, which cannot be changed ({error.strerror}); {instead}"
        ) from error


def refuse_foreign(folder: Path, *, instead: str) -> os.stat_result:
    """Return the state of a folder of this user; a link of this user is followed.

    Raises UsageError, which ends with `instead`, if it or the link belongs to another user, who could replace its
    files.
    """
    state = folder.lstat()
    if stat.S_ISLNK(state.st_mode) and is_own(state, folder.parent) and folder.is_dir():
        folder = folder.resolve()
        state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or not is_own(state, folder):
        raise UsageError(f"{folder} is not a folder of this user, but {_described(state, folder)}; {instead}")
    return state


def is_private(file: Path) -> bool:
    """Whether a regular file exists that no other user can have written; a link of this user is followed."""
    try:
        state = file.lstat()
        if stat.S_ISLNK(state.st_mode) and is_own(state, file.parent):
            file = file.resolve()
            state = file.lstat()
        place = file.parent.stat()
    except OSError:
        return False
    if not (stat.S_ISREG(state.st_mode) and is_own(state, file.parent) and is_own(place, file.parent)):
        return False
    if _others_write(place, file.parent):
        return False
    return not _others_write(state, file.parent) or not place.st_mode & 0o077  # a closed folder closes its files


def make_private_file(file: Path) -> None:
    """Create a file if it does not exist; from now on, only its user may read and write it.

    Raises OSError for a link, for a file of another user, and for one that others may write to if that cannot be
    changed.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(file, flags, 0o600)
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode) or not is_own(state, file.parent):
            raise OSError(
                errno.EPERM, f"it is not a file of this user, but {_described(state, file.parent)}", str(file)
            )
        if sys.platform != "win32" and stat.S_IMODE(state.st_mode) & 0o077:
            _close_file(handle, state, file.parent)
    finally:
        os.close(handle)


def is_own(state: os.stat_result, folder: Path) -> bool:
    """Whether a folder, or a file in it, belongs to this user, or to one whom this user has to trust anyway.

    These are root, and the owner of the home folder, which matters in containers: there root works in folders of
    the host's user. Some file systems name one owner for every file: then it is that one.
    """
    if sys.platform == "win32" or state.st_uid in (os.getuid(), 0, _home_owner(os.environ.get("HOME", ""))):
        return True
    new = _new_file(folder)
    return new is not None and new.st_uid == state.st_uid


def _others_write(state: os.stat_result, folder: Path) -> bool:
    """Whether other users may write to a folder or a file in it. On a file system without modes, all files say so."""
    bits = state.st_mode & _OTHERS_WRITE
    if bits == stat.S_IWGRP and _is_private_group(state.st_gid):
        return False
    if not bits or sys.platform == "win32":
        return False
    new = _new_file(folder)
    return new is None or not new.st_mode & _OTHERS_WRITE


def _close_file(handle: int, state: os.stat_result, folder: Path) -> None:
    try:
        os.fchmod(handle, 0o600)
    except OSError:  # a file system without modes, or a file of root
        if _others_write(state, folder):
            raise


def _new_file(folder: Path) -> os.stat_result | None:
    """The state that a private file of this user has in a folder, where a file system may show another one.

    None if it is unknown.
    """
    try:
        with tempfile.NamedTemporaryFile(prefix=".hl-", dir=folder) as file:  # mode 0600
            return os.fstat(file.fileno())
    except OSError:
        return None


@lru_cache(maxsize=4)
def _home_owner(home: str) -> int:
    """The user whom the home folder belongs to; -1 if the folder does not exist."""
    try:
        return os.stat(home).st_uid if home else -1
    except OSError:
        return -1


@lru_cache(maxsize=64)
def _is_private_group(gid: int) -> bool:
    """Whether a group is that of this user alone, as most Linux systems make one, with files that it may write to."""
    if sys.platform == "win32":
        return False
    import grp
    import pwd

    try:
        name = pwd.getpwuid(os.getuid()).pw_name
        return gid == os.getuid() and set(grp.getgrgid(gid).gr_mem) <= {name}
    except KeyError:
        return False


def _described(state: os.stat_result, folder: Path) -> str:
    if stat.S_ISLNK(state.st_mode):
        return "a link"
    kinds = ((stat.S_ISDIR, "folder"), (stat.S_ISREG, "file"))
    kind = next((name for check, name in kinds if check(state.st_mode)), "pipe or a device")
    return f"a {kind}" if is_own(state, folder) else f"a {kind} of user {state.st_uid}"
