"""Which files a command opens for writing, creates, renames and removes, in every Python process that it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.folder import ENVIRONMENT

HOOK = r"""
import os, sys

CHANGES = {"os.mkdir": 2, "os.remove": 1, "os.rmdir": 1, "os.chmod": 2, "os.truncate": 9}  # event: place of dir_fd
TWO = {"os.rename", "os.link", "os.symlink"}
LOG = os.open(os.environ["WATCHED_WRITES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

def note(path, folder=-1):
    if isinstance(path, (str, bytes, os.PathLike)):
        start = os.getcwd() if folder == -1 else os.readlink(f"/proc/self/fd/{folder}")
        os.write(LOG, os.fsencode(os.path.normpath(os.path.join(start, os.fsdecode(path)))) + b"\n")

def hook(event, args):
    try:
        if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            note(args[0])
        elif event in CHANGES and not (event == "os.mkdir" and os.path.isdir(args[0])):  # which changes nothing
            place = CHANGES[event]
            note(args[0], args[place] if place < len(args) and isinstance(args[place], int) else -1)
        elif event in TWO:
            note(args[0]) if event == "os.rename" else None
            note(args[1])
    except Exception:
        os.write(LOG, b"FAULT\n")

sys.addaudithook(hook)
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a command did."""

    status: int
    printed: str
    written: frozenset[Path]  # absolute; of the standard library's calls
    found: frozenset[Path]  # files that are now below the watched home and the folder for temporary files

    def outside(self, *allowed: Path) -> list[Path]:
        """What was written or is found elsewhere."""
        places = (*allowed, Path("/dev/null"), Path("/dev/tty"))
        elsewhere = (path for path in self.written | self.found if not any(path.is_relative_to(a) for a in places))
        return sorted(elsewhere)


def watch(command: Sequence[str], cwd: Path, base: Path) -> Watched:
    """Run `python -m COMMAND` with a home, a cache and temporary files of its own below `base`."""
    for name in ("site", "home", "tmp", "cache"):
        (base / name).mkdir(parents=True, exist_ok=True)
    (base / "site" / "sitecustomize.py").write_text(HOOK)
    log = base / "written.txt"
    log.write_text("")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "XDG_", "HL_"))}
    environment |= ENVIRONMENT | {
        "PYTHONPATH": os.pathsep.join([str(base / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(base / "home"),
        "TMPDIR": str(base / "tmp"),
        "XDG_CACHE_HOME": str(base / "cache"),
        "WATCHED_WRITES": str(log),
    }
    done = subprocess.run([sys.executable, "-m", *command], cwd=cwd, env=environment, capture_output=True, text=True)
    written = frozenset(Path(line) for line in log.read_text().splitlines())
    found = frozenset(path for name in ("home", "tmp") for path in (base / name).rglob("*") if path.is_file())
    return Watched(done.returncode, done.stdout + done.stderr, written, found)
