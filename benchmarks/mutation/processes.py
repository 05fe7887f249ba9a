"""Runs tasks in forked processes, a few at a time, each within limits of time and memory."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MEMORY = 6 * 2**30  # bytes of data of one process; a fault can ask for more than the machine has


@dataclass(frozen=True)
class Task:
    """One process to fork: `work` gets an empty folder and returns its exit status."""

    name: str
    work: Callable[[Path], int]
    cpu_s: float
    """What its tests took without a fault."""
    wall_s: float | None = None
    """After which it is stopped; None: long after that CPU time."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit status, or None if it was stopped because it took too long."""

    name: str
    status: int | None
    cpu_s: float


def run(tasks: Iterable[Task], jobs: int) -> Iterator[Ended]:
    """Run each task in a process of its own; yields them as they end."""
    running: dict[int, tuple[Task, float, Path]] = {}
    waiting = iter(tasks)
    more = True
    while more or running:
        while more and len(running) < jobs:
            task = next(waiting, None)
            if task is None:
                more = False
                break
            folder = Path(tempfile.mkdtemp(prefix="mutant-"))
            wall_s = 60 + 20 * task.cpu_s if task.wall_s is None else task.wall_s
            running[_forked(task, folder)] = (task, time.monotonic() + wall_s, folder)
        yield from _ended(running)


def _ended(running: dict[int, tuple[Task, float, Path]]) -> Iterator[Ended]:
    for pid, (task, deadline, folder) in list(running.items()):
        late = time.monotonic() > deadline
        if late:
            _kill(pid)
        found, status, used = os.wait4(pid, 0 if late else os.WNOHANG)
        if not found:
            continue
        _kill(pid)  # what it started may still run
        del running[pid]
        shutil.rmtree(folder, ignore_errors=True)
        code = os.waitstatus_to_exitcode(status)
        too_long = late or code == -signal.SIGXCPU
        yield Ended(task.name, None if too_long else code, used.ru_utime + used.ru_stime)
    time.sleep(0.003)


def _forked(task: Task, folder: Path) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        os.setpgid(0, 0)
        limit = int(5 + 5 * task.cpu_s)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        status = task.work(folder)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _kill(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def silence() -> None:
    """Nothing that this process prints is seen."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
