"""Runs that are killed, interrupted or stopped at any moment: what they asked, reported and left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pytest_hiddenlayer.results.log.resume import reusable_records
from support.every_path import Result, result_of
from support.folder import Folder, start_zygote

CONFTEST = '''
import asyncio
import os
from pathlib import Path

from pytest_hiddenlayer import Completion, ProviderError, Usage, provider

HERE = Path(__file__).parent


def note(name, line):
    """Append a line at once, whatever becomes of this process."""
    handle = os.open(HERE / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{line}\\n".encode())
    os.close(handle)


@provider("noting")
class Noting:
    """Notes every call; answers what the seed says, and fails for the samples whose number ends in 9."""

    model = "m"

    def __init__(self, model=None):
        pass

    async def complete(self, request):
        note("calls.txt", f"{request.sample_id} {request.role} {request.round} {request.seed}")
        await asyncio.sleep(DELAY_S * (request.seed % 7))
        number = int(request.sample_id[1:].partition("#")[0])
        if FAILING and number % 10 == 9 and request.role != "judge":
            raise ProviderError("server said 500")
        text = f"a{number}" if request.seed % 3 else "no"
        if request.role == "judge":
            text = "[[5]]" if request.seed % 2 else "[[1]]"
        return Completion(
            text=text, finish_reason="stop", usage=Usage(input_tokens=3, output_tokens=1, calls=1), latency_s=0.0,
            model="m", cost_usd=0.0,
        )


def pytest_runtest_logreport(report):
    """On the process that prints: note which records an item has reported."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        for record in getattr(report, "hl_records", ()):
            note("reported.txt", record.key)
'''
OPTIONS = {"provider": "noting", "cache": "off", "concurrency": "8"}


def make_project(folder: Folder, n: int = 20, delay_s: float = 0.0005, *, failing: bool = True) -> None:
    """Write three tasks with epochs, failing calls, a strategy of several calls, a judge, and their snapshots."""
    folder.write("pytest.ini", "[pytest]\n")
    folder.write("conftest.py", CONFTEST.replace("DELAY_S", str(delay_s)).replace("FAILING", str(failing)))
    shape: dict[str, Any] = {"epochs": 2, "min_scored": 0.5}
    folder.task("sums", n=n, **shape, strategies=["single", {"self_consistency": {"n_samples": 3}}])
    folder.task("more", n=n // 2, **shape, strategies=["debate"])
    folder.task("judged", n=n // 2, **shape, scorers=["exact", {"llm_judge": {"criteria": "Is it right?"}}])


def words(way: str, *options: str) -> tuple[str, list[str]]:
    """(front end, its arguments) of a way: `plain`, `workers` or `command`."""
    prefix = "--" if way == "command" else "--hl-"
    given = [word for name, value in OPTIONS.items() for word in (f"{prefix}{name}", value)]
    resume = [f"{prefix}{option}" if option.startswith("resume") else option for option in options]
    match way:
        case "command":
            return "command", ["run", "evals", *given, *resume]
        case "workers":
            return "pytest", ["evals", "-n", "4", *given, *resume]
    return "pytest", ["evals", *given, *resume]


@dataclass(kw_only=True)
class Started:
    """A run that goes on in processes of its own; its process group has the id of its first process."""

    pid: int
    folder: Folder
    out: Path
    _lines: Iterator[str]

    def ended(self) -> bool:
        """Whether its first process has ended."""
        return not any(pid == self.pid for pid, _, _ in processes(self.pid))

    def wait(self) -> int:
        """Its exit status; negative for the signal that ended it."""
        return int(next(self._lines))

    def text(self) -> str:
        """What it printed."""
        return self.out.read_text(encoding="utf-8", errors="replace")

    def others(self) -> list[int]:
        """Its other processes that run."""
        return [pid for pid, _, _ in processes(self.pid) if pid != self.pid]

    def workers(self) -> list[int]:
        """Its workers under xdist: children of a process that is no longer the first one, oldest first."""
        found = list(processes(self.pid))
        spawner = next((pid for pid, parent, _ in found if parent == self.pid), None)
        return sorted(pid for pid, parent, _ in found if spawner is not None and parent == spawner)


def start(folder: Folder, front_end: str, args: list[str]) -> Started:
    """Start a run in a forked process, with a process group of its own."""
    zygote = _zygote()
    assert zygote.stdin
    assert zygote.stdout
    out = folder.path.with_name(f"{folder.path.name}.out")
    zygote.stdin.write(json.dumps([front_end, args, str(folder.path), str(out), str(out), "own group"]) + "\n")
    return Started(pid=int(zygote.stdout.readline()), folder=folder, out=out, _lines=iter(zygote.stdout))


_zygote = cache(start_zygote)  # not that of `folder`: a status comes when a run ends, whoever asks


def processes(group: int) -> Iterator[tuple[int, int, str]]:
    """(id, parent's id, state) of the processes of a group that have not ended."""
    printed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, check=True)
    for line in printed.stdout.splitlines():
        pid, parent, of_group, state = line.split()
        if int(of_group) == group and not state.startswith("Z"):
            yield int(pid), int(parent), state


def send(pid: int, number: int, *, group: bool = False) -> None:
    """Send a signal to a process, or to its group; nothing if it has ended."""
    with suppress(ProcessLookupError):
        (os.killpg if group else os.kill)(pid, number)


def wait_until(condition: Callable[[], bool], what: str, limit_s: float = 60.0) -> None:
    """Wait for a condition. Fails with `what` after `limit_s`, which is far more than it takes."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def leaves_no_process(run: Started) -> None:
    """Every process of a run that was killed ends by itself."""
    try:
        wait_until(lambda: not list(processes(run.pid)), f"{list(processes(run.pid))} go on")
    finally:
        send(run.pid, signal.SIGKILL, group=True)


def lines_of(path: Path) -> Counter[str]:
    """The lines of a file that may not exist, with their numbers."""
    return Counter(path.read_text(encoding="utf-8").splitlines() if path.is_file() else [])


def check_log(run: Path) -> set[str]:
    """The keys of the records of a run. Fails if one is there twice, or a line but the last one is torn."""
    path = run / "records.jsonl"
    *lines, _ = path.read_bytes().split(b"\n") if path.is_file() else [b""]
    keys = [json.loads(line)["key"] for line in lines]
    assert max(Counter(keys).values(), default=0) <= 1, "a record is there twice"
    return set(keys)


def check_files(folder: Folder) -> None:
    """Every file that a run wrote is whole: JSON is valid, a report ends."""
    for run in folder.runs():
        for path in run.glob("*.json"):
            json.loads(path.read_text(encoding="utf-8"))
        if (page := run / "report.html").is_file():
            assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    for path in folder.path.glob("snapshots/*/*.json"):
        json.loads(path.read_text(encoding="utf-8"))


def calls_of(records: Mapping[str, Mapping[str, Any]], keys: set[str]) -> Counter[str]:
    """The calls of these records, as the provider notes them, without those of samples whose calls fail."""
    calls = [(records[key]["sample_id"], call) for key in keys for call in records[key]["transcript"]]
    return answered(Counter(f"{sample} {call['role']} {call['round']} {call['seed']}" for sample, call in calls))


def answered(calls: Counter[str]) -> Counter[str]:
    """The calls without those of samples that fail: how many of these are asked is by chance."""
    return Counter({call: n for call, n in calls.items() if not call.partition(" ")[0].endswith("9")})


def reusable(run: Path) -> set[str]:
    """The keys of the records that `--resume` takes over from a run."""
    return set(reusable_records(run)) if (run / "records.jsonl").is_file() else set()


def reference(folder: Folder, way: str) -> tuple[Result, Counter[str], float]:
    """(result, calls, seconds) of an undisturbed run, whose files are removed."""
    before = set(folder.runs())
    (folder.path / "calls.txt").unlink(missing_ok=True)
    began = time.monotonic()
    run = start(folder, *words(way))
    status = run.wait()
    duration_s = time.monotonic() - began
    (path,) = set(folder.runs()) - before
    return result_of(path, status), lines_of(folder.path / "calls.txt"), duration_s


def differences(one: Result, other: Result) -> list[str]:
    """What differs between two results, in short. The traceback of an error is not sent to workers."""
    pairs = [(name, getattr(one, name), getattr(other, name)) for name in ("status", "summary", "changes")]
    for key in one.records.keys() | other.records.keys():
        mine, yours = one.records.get(key, {}), other.records.get(key, {})
        names = (mine.keys() | yours.keys()) - {"traceback"}
        pairs += [(f"{key} {name}", mine.get(name), yours.get(name)) for name in names]
    found = [f"{name}: {mine} instead of {yours}" for name, mine, yours in pairs if mine != yours]
    return [text[:1500] for text in found[:4]]
