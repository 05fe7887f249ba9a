"""Every way of answering or keeping a run gives the same records, numbers, gates, snapshots and exit status."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import pytest
from support.every_path import MODELS, Result, given, make_project, result_of, snapshots_of, write_replies
from support.folder import Folder

pytestmark = pytest.mark.slow

LARGE = """
import sys
from pytest_hiddenlayer import api
from pytest_hiddenlayer.cli import main

api.STREAMED_FROM = 0
sys.exit(main(sys.argv[1:]))
"""
NEEDS_RAY = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
NEEDS_PARQUET = pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow is not installed")
WAYS = [
    "workers",
    "hosts",
    "host and worker",
    "command",
    "large",
    pytest.param("ray", marks=NEEDS_RAY),
    "shards",
    pytest.param("large compacted shards", marks=NEEDS_PARQUET),
]


@pytest.fixture(scope="module")
def project(shared: Folder) -> Folder:
    """The project, whose snapshots are of a run with better answers."""
    make_project(shared)
    copytree(shared.path / "snapshots", shared.path / "kept")
    return shared


@pytest.fixture(scope="module")
def plain(project: Folder) -> Result:
    """The result of plain pytest in one process."""
    return answer(project, "plain")


def answer(folder: Folder, way: str, *options: str) -> Result:
    """The result of a run by one of `WAYS`, against the snapshots of the better run."""
    rmtree(folder.path / "snapshots")
    copytree(folder.path / "kept", folder.path / "snapshots")
    before = {run.name for run in folder.runs()}
    status = _run(folder, way, options)
    (run,) = (run for run in folder.runs() if run.name not in before)
    return result_of(run, status)


def _run(folder: Folder, way: str, options: tuple[str, ...]) -> int:
    match way:
        case "plain":
            arguments = ["pytest"]
        case "workers":
            arguments = ["pytest", "-n", "2"]
        case "hosts":
            arguments = ["pytest", "--tx", f"2*popen//chdir={folder.path}"]
        case "host and worker":
            arguments = ["pytest", "--tx", f"popen//chdir={folder.path}", "--tx", "popen", "--dist", "load"]
        case "command" | "large":
            arguments = [way]
        case "ray":
            arguments = ["command", "--engine", "ray", "--ray-workers", "2"]
        case _:
            return _merged(folder, large="large" in way, options=options)
    return _call(folder, arguments[0], [*arguments[1:], *options])


def _call(folder: Folder, how: str, options: list[str]) -> int:
    if how == "pytest":
        return int(folder.plain("evals", *given("--hl-"), *options).ret)
    words = ["run", "evals", *given("--"), *options]
    return int((folder.script(LARGE, *words) if how == "large" else folder.command(*words)).ret)


def _merged(folder: Folder, *, large: bool, options: tuple[str, ...]) -> int:
    rmtree(folder.path / "shards", ignore_errors=True)
    for index in (1, 2, 3):
        reports = [f"--shard={index}/3", "--reports" if large else "--hl-reports", f"shards/{index}"]
        _call(folder, "large" if large else "pytest", reports)
    runs = [str(run) for run in sorted(folder.path.glob("shards/*/runs/*"))]
    if large:
        assert folder.command("compact", *runs, "--remove-jsonl").ret == 0
    return int(folder.command("merge", *options, *runs).ret)


@pytest.mark.parametrize("way", WAYS)
def test_a_run_is_the_run_of_plain_pytest(project: Folder, plain: Result, way: str) -> None:
    """Records, summary, gates, changes and exit status of failing gates are equal, but for times."""
    assert len(plain.records) == 110
    assert plain.status == 1
    assert {cell["gate"] for cell in plain.summary} >= {"failed", "underpowered"}
    assert answer(project, way) == plain


@pytest.mark.parametrize("way", WAYS)
def test_a_run_writes_the_snapshots_of_plain_pytest(project: Folder, way: str) -> None:
    """With --snapshot-update, the snapshots are equal."""
    answer(project, "plain", "--snapshot-update")
    expected = snapshots_of(project.path)
    assert len(expected) == 6
    answer(project, way, "--snapshot-update")
    assert snapshots_of(project.path) == expected


def _slow_replies(folder: Folder) -> None:
    """Let every reply take a moment, so that a run can be killed between two."""
    for model in MODELS:
        path = folder.path / f"{model}.json"
        script = json.loads(path.read_text(encoding="utf-8"))
        script["rules"] = [{**rule, "delay_s": 0.02} for rule in script["rules"]]
        path.write_text(json.dumps(script), encoding="utf-8")


def _kill_after(folder: Folder, n_records: int, words: list[str]) -> Path:
    """Start a command, kill it and its workers when its log has this many records, and return the run's folder."""
    before = {run.name for run in folder.runs()}
    process = subprocess.Popen(
        [sys.executable, *words], cwd=folder.path, start_new_session=True, stdout=subprocess.DEVNULL
    )
    while process.poll() is None:
        logs = [run / "records.jsonl" for run in folder.runs() if run.name not in before]
        if any(log.is_file() and log.read_bytes().count(b"\n") >= n_records for log in logs):
            break
        time.sleep(0.005)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (run,) = (run for run in folder.runs() if run.name not in before)
    return run


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("n_records", [1, 40, 90])
@pytest.mark.parametrize("way", ["plain", "workers", "large"])
def test_a_killed_run_that_is_resumed_is_the_run_of_plain_pytest(
    project: Folder, plain: Result, way: str, n_records: int
) -> None:
    """After `kill -9` with a few, half or most of the answers, --resume gives the records and numbers of one run."""
    command = ["run", "evals", *given("--"), "--concurrency", "2"]
    evals = ["-m", "pytest", "evals", *given("--hl-"), "--hl-concurrency", "2"]
    words = {"plain": evals, "workers": [*evals, "-n", "2"], "large": ["-c", LARGE, *command]}[way]
    _slow_replies(project)
    try:
        killed = _kill_after(project, n_records, words)
    finally:
        write_replies(project)
    resumed = answer(project, way, "--resume" if way == "large" else "--hl-resume", killed.name)
    assert resumed == plain


@NEEDS_PARQUET
def test_a_compacted_run_is_read_as_before(project: Folder, plain: Result) -> None:
    """Commands print the same of two runs whose records are JSON or Parquet, and another run resumes them."""
    before = {run.name for run in project.runs()}
    write_replies(project, better=True)
    answer(project, "plain")
    write_replies(project)
    answer(project, "plain")
    names = [run.name for run in project.runs() if run.name not in before]
    printed = [_printed(project, names)]
    assert project.command("compact", *names, "--remove-jsonl").ret == 0
    assert not list((project.path / "reports" / "runs" / names[0]).glob("records.jsonl"))
    printed.append(_printed(project, names))
    assert printed[0] == printed[1]
    again = [answer(project, "plain", "--hl-resume", name) for name in names]
    assert any(result == plain for result in again)


def _printed(project: Folder, names: list[str]) -> list[tuple[Any, list[str]]]:
    one, two = names
    commands = [
        ["show", one],
        ["show", one, "--json"],
        ["show", two, "--markdown"],
        ["show", two, "--sample", "odd"],
        ["compare", one, two],
        ["compare", one, two, "--json"],
        ["compare", two, one, "--markdown", "--match", "id"],
        ["votes", one],
        ["export", two, "--to", "csv"],
    ]
    results = [project.command(*command) for command in commands]
    return [(result.ret, [re.sub(r"\d+\.\d+ s\b", "", line) for line in result.outlines]) for result in results]
