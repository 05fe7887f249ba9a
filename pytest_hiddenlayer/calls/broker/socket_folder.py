"""The folder of a broker's socket: its path is short, and those of dead runs are removed."""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

MAX_PATH_BYTES = 100
"""The longest path of a socket: Linux accepts 107 bytes, macOS 103."""
_NAME = re.compile(r"hl-[0-9a-zA-Z]{1,8}-(\d+)")
_SETTLED_S = 60.0  # a younger folder without a socket may be of a run that is starting


def socket_path(run_id: str) -> Path:
    """Return the path of the socket of a run's broker. Creates nothing.

    It is in the folder for temporary files, or in another one if that has too long a path for a socket.
    """
    name = Path(f"hl-{run_id[-8:]}-{os.getpid()}") / "s"
    folders = [Path(tempfile.gettempdir()), *map(Path, filter(None, [os.environ.get("XDG_RUNTIME_DIR")]))]
    folders += [Path("/tmp"), Path("/var/tmp"), Path.home()]
    short = [folder for folder in folders if len(os.fsencode(folder / name)) <= MAX_PATH_BYTES]
    usable = [folder for folder in short if os.access(folder, os.W_OK | os.X_OK)]
    return next(iter(usable), folders[0]) / name


def remove_abandoned(folder: Path) -> None:
    """Remove the socket folders below `folder` of this user's runs that have ended without removing them."""
    with suppress(OSError):
        for path in folder.glob("hl-*"):
            if _is_abandoned(path):
                shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(path: Path) -> bool:
    match = _NAME.fullmatch(path.name)
    if match is None or is_running(int(match[1])):
        return False
    try:
        status = path.lstat()
    except OSError:
        return False
    is_own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    return is_own and status.st_mtime < time.time() - _SETTLED_S and not _answers(path / "s")


def is_running(pid: int) -> bool:
    """Return whether a process with this id runs, of any user."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's
        return True
    return True


def _answers(path: Path) -> bool:
    """Whether a process listens; a container that shares the folder has process ids of its own."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
    return True
