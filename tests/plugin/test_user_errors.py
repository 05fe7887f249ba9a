"""Whatever a user's scorer or strategy raises costs that item only, and is shown with file, line and traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from support.folder import ENVIRONMENT, Folder
from support.terminal import on_terminal

RAISES = """
import asyncio, sys
import pytest
from pytest_hiddenlayer import scorer, strategy, provider, Answer
from pytest_hiddenlayer.types import Completion, Usage


async def helper():
    {raises}


@scorer("faulty")
def faulty(output, sample):
    if sample.id == "s1":
        {raises}
    return 1.0


@strategy("faulty")
async def faulty_strategy(context):
    completion = await context.ask(context.messages, role="answer")
    if context.sample.id == "s1":
        {raises}
    return Answer(output=completion.text)


@strategy("gathering")
async def gathering(context):
    completion = await context.ask(context.messages, role="answer")
    if context.sample.id == "s1":
        await asyncio.gather(helper(), asyncio.sleep(0))
    return Answer(output=completion.text)
"""
RAISED = {
    "raise SystemExit(3)": "SystemExit: 3",
    "sys.exit('no')": "SystemExit: no",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "raise GeneratorExit": "GeneratorExit",
    "raise asyncio.CancelledError": "CancelledError",
    "pytest.skip('not today')": "Skipped: not today",
    "pytest.fail('broken')": "Failed: broken",
    "pytest.exit('enough')": "Exit: enough",
    "raise StopIteration": "StopIteration",
    "raise BaseException('odd')": "BaseException: odd",
    "1 / 0": "ZeroDivisionError: division by zero",
}


@pytest.mark.parametrize("raises", RAISED)
@pytest.mark.parametrize(
    ("scorers", "strategies"),
    [(["faulty"], ["single"]), (["exact"], ["faulty"]), (["exact"], ["gathering"])],
    ids=["scorer", "strategy", "gathered"],
)
def test_an_exception_of_a_users_code_costs_its_item_only(folder, raises, scorers, strategies):
    """The other items are scored, and the record names type, message, file and line."""
    if raises == "raise GeneratorExit" and strategies == ["gathering"]:
        pytest.skip("asyncio closes the coroutines that await a task which raised GeneratorExit")
    folder.write("conftest.py", RAISES.replace("{raises}", raises))
    folder.task(scorers=scorers, strategies=strategies)
    folder.replies()
    result = folder.run("--hl-gate=off")
    result.assert_outcomes(passed=2, errors=1)
    records = {record["sample_id"]: record for record in folder.records()}
    assert {name: record["outcome"] for name, record in records.items()} == {
        "s0": "correct",
        "s1": "error",
        "s2": "correct",
    }
    error = records["s1"]["error"]
    assert RAISED[raises] in error
    if raises != "raise StopIteration":  # Python turns it into a RuntimeError of the coroutine around it
        assert "(conftest.py:" in error


@pytest.mark.parametrize("raises", ["raise SystemExit(3)", "pytest.skip('not today')"])
def test_with_workers_it_costs_its_item_only(folder, raises):
    """With -n 2 as without."""
    folder.write("conftest.py", RAISES.replace("{raises}", raises))
    folder.task(n=6, scorers=["faulty"])
    folder.replies()
    folder.run("--hl-gate=off", "-n", "2").assert_outcomes(passed=5, errors=1)
    assert len(folder.records()) == 6


FAULTY = RAISES.replace("{raises}", "1 / 0")


@pytest.fixture
def faulty(folder: Folder) -> Folder:
    """A folder whose scorer divides by zero for s1."""
    folder.write("conftest.py", FAULTY)
    folder.task(scorers=["faulty"])
    folder.replies()
    return folder


@pytest.mark.parametrize("style", ["long", "native"])
def test_the_traceback_is_shown_on_request(faulty, style):
    """With --tb=long the user's lines; by default the file and the line."""
    shown = faulty.run("--hl-gate=off", f"--tb={style}").stdout.str()
    assert 'conftest.py", line 15, in faulty' in shown
    assert "    1 / 0" in shown
    plain = faulty.run("--hl-gate=off").stdout.str()
    assert "scorer 'faulty' raised ZeroDivisionError: division by zero (conftest.py:15)" in plain
    assert "line 15, in faulty" not in plain


def test_show_prints_the_traceback(faulty):
    """Of the sample that was asked for."""
    faulty.run("--hl-gate=off")
    shown = faulty.command("show", "last", "--sample", "s1").stdout.str()
    assert "line 15, in faulty" in shown
    assert "pytest_hiddenlayer" not in shown


def test_the_file_of_pytest_html_holds_the_traceback(faulty):
    """Folded, below the error."""
    faulty.run("--hl-gate=off", "--html=r.html", "--self-contained-html")
    assert "line 15, in faulty" in (faulty.path / "r.html").read_text()


def test_pdb_stops_in_the_users_code(faulty):
    """A post-mortem begins in the frame that raised, where its variables can be read."""
    out = _in_terminal(faulty, b"print('ID', sample.id, 'IN', output)\nq\n", "--pdb")
    assert "-> 1 / 0" in out
    assert "ID s1 IN a1" in out


REPORTED = """
def pytest_runtest_logfinish(nodeid, location):
    with open("reported.txt", "a") as file:
        file.write("x")
"""
"""Part of a conftest: one character for each item that pytest has reported."""


def test_ctrl_c_still_interrupts(folder):
    """The user's own Ctrl-C ends the run, whatever the scorers do."""
    folder.write("conftest.py", RAISES.replace("{raises}", "raise KeyboardInterrupt") + REPORTED)
    folder.task(n=6, scorers=["faulty"])
    folder.replies(q4={"reply": "a4", "delay_s": 600})
    command = [sys.executable, "-m", "pytest", "evals", "--provider", "scripted:replies.json", "--hl-gate=off"]
    process = subprocess.Popen(
        command, cwd=folder.path, env={**os.environ, **ENVIRONMENT}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    reported = folder.path / "reported.txt"
    while not reported.exists() or len(reported.read_text()) < 4:  # the fifth answer never comes
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 2, out
    assert "KeyboardInterrupt" in out


def _lines(run):
    path = run / "records.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def _in_terminal(folder: Folder, typed: bytes, *args: str) -> str:
    """What pytest prints in a terminal in which these bytes are typed."""
    arguments = ["-m", "pytest", "evals", "--provider", "scripted:replies.json", "--hl-gate=off", *args]
    return on_terminal(arguments, folder.path, ENVIRONMENT, typed=typed)[1]
