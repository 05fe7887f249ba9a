"""Runs are killed with SIGKILL at random moments: no record that was reported is lost, and none is there twice."""

from __future__ import annotations

import random
import signal
import sys
import time
from pathlib import Path

import pytest
from support import killed_runs
from support.every_path import Result, result_of
from support.folder import Folder
from support.trust_scale import times

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL"),
]
WAYS = [
    ("plain", "controller"),
    ("command", "controller"),
    ("workers", "controller"),
    ("workers", "worker"),
    ("workers", "group"),
]
KILLS = times(1, 40)
"""Per way, five ways: 5 or 200 kills."""


@pytest.fixture(scope="module")
def project(shared: Folder) -> Folder:
    """A project of 120 answers, eighteen of which are judged."""
    killed_runs.make_project(shared)
    return shared


@pytest.fixture(scope="module")
def plain(project: Folder) -> Result:
    """The result of an undisturbed run."""
    return killed_runs.reference(project, "plain")[0]


@pytest.fixture(scope="module")
def duration_s(project: Folder) -> float:
    """Seconds that a run of workers takes. Moments are drawn from it; no verdict depends on it."""
    return killed_runs.reference(project, "workers")[2]


@pytest.mark.parametrize(("way", "victim"), WAYS)
def test_a_killed_run_loses_nothing(project: Folder, plain: Result, duration_s: float, way: str, victim: str) -> None:
    """Killed once to three times in a row, a run keeps what it reported, and ends as if it was never killed."""
    chance = random.Random(f"{way} {victim}")
    left = KILLS
    while left > 0:
        in_a_row = min(left, chance.choice((1, 1, 2, 3)))
        longest_s = duration_s if way == "workers" else duration_s / 3
        moments = [chance.uniform(0.0, longest_s) for _ in range(in_a_row)]
        print(f"killing {victim} of {way} after {moments} s")
        check_kills(project, plain, way, victim, moments, chance)
        left -= in_a_row


def check_kills(
    folder: Folder, plain: Result, way: str, victim: str, moments: list[float], chance: random.Random
) -> None:
    """Kill a run and those that resume it; the last one is left alone, and is the run of `plain`."""
    previous: Path | None = None
    for moment_s in moments:
        previous = killed(folder, plain, way, victim, previous, moment_s, chance) or previous
    run, status = undisturbed(folder, plain, way, previous)
    assert killed_runs.differences(result_of(run, status), plain) == []


def killed(
    folder: Folder,
    plain: Result,
    way: str,
    victim: str,
    previous: Path | None,
    moment_s: float,
    chance: random.Random,
) -> Path | None:
    """Kill a run after some seconds; returns its folder if it has records."""
    before = prepare(folder, previous)
    run = killed_runs.start(folder, *arguments(way, previous))
    time.sleep(moment_s)
    if victim == "worker":
        if workers := run.workers():
            killed_runs.send(chance.choice(workers), signal.SIGKILL)
    else:
        killed_runs.send(run.pid, signal.SIGKILL, group=victim == "group")
    logs = [path / "records.jsonl" for path in set(folder.runs()) - before]
    at_once = {key for log in logs for key in killed_runs.check_log(log.parent)}
    run.wait()
    killed_runs.leaves_no_process(run)
    print(run.text()[-2000:])
    assert "INTERNALERROR" not in run.text()
    killed_runs.check_files(folder)
    made = {path for path in set(folder.runs()) - before if (path / "records.jsonl").is_file()}
    if not made:
        assert not killed_runs.lines_of(folder.path / "reported.txt")
        return None
    (path,) = made
    check_records(folder, path)
    check_calls(folder, plain, previous, path, once=at_once if victim == "worker" else None)
    return path


def undisturbed(folder: Folder, plain: Result, way: str, previous: Path | None) -> tuple[Path, int]:
    """(folder, exit status) of a run that resumes another one and is left alone."""
    before = prepare(folder, previous)
    run = killed_runs.start(folder, *arguments(way, previous))
    status = run.wait()
    (path,) = set(folder.runs()) - before
    check_calls(folder, plain, previous, path)
    return path, status


def arguments(way: str, previous: Path | None) -> tuple[str, list[str]]:
    return killed_runs.words(way, *([] if previous is None else ["resume", previous.name]))


def prepare(folder: Folder, previous: Path | None) -> set[Path]:
    """Forget what was noted, but for the calls of the run that is resumed; returns the runs that are there."""
    earlier, calls = folder.path / "earlier.txt", folder.path / "calls.txt"
    noted = [path.read_text(encoding="utf-8") for path in (earlier, calls) if previous and path.is_file()]
    earlier.write_text("".join(noted), encoding="utf-8")
    for name in ("calls.txt", "reported.txt"):
        (folder.path / name).unlink(missing_ok=True)
    return set(folder.runs())


def check_records(folder: Folder, run: Path) -> None:
    """Every record that was reported is in the log, none is there twice, and the run's folder is one."""
    keys = killed_runs.check_log(run)
    assert (run / "run.json").is_file()
    assert set(killed_runs.lines_of(folder.path / "reported.txt")) <= keys


def check_calls(
    folder: Folder, plain: Result, previous: Path | None, run: Path, *, once: set[str] | None = None
) -> None:
    """No call was made for a record that was there, and none twice for those of this run.

    What a worker that was killed had in flight is asked for again: then only the records `once` are looked at.
    """
    asked = killed_runs.answered(killed_runs.lines_of(folder.path / "calls.txt"))
    twice = {call for call, number in asked.items() if number > 1}
    assert not twice & set(killed_runs.calls_of(plain.records, set(plain.records) if once is None else once))
    there = set() if previous is None else killed_runs.reusable(previous)
    made = killed_runs.calls_of(plain.records, killed_runs.check_log(run) - there)
    earlier = killed_runs.answered(killed_runs.lines_of(folder.path / "earlier.txt"))
    assert not made - asked - earlier  # calls of half-done answers are used again
    assert not set(asked) - set(killed_runs.calls_of(plain.records, set(plain.records) - there))
