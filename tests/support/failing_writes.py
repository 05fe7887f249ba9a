"""A conftest that lets the n-th operation on a file of a run fail, once or from then on."""

from __future__ import annotations

from support.folder import Folder

CONFTEST = '''
import json
import os
import sys
import threading
from pathlib import Path

HERE = Path(__file__).parent
PLACES = tuple(str(HERE / name) for name in ("reports", "snapshots", "tapes", "cache"))
NUMBER, LASTING, ERROR = json.loads((HERE / "failing.json").read_text())  # no other code: it may be compiled already
LOCK = threading.Lock()
COUNT = 0
REAL = {name: getattr(os, name) for name in ("write", "fsync", "replace", "ftruncate")}


def fails(what):
    """Whether the operation that begins now fails; the last line of the file says how many there were."""
    global COUNT
    with LOCK:
        COUNT += 1
        count = COUNT
        handle = os.open(HERE / "operations.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        REAL["write"](handle, f"{count} {what}\\n".encode())
        os.close(handle)
    return count == NUMBER or (LASTING and count > NUMBER)


def path_of(handle):
    try:
        return os.readlink(f"/proc/self/fd/{handle}")
    except OSError:
        return ""


def is_of_run(path):
    return str(path).startswith(PLACES)


def refuse(path=None):
    raise OSError(ERROR, os.strerror(ERROR), *([] if path is None else [str(path)]))


def audited(event, args):
    """Opening a file of the run to write it may fail."""
    if event != "open" or not isinstance(args[0], (str, os.PathLike)):
        return
    path, mode, flags = str(args[0]), args[1] or "", args[2] or 0
    writes = any(letter in mode for letter in "wax+") or flags & (os.O_WRONLY | os.O_RDWR)
    if writes and is_of_run(path) and fails(f"open {path}"):
        refuse(path)


def write(handle, data):
    path = path_of(handle)
    if is_of_run(path) and fails(f"write {path}"):
        if not LASTING:
            REAL["write"](handle, bytes(data)[: len(data) // 2])  # a disk that is full takes a part
        refuse()
    return REAL["write"](handle, data)


def fsync(handle):
    path = path_of(handle)
    if is_of_run(path) and fails(f"fsync {path}"):
        refuse()
    return REAL["fsync"](handle)


def replace(source, target, **more):
    if is_of_run(os.fspath(target)) and fails(f"replace {target}"):
        refuse(target)
    return REAL["replace"](source, target, **more)


os.write, os.fsync, os.replace = write, fsync, replace
sys.addaudithook(audited)
'''


def let_fail(folder: Folder, number: int, *, lasting: bool, error: int) -> None:
    """Write a conftest.py under which the operation with this number fails; with `lasting`, later ones too."""
    folder.write("conftest.py", CONFTEST)
    folder.write("failing.json", [number, lasting, error])


def operations(folder: Folder) -> list[str]:
    """What the last run did to its files, in order."""
    path = folder.path / "operations.txt"
    found = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    path.unlink(missing_ok=True)
    return [line.partition(" ")[2] for line in found]
