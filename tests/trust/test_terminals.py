"""Whatever names, answers, errors, logs and warnings hold, no terminal and no CI job obeys it."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.folder import Folder
from support.hostile_projects import write_project
from support.hostile_runs import hostile_run
from support.terminal import on_terminal
from support.terminal_payloads import HOSTILE, LONE, steering

from pytest_hiddenlayer.cli import command_parser, main
from pytest_hiddenlayer.terminal_escape import coloured, json_text, visible


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The hostile project."""
    return write_project(Folder(tmp_path_factory.mktemp("project")))


def few(names: Iterable[Any], *fast: Any) -> list[Any]:
    """The names as parameters; all but the fast ones are slow."""
    return [name if name in fast else pytest.param(name, marks=pytest.mark.slow) for name in names]


RUNS = {
    "all": ["-rA", "-v", "--durations=5", "--durations-min=0", "-l", "--tb=long", "--junitxml=report.xml"],
    "collect": ["--collect-only"],
    "logs": ["-q", "-o", "log_cli=true", "--log-cli-level=DEBUG"],
}


@pytest.mark.parametrize("name", few(RUNS, "all"))
def test_no_run_of_pytest_prints_what_is_obeyed(project: Folder, name: str):
    """Results, tracebacks, differences, captured output, logs, warnings, ids and errors of files are escaped."""
    printed = project.run("evals", "test_marked.py", *RUNS[name])
    text = "\n".join([*printed.outlines, *printed.errlines])
    assert printed.ret == 1
    assert not steering(text)
    assert "INTERNALERROR" not in text
    if name == "all":
        escaped = ("RAISED x\\x1b", "WARNED x\\x1b", "LOGGED x\\x1b", "PRINTED x\\x1b", "has characters that steer")
        assert [part for part in escaped if part not in text] == []
        ElementTree.parse(project.path / "report.xml")


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [[], ["-n", "2", "-v", "-rA", "--tb=long"], ["--tb=native", "-rA"], ["--tb=short", "-q"], ["--hl-strict"]],
)
def test_no_option_of_pytest_prints_what_is_obeyed(project: Folder, options: Sequence[str]):
    """The same holds with workers and with every form of tracebacks."""
    printed = project.run("evals", "test_marked.py", *options)
    assert not steering("\n".join([*printed.outlines, *printed.errlines]))


@pytest.mark.slow
def test_a_terminal_gets_colours_and_nothing_else(tmp_path: Path):
    """With a live line and colours, what models and files say is escaped too, and differences are coloured."""
    folder = write_project(Folder(tmp_path))
    arguments = ["-m", "pytest", "evals", "test_marked.py", "--provider", "scripted:replies.json", "-vv", "-rA"]
    _, written = on_terminal([*arguments, "-p", "no:terminalprogress"], folder.path)
    own = re.sub("\x1b\\[[0-9]*[ACK]|\r", "\n", written)  # moves of the live line and of pytest
    assert steering(own, colours=True) == []
    assert "\x1b[8m" not in written  # hides what follows
    assert "\x1b[31m" in written


def test_a_task_file_is_refused_for_its_name(folder: Folder):
    """A name that steers a terminal is escaped in the message, which says what to do; other files are answered."""
    folder.replies()
    folder.task()
    folder.task("b\x1b[2J")
    printed = folder.run("-q")
    printed.stdout.fnmatch_lines(["*evals/b?x1b?2J.yaml: the name of a task file*rename it"])
    printed.stdout.fnmatch_lines(["*3 passed, 1 skipped, 1 error*"])


def commands(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list]]:
    """Every subcommand with its arguments: a new one is tried by itself."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from commands(sub, (*path, name))
            return
    yield path, [action for action in parser._actions if action.dest != "help"]


COMMANDS = dict(commands(command_parser()))
WRITING = {"init", "ask", "run"}  # take any text: they would make a folder of that name, or ask the model


@pytest.mark.parametrize("path", few(COMMANDS, ("show",), ("hosts", "check")), ids="-".join)
def test_no_command_prints_its_arguments_raw(path, tmp_path, monkeypatch, capsys):
    """Whatever is written for an argument or an option, the message about it is escaped."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    needed = [a for a in COMMANDS[path] if not a.option_strings and a.nargs not in ("?", "*")]
    tries = [[HOSTILE] * max(1, len(needed))] if path[0] not in WRITING else []
    valued = [a.option_strings[-1] for a in COMMANDS[path] if a.option_strings and a.nargs != 0]
    tries += [["x"] * len(needed) + [f"{option}={HOSTILE}"] for option in valued if path[0] != "ask"]
    for arguments in [*tries, [f"--{HOSTILE}"]]:
        with contextlib.suppress(SystemExit):
            main([*path, *arguments])
        printed = capsys.readouterr()
        assert not steering(printed.out + "\n" + printed.err), arguments
        assert "Traceback" not in printed.err, arguments


READING = {
    "runs": [[], ["--json"]],
    "show": [["last"], ["last", "--all"], ["last", "--calibration"], ["last", "--markdown"], ["last", "--json"]],
    "compare": [["OLD", "NEW"], ["OLD", "NEW", "--markdown"], ["OLD", "NEW", "--json"]],
    "diff": [["OLD", "NEW"], ["OLD", "NEW", "--json"]],
    "votes": [["last"], ["last", "--json"]],
    "bench": [["show", "last"], ["show", "last", "--json"]],
    "rounds": [["last"], ["last", "--markdown"], ["last", "--json"]],
    "cascade": [["last"]],
    "probe": [["last"]],
    "compact": [["NEW", "--restore"]],
    "review": [["last", "--counts"], ["last"]],
    "tournament": [["last"], ["last", "--json"]],
    "export": [["last", "--to", name] for name in ("markdown", "junit", "csv", "jsonl", "latex")],
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two runs whose every text is hostile."""
    root = tmp_path_factory.mktemp("runs")
    (root / "pytest.ini").write_text("[pytest]\n")
    for name in ("20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"):
        folder, _ = hostile_run(root / f"made-{name}", payloads=[f"{LONE}{number}" for number in range(300)])
        target = root / "reports" / "runs" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(target)
    log = root / "reports" / "runs" / "20260102T000000Z-bbbbbbbb" / "records.jsonl"
    log.write_text(log.read_text().replace('"correct"', '"incorrect"').replace('"value": 1.0', '"value": 0.0'))
    return root


@pytest.mark.parametrize("name", few(READING, "show"))
def test_no_command_prints_a_run_raw(name, runs, monkeypatch):
    """Every command that reads runs escapes what they hold; in the log of a CI job an export does too."""
    environment = {**os.environ, "CI": "true", "COLUMNS": "100", "PYTHONIOENCODING": "utf-8:surrogateescape"}
    program = "import json, sys; from pytest_hiddenlayer.cli import main\nfor a in json.loads(sys.argv[1]):\n" \
              " try: print('exit', main(a))\n except SystemExit as e: print('exit', e.code)"  # fmt: skip
    ids = {"OLD": "20260101T000000Z-aaaaaaaa", "NEW": "20260102T000000Z-bbbbbbbb"}
    calls = [[name, *(ids.get(part, part) for part in arguments)] for arguments in READING[name]]
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(calls)], cwd=runs, env=environment, capture_output=True, input=b""
    )
    out, err = (part.decode("utf-8", "surrogateescape") for part in (done.stdout, done.stderr))
    assert not steering(out)
    assert not steering(err)
    assert "Traceback" not in err
    assert out.count("exit ") >= len(calls)


def test_every_reading_command_is_tried():
    """A new subcommand is added to the table, or to those that print nothing of a run."""
    others = WRITING | {
        "open",
        "merge",
        "label",
        "judge-audit",
        "prompts",
        "presets",
        "finetune",
        "convert",
        "schema",
    }
    others |= {"models", "prices", "doctor", "hosts", "cache", "completion"}
    assert {path[0] for path in COMMANDS} == set(READING) | others


def test_a_bug_prints_no_text_raw(monkeypatch, capsys, tmp_path):
    """The traceback of an error that nobody expected is escaped."""
    monkeypatch.chdir(tmp_path)

    def fail(arguments: object) -> int:
        raise RuntimeError(HOSTILE)

    monkeypatch.setattr("pytest_hiddenlayer.cli.cache.run", fail)
    assert main(["cache"]) == 1
    printed = capsys.readouterr().err
    assert "RuntimeError: x\\x1b[2J" in printed
    assert not steering(printed)


def test_an_exported_file_is_exact_outside_ci_logs(runs, tmp_path):
    """In a CI job too, `>` writes into a file what the run holds; only its log is escaped."""
    path = tmp_path / "run.jsonl"
    environment = {**os.environ, "CI": "true"}
    command = [sys.executable, "-m", "pytest_hiddenlayer.cli", "export", "last", "--to", "jsonl"]
    with path.open("wb") as out:
        subprocess.run(command, cwd=runs, env=environment, stdout=out, check=True)
    lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert any(HOSTILE in str(json.loads(line)["output"]) for line in lines)


@given(st.text() | st.lists(st.sampled_from([*HOSTILE, ":", "#", "[", "vso", "\n", " "])).map("".join))
def test_any_text_becomes_one_that_is_not_obeyed(text):
    """Escaped text steers nothing, stays as it is when escaped again, and as JSON keeps its value."""
    assert not steering(visible(text))
    assert visible(visible(text)) == visible(text)
    assert not steering(coloured(text), colours=True)
    assert not steering(json_text({"text": text}))
    assert json.loads(json_text({"text": text})) == {"text": text}


def test_texts_of_people_stay_as_they_are():
    """Scripts of the world, emoji with their style, and ids of pytest are not escaped."""
    for text in (
        "é 中 עברית العربية 한국어 ไทย",
        "❤\ufe0f 🙂 ☎\ufe0e",
        "evals/a.yaml::s0[single-mlx]",
        "a ::b",
        "## C",
    ):
        assert visible(text) == text
