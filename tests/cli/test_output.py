"""What the command prints can neither steer a terminal or a CI job nor fail for the output's encoding."""

from __future__ import annotations

import io
import json
import os
import pty
import shutil
import subprocess
import sys

import pytest

from pytest_hiddenlayer.cli.output import SafeOutput

HOSTILE = "x\x1b[2J\x1b]8;;http://evil\x07\u202e\n::error::no\n##[warning]y"
STEERING = ("\x1b", "\x07", "\u202e", "\n::error", "##[")
COMMANDS = {
    "run": ("run", "--provider", "scripted:replies.json"),
    "show": ("show", "last", "--all"),
    "show --sample": ("show", "last", "--sample", "s0"),
    "show --markdown": ("show", "last", "--markdown"),
    "runs": ("runs",),
    "compare": ("compare", "last", "last"),
    "compare --markdown": ("compare", "last", "last", "--markdown"),
    "diff": ("diff", "snapshots", "last"),
    "review --counts": ("review", "last", "--counts"),
    "tournament": ("tournament", "last"),
}


@pytest.fixture(scope="module")
def hostile(shared):
    """A folder with a run whose texts and names are hostile."""
    shared.task(n=2, strategies=["single", "self_consistency"])
    shared.replies()
    assert shared.run("--snapshot-update").ret == 0
    shared.replies(q0={"reply": HOSTILE}, q1={"error": HOSTILE})
    shutil.rmtree(shared.path / "reports")
    assert shared.command("run", "--provider", "scripted:replies.json").ret == 1
    (run,) = [
        path for path in shared.runs() if "hiddenlayer" in json.loads((path / "run.json").read_text())["command"][0]
    ]
    lines = [json.loads(line) for line in (run / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    hostile = [{**line, "slug": HOSTILE, "model": HOSTILE} for line in lines]
    (run / "records.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in hostile), encoding="utf-8")
    manifest = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps({**manifest, "tasks": [HOSTILE], "models": [HOSTILE]}), encoding="utf-8")
    return shared


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_prints_what_steers_a_terminal(hostile, name):
    """Control sequences, direction marks and workflow commands of models, servers and runs are escaped."""
    printed = hostile.command(*COMMANDS[name])
    text = "\n" + "\n".join([*printed.outlines, *printed.errlines])
    assert not [mark for mark in STEERING if mark in text]
    assert "Traceback" not in text


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_fails_for_the_encoding(hostile, name, encoding):
    """Where the output's encoding lacks a character, ASCII is written in its place."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "pytest_hiddenlayer.cli", *COMMANDS[name]]
    done = subprocess.run(command, cwd=hostile.path, env=environment, capture_output=True)
    assert done.returncode in (0, 1), done.stderr
    assert b"Traceback" not in done.stderr
    done.stdout.decode(encoding)


def test_json_is_exact_and_printable(hostile):
    """`runs --json` escapes as JSON does, so that what it holds can be read back."""
    printed = hostile.command("runs", "--json")
    text = "\n".join(printed.outlines)
    assert HOSTILE in [name for entry in json.loads(text) for name in entry["models"]]
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_an_arrow_is_readable_in_ascii():
    """Known symbols have an ASCII form; others are escaped."""
    raw = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print("a → b ± 1 中", file=SafeOutput(raw))
    raw.flush()
    assert raw.buffer.getvalue() == b"a -> b +/- 1 \\u4e2d\n"


def test_colours_are_kept_on_a_terminal_only():
    """On a terminal the colours of tables pass; every other sequence is escaped."""
    controller, terminal = pty.openpty()
    with open(terminal, "w", encoding="utf-8") as out:
        SafeOutput(out).write("\x1b[31mred\x1b[0m \x1b[8mhidden\x1b[2J")
    assert os.read(controller, 100) == b"\x1b[31mred\x1b[0m \\x1b[8mhidden\\x1b[2J"
    os.close(controller)
    piped = io.StringIO()
    SafeOutput(piped).write("\x1b[31mred")
    assert piped.getvalue() == "\\x1b[31mred"
