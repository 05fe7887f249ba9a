"""Runs commands on damaged files, each in a forked process with limits of CPU time and memory.

`python -c` of a process that has imported everything calls `main`: it writes a JSON line per problem.
"""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from support.fuzzing.commands import Command
from support.fuzzing.damages import damage
from support.fuzzing.kinds import KINDS, Kind, run_front_end
from support.fuzzing.seeds import write_project

CPU_S = 20  # of one command; usual is 0.2
MEMORY = 1_000_000_000  # bytes of memory above what the process has at its start
ADDRESSES = 6_000_000_000  # bytes of addresses, most of which threads and libraries never touch
WAIT_S = 300  # a command that waits for ever is stopped
MARKS = re.compile(
    r"Traceback \(most recent call last\)|INTERNALERROR|Fatal Python error|MemoryError|Segmentation|"
    r"pytest_hiddenlayer/\S+\.py:\d+|DeprecationWarning|ResourceWarning|RuntimeWarning|never awaited"
)
UNNAMED = "the file is not named"
STATUSES = {"command": {0, 1, 4, 5}, "pytest": {0, 1, 2, 4, 5}, "function": {0, 4}}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A command that did not survive a damaged file."""

    kind: str
    number: int  # of the damage; with the seed it makes the file again
    file: str
    damage: str
    command: str
    what: str
    output: str


def main(folder: str, names: Sequence[str], n: int, seed: int = 0) -> None:
    """Write the problems of n damaged files of these kinds to problems.jsonl in a folder."""
    place = Path(folder)
    whole = project(place)
    with (place / "problems.jsonl").open("w", encoding="utf-8") as file:
        for at in range(n):
            kind = KINDS[names[at % len(names)]]
            for problem in tried(place, whole, kind, seed + at // len(names)):
                file.write(json.dumps(asdict(problem)) + "\n")
                file.flush()


def project(place: Path) -> Path:
    """The project without damages."""
    whole = place / "whole"
    if not whole.is_dir():
        whole.mkdir(parents=True)
        write_project(whole, lambda front_end, args: _run(whole, Command(front_end, tuple(args)), place / "out.txt"))
    return whole


def tried(place: Path, whole: Path, kind: Kind, number: int) -> Iterator[Problem]:
    """The problems of a kind's command with one damaged file."""
    chance = random.Random(f"{kind.name} {number}")
    file = chance.choice(sorted(path for pattern in kind.files for path in whole.glob(pattern)))
    command = chance.choice(kind.commands)
    what, content = damage(file.read_bytes(), chance)
    yield from problems_of(place, whole, kind, number, file, command, what, content)


def problems_of(
    place: Path, whole: Path, kind: Kind, number: int, file: Path, command: Command, what: str, content: bytes
) -> Iterator[Problem]:
    """The problem of a command with this content of a file, if there is one."""
    name = str(file.relative_to(whole))
    copy = whole_copy(place, whole)
    (copy / name).write_bytes(content)
    out = place / "out.txt"
    status = _run(copy, command.for_file(name), out)
    text = out.read_text(encoding="utf-8", errors="replace")
    problem = wrong(command, status, text, kind.named or (file.name,))
    if problem == UNNAMED and _run(whole_copy(place, whole), command.for_file(name), out) == 4:
        problem = None  # the command has something else to say, also without a damage
    if problem is not None:
        yield Problem(
            kind=kind.name,
            number=number,
            file=name,
            damage=what,
            what=problem,
            output=text[-6000:],
            command=f"{command.front_end} {' '.join(command.for_file(name).args)}",
        )


def whole_copy(place: Path, whole: Path) -> Path:
    """A copy of the project."""
    copy = place / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(whole, copy)
    return copy


def wrong(command: Command, status: int, text: str, names: Sequence[str]) -> str | None:
    """What is wrong with an end; None: nothing."""
    if status < 0:
        return f"killed by {signal.Signals(-status).name}: too much CPU time or memory"
    if mark := MARKS.search(text):
        return mark[0]
    if status not in STATUSES[command.front_end]:
        return f"exit status {status}"
    if status == 4 and not any(name in text for name in names):
        return UNNAMED
    if len(text) > 2_000_000:
        return f"{len(text):,} characters are printed"
    return None


def _run(folder: Path, command: Command, out: Path) -> int:
    """The exit status of a command; negative: the signal that ended it."""
    child = os.fork()
    if not child:
        status = 70
        try:
            os.setpgid(0, 0)
            _limit()
            os.chdir(folder)
            for name, number in ((os.devnull, 0), (str(out), 1), (str(out), 2)):
                os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | (os.O_TRUNC if number == 1 else os.O_APPEND)), number)
            sys.path.insert(0, str(folder))
            status = int(run_front_end(command) or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(status)
    _, ended, used = os.wait4(child, 0)
    if used.ru_maxrss * (1024 if sys.platform == "linux" else 1) > _resident() + MEMORY:
        return -signal.SIGKILL
    return os.waitstatus_to_exitcode(ended)


def _resident() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * (1024 if sys.platform == "linux" else 1)  # bytes elsewhere


def _limit() -> None:
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + CPU_S, int(used) + CPU_S + 5))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    signal.alarm(WAIT_S)
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + ADDRESSES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
