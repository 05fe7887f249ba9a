"""Signals end a run cleanly at any moment: what is on disk is whole, and nothing goes on."""

from __future__ import annotations

import json
import random
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

import pytest
from support import killed_runs
from support.folder import Folder
from support.trust_scale import times

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="needs signals")]
WAYS = ("plain", "workers", "command")
SIGNALS = times(2, 34)
"""Per way, three ways: 6 or 102 moments."""
KINDS = ("SIGINT", "SIGTERM", "SIGHUP", "Ctrl-C", "Ctrl-C twice")


@pytest.fixture(scope="module")
def project(shared: Folder) -> Folder:
    """A project of 120 answers without errors, with the snapshots of another model's answers."""
    killed_runs.make_project(shared, failing=False)
    conftest = (shared.path / "conftest.py").read_text(encoding="utf-8")
    shared.write("conftest.py", conftest.replace("request.seed % 3", "request.seed % 5"))
    killed_runs.start(shared, *killed_runs.words("plain", "--snapshot-update")).wait()
    shared.write("conftest.py", conftest)
    return shared


@pytest.fixture(scope="module")
def duration_s(project: Folder) -> float:
    """Seconds that a run of workers takes. Moments are drawn from it; no verdict depends on it."""
    return killed_runs.reference(project, "workers")[2]


@pytest.fixture(scope="module")
def old(project: Folder) -> dict[str, str]:
    """Path → text of the snapshots that an undisturbed run changes."""
    before = snapshots_of(project)
    killed_runs.start(project, *killed_runs.words("plain", "--snapshot-update")).wait()
    after = snapshots_of(project)
    restore(project, before)
    changed = {path: text for path, text in before.items() if after[path] != text}
    assert len(changed) > 1
    return changed


@pytest.mark.parametrize("way", WAYS)
def test_a_signal_ends_a_run_cleanly(project: Folder, duration_s: float, old: dict[str, str], way: str) -> None:
    """The exit status is not 0, log and summary agree, snapshots are all old or all new, and nothing goes on."""
    chance = random.Random(way)
    for turn in range(SIGNALS):
        moment_s = chance.uniform(0.0, duration_s if way == "workers" else duration_s / 3)
        kind = KINDS[turn % len(KINDS)]
        print(f"{kind} to {way} after {moment_s} s")
        check_signal(project, way, kind, moment_s)
        new = snapshots_of(project)
        changed = [path for path in old if old[path] != new[path]]
        assert changed in ([], list(old)), "snapshots are mixed"
        restore(project, old)


def check_signal(folder: Folder, way: str, kind: str, moment_s: float) -> None:
    (folder.path / "reported.txt").unlink(missing_ok=True)
    before = set(folder.runs())
    run = killed_runs.start(folder, *killed_runs.words(way, "--snapshot-update"))
    time.sleep(moment_s)
    disturb(run, kind)
    status = run.wait()
    text = run.text()
    print(text[-3000:])
    killed_runs.leaves_no_process(run)
    while_xdist_starts = "config.hook.pytest_sessionstart" in text  # an error of xdist, whose worker Ctrl-C ended
    assert "INTERNALERROR" not in text or while_xdist_starts
    assert not list(Path(tempfile.gettempdir()).glob(f"hl-*-{run.pid}"))
    killed_runs.check_files(folder)
    made = [path for path in set(folder.runs()) - before if (path / "records.jsonl").is_file()]
    complete = [json.loads((path / "run.json").read_text(encoding="utf-8")).get("complete") for path in made]
    assert status != 0 or complete == [True], "it was interrupted, and the exit status is 0"
    for path in made:
        keys = killed_runs.check_log(path)
        assert set(killed_runs.lines_of(folder.path / "reported.txt")) <= keys
        if (path / "summary.json").is_file():
            cells = json.loads((path / "summary.json").read_text(encoding="utf-8"))
            assert sum(sum(cell["outcomes"].values()) for cell in cells) == len(keys)


def disturb(run: killed_runs.Started, kind: str) -> None:
    """Send what a terminal, a CI system or `kill` sends."""
    if kind.startswith("Ctrl-C"):
        killed_runs.send(run.pid, signal.SIGINT, group=True)
        if kind == "Ctrl-C twice":
            time.sleep(0.05)
            killed_runs.send(run.pid, signal.SIGINT, group=True)
    else:
        killed_runs.send(run.pid, getattr(signal, kind))


def restore(folder: Folder, snapshots: dict[str, str]) -> None:
    for path, text in snapshots.items():
        (folder.path / path).write_text(text, encoding="utf-8")


def snapshots_of(folder: Folder) -> dict[str, str]:
    """Path → text of every snapshot."""
    paths = sorted((folder.path / "snapshots").rglob("*.json"))
    return {str(path.relative_to(folder.path)): path.read_text(encoding="utf-8") for path in paths}


AT_THE_FIRST_SNAPSHOT = """
import os, signal

REPLACE, SENT = os.replace, []


def replace(source, target, **more):
    REPLACE(source, target, **more)
    if "snapshots" in str(target) and not SENT:
        SENT.append(target)
        os.kill(os.getpid(), signal.NUMBER)


os.replace = replace
"""


@pytest.mark.parametrize("kind", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("front_end", ["pytest", "command"])
def test_a_signal_between_two_snapshots_waits_for_the_others(folder: Folder, front_end: str, kind: str) -> None:
    """A signal after the first of three snapshots was replaced ends the run when all three are new."""
    for name in ("first", "second", "third"):
        folder.task(name)
    folder.replies()
    folder.plain("evals", "--hl-provider", "scripted:replies.json", "--snapshot-update")
    old = snapshots_of(folder)
    folder.write("conftest.py", AT_THE_FIRST_SNAPSHOT.replace("NUMBER", kind))
    folder.replies(wrong=[1])
    args = ["--provider", "scripted:replies.json", "--snapshot-update"]
    printed = folder.plain("evals", *args) if front_end == "pytest" else folder.command("run", "evals", *args)
    new = snapshots_of(folder)
    assert printed.ret != 0
    assert len(new) == 3
    assert [path for path in new if new[path] == old[path]] == []


AT_THE_END = """
import os, signal


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        os.kill(os.getpid(), signal.NUMBER)
"""


@pytest.mark.parametrize("kind", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("n", ["0", "2"])
def test_a_signal_after_the_last_item_waits_for_the_summary(folder: Folder, n: str, kind: str) -> None:
    """The summary is printed, the snapshots are new, and the status is that of the signal; no folder is left."""
    folder.task()
    folder.replies()
    folder.write("conftest.py", AT_THE_END.replace("NUMBER", kind))
    args = ["evals", "-n", n, "--hl-provider", "scripted:replies.json", "--snapshot-update"]
    run = killed_runs.start(folder, "pytest", args)
    assert run.wait() == -getattr(signal, kind)
    text = run.text()
    assert re.search(r"^run \S+: reports/runs/\S+$", text, re.MULTILINE), text
    assert re.search(r"= .*4 passed.* =", text), text
    assert snapshots_of(folder)
    assert not list(Path(tempfile.gettempdir()).glob(f"hl-*-{run.pid}"))
    killed_runs.leaves_no_process(run)


IN_A_NEW_FOLDER = """
import os, pathlib, signal

MKDIR, SENT = pathlib.Path.mkdir, []


def mkdir(path, *args, **more):
    MKDIR(path, *args, **more)
    if path.name.startswith("hl-") and not SENT:
        SENT.append(path)
        os.kill(os.getpid(), signal.NUMBER)


pathlib.Path.mkdir = mkdir
"""


@pytest.mark.parametrize("kind", ["SIGINT", "SIGTERM"])
def test_a_signal_while_the_socket_is_made_leaves_no_folder(folder: Folder, kind: str) -> None:
    """The folder of the socket is removed, also if it was made a moment ago."""
    folder.task()
    folder.replies()
    folder.write("conftest.py", IN_A_NEW_FOLDER.replace("NUMBER", kind))
    run = killed_runs.start(folder, "pytest", ["evals", "-n", "2", "--hl-provider", "scripted:replies.json"])
    assert run.wait() != 0
    assert "KeyboardInterrupt" in run.text()
    assert not list(Path(tempfile.gettempdir()).glob(f"hl-*-{run.pid}"))
    killed_runs.leaves_no_process(run)
