"""What pytest prints of models, servers and task files can neither steer a terminal nor a CI job."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from fake_server import fake_server

HOSTILE = "x\x1b[2J\x1b]8;;http://evil\x07\u202e\n::error::no\n##[warning]y"
STEERING = ("\x1b", "\x07", "\u202e", "\n::error", "##[")


def _steers(printed) -> list[str]:
    text = "\n" + "\n".join([*printed.outlines, *printed.errlines])
    return [mark for mark in STEERING if mark in text]


@pytest.fixture
def hostile(folder):
    """A folder whose model answers and fails with hostile text."""
    folder.task(n=3)
    folder.replies(q0={"reply": HOSTILE}, q1={"error": HOSTILE})
    return folder


@pytest.mark.parametrize("options", [[], ["--hl-strict"], ["-n", "2"], ["--tb=long"]], ids=lambda o: "".join(o))
def test_answers_and_errors_are_escaped(hostile, options):
    """Reasons of xfails, failures and errors are printed without control sequences and workflow commands."""
    printed = hostile.run("-rA", *options)
    assert printed.ret == 1
    assert not _steers(printed)


def test_errors_of_task_files_are_escaped(folder):
    """The error of a task file escapes what it quotes."""
    folder.task(scorers=[HOSTILE])
    printed = folder.run()
    assert printed.ret == 1
    assert not _steers(printed)


def test_wrong_options_are_escaped(sums):
    """A usage error escapes what it quotes."""
    printed = sums.run("--hl-strategy", HOSTILE)
    assert printed.ret == 4
    assert not _steers(printed)


def test_the_name_that_a_server_gives_its_model_is_escaped(folder):
    """The remark on a server that answered with another model cannot steer the terminal."""
    folder.task(prompt="{{ input }} MODEL=m\x1b[2J\u202e##[error] ANSWER=a{{ id[1:] }}", scorers=["keyword"])
    with fake_server() as server:
        printed = folder.run("--hl-base-url", f"{server.url}/v1", "--hl-cache=off", provider="openai:other")
    assert "m\\x1b[2J\\u202e" in "\n".join(printed.outlines)
    assert not _steers(printed)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_the_output_s_encoding_never_fails_a_run(hostile, encoding):
    """Where the encoding lacks a character, pytest goes on and prints the table."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "pytest", "evals", "--provider", "scripted:replies.json", "-rA"]
    done = subprocess.run(command, cwd=hostile.path, env=environment, capture_output=True)
    assert done.returncode == 1
    assert b"INTERNALERROR" not in done.stdout
    assert b"sums  single" in done.stdout
