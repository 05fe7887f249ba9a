"""The user's cache folder: `hiddenlayer` below $XDG_CACHE_HOME, else `~/.cache`. Only this user may write to it."""

from __future__ import annotations

import errno
import os
import stat
import sys
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
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        close_to_others(folder, instead=_SETTINGS)
    return folder


def close_to_others(folder: Path, *, instead: str) -> None:
    """Close a folder of this user that others may write to. Raises UsageError as `refuse_foreign` does."""
    mode = refuse_foreign(folder, instead=instead).st_mode
    if mode & _OTHERS_WRITE and not mode & stat.S_ISVTX:  # in a folder such as /tmp, nobody replaces others' files
        folder.chmod(stat.S_IMODE(mode) & ~_OTHERS_WRITE)


def refuse_foreign(folder: Path, *, instead: str) -> os.stat_result:
    """Return the state of a folder of this user.

    Raises UsageError, which ends with `instead`, if it is a link or belongs to another user: its files could be
    replaced by that user.
    """
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or not _is_own(state):
        raise UsageError(f"{folder} is not a folder of this user, but {_owner(state)}; {instead}")
    return state


def is_private(file: Path) -> bool:
    """Whether a file exists, is regular and not a link, and only this user can have written it."""
    try:
        state, folder = file.lstat(), file.parent.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not (stat.S_ISREG(state.st_mode) and _is_own(state) and _is_own(folder)) or folder.st_mode & _OTHERS_WRITE:
        return False
    return not state.st_mode & _OTHERS_WRITE or not folder.st_mode & 0o077  # a closed folder closes its files


def make_private_file(file: Path) -> None:
    """Create a file if it does not exist; from now on, only its user may read and write it.

    Raises OSError for a link, and for a file of another user.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(file, flags, 0o600)
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode) or not _is_own(state):
            raise OSError(errno.EPERM, f"it is not a file of this user, but {_owner(state)}", str(file))
        if sys.platform != "win32" and stat.S_IMODE(state.st_mode) & 0o077:
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def _is_own(state: os.stat_result) -> bool:
    return sys.platform == "win32" or state.st_uid == os.getuid()


def _owner(state: os.stat_result) -> str:
    if stat.S_ISLNK(state.st_mode):
        return "a link"
    kinds = ((stat.S_ISDIR, "folder"), (stat.S_ISREG, "file"))
    kind = next((name for check, name in kinds if check(state.st_mode)), "pipe or a device")
    return f"a {kind}" if _is_own(state) else f"a {kind} of user {state.st_uid}"
