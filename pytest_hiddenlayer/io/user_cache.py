"""The user's cache folder: `hiddenlayer` below $XDG_CACHE_HOME, else `~/.cache`. Only this user may write to it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..errors import UsageError


def cache_folder() -> Path:
    """Return where the folder is; it may not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hiddenlayer"


def private_folder(*parts: str) -> Path:
    """Return a folder in the cache folder, made if it does not exist.

    A folder that others may write to is closed to them. Raises UsageError if one of the folders is a link,
    or belongs to another user: its files could be replaced by that user.
    """
    folder = cache_folder()
    for part in ("", *parts):
        folder = folder / part
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        state = folder.lstat()
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid():
            raise UsageError(f"{folder} is not a folder of this user; set XDG_CACHE_HOME to another place")
        if state.st_mode & 0o022:
            folder.chmod(0o700)
    return folder
