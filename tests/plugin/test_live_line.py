"""On a terminal a line shows how far the run is; it leaves no trace, and nothing of it is in a pipe."""

from __future__ import annotations

import pytest
from support.terminal import on_terminal, screen

pytest.importorskip("pty")

SLOW = """
import asyncio
from pytest_hiddenlayer import Answer, strategy

@strategy("slow")
async def slow(context):
    completion = await context.ask(context.messages, role="answer")
    if context.sample.id == "s5":
        await asyncio.sleep(1.5)  # longer than the time between two drawings, whatever else happens
    return Answer(output=completion.text)
"""
PROVIDER = ("--provider", "scripted:replies.json")


@pytest.fixture
def slow(folder):
    """A folder whose sixth answer of twelve comes late."""
    folder.task(n=12, strategies=["slow"])
    folder.replies(wrong=[1])
    folder.write("conftest.py", SLOW)
    return folder


@pytest.mark.parametrize("options", [[], ["-v"], ["-n", "2"]], ids=["plain", "verbose", "n2"])
def test_pytest_shows_how_far_the_run_is(slow, options):
    """Answers, right ones and the time left are shown while pytest waits; at the end nothing of it is left."""
    status, written = on_terminal(["-m", "pytest", "evals", *PROVIDER, *options], slow.path)
    assert status == 0
    assert "/12 answered, " in written
    assert " right, " in written
    lines = screen(written)
    assert not [line for line in lines if "answered" in line or "waiting" in line]
    assert any(line.startswith("sums  slow") for line in lines)


def test_the_first_sign_comes_before_the_first_answer(slow):
    """The line is there before anything is answered."""
    _, written = on_terminal(["-m", "pytest", "evals", *PROVIDER], slow.path)
    assert written.index("0/12 answered, waiting for the first answer") < written.index("evals/sums.yaml ")


def test_the_command_shows_how_far_the_run_is(slow):
    """`hiddenlayer run` shows the same line, and removes it before the table."""
    status, written = on_terminal(["-m", "pytest_hiddenlayer.cli", "run", *PROVIDER], slow.path)
    assert status == 0
    assert "answered, " in written
    assert not [line for line in screen(written) if "answered" in line]
    assert screen(written)[0].startswith("task")


@pytest.mark.parametrize("front_end", ["pytest", "command"])
def test_nothing_of_it_is_in_a_pipe(slow, front_end):
    """Into a pipe or a file neither prints a progress line, a carriage return or a control sequence."""
    arguments = ("evals", *PROVIDER)
    printed = slow.pytest(*arguments) if front_end == "pytest" else slow.command("run", *arguments)
    text = "\n".join([*printed.outlines, *printed.errlines])
    assert printed.ret == 0
    assert "answered" not in text
    assert "\x1b" not in text
    assert "\r" not in text


def test_tests_without_evals_show_no_line(folder):
    """A session without evals looks as it does without the plugin."""
    folder.write("test_plain.py", "def test_plain():\n    pass\n")
    _, written = on_terminal(["-m", "pytest"], folder.path)
    assert "answered" not in written
    assert "\x1b[A" not in written
