"""A gate is reported as if an item had run: its phases, what it prints, and what --lf remembers of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.folder import Folder

HOOKS = """
import json

LOG = "hooks.jsonl"


def note(*values):
    with open(LOG, "a") as file:
        file.write(json.dumps(values) + "\\n")


def pytest_runtest_logstart(nodeid, location):
    if "gate[" in nodeid:
        note("start", nodeid, location)


def pytest_runtest_logfinish(nodeid, location):
    if "gate[" in nodeid:
        note("finish", nodeid, location)


def pytest_runtest_logreport(report):
    if "gate[" in report.nodeid:
        times = report.duration, report.start, report.stop
        names = [name for name, _ in report.user_properties]
        note(report.when, report.outcome, report.longrepr, times, names, report.sections, report.location)
"""
GATE = "evals/sums.yaml::gate[single-scripted:replies.json]"
LOCATION = ["evals/sums.yaml", None, "gate[single-scripted:replies.json]"]


@pytest.fixture
def reported(folder: Folder) -> Folder:
    """A folder whose conftest notes what hooks receive of a gate."""
    folder.write("conftest.py", HOOKS)
    return folder


def noted(folder: Folder) -> list[Any]:
    """What the hooks received, in order."""
    return [json.loads(line) for line in (folder.path / "hooks.jsonl").read_text(encoding="utf-8").splitlines()]


def phases(folder: Folder, **task: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """(setup, call, teardown) of the only gate; what is equal for all gates is checked here."""
    folder.task(**task)
    folder.run()
    start, setup, call, teardown, finish = noted(folder)
    assert (start, finish) == (["start", GATE, LOCATION], ["finish", GATE, LOCATION])
    for when, report in (("setup", setup), ("call", call), ("teardown", teardown)):
        assert report[0] == when
        assert report[3] == [0.0, 0.0, 0.0]  # duration, start and stop: a gate has none
        assert report[6] == LOCATION
    assert setup[1:3] == teardown[1:3] == ["passed", None]
    assert setup[4:6] == [[], []]
    assert teardown[5] == []
    assert call[4] == teardown[4]  # pytest-html takes properties from the call, JUnit from the teardown
    assert call[4]
    return setup, call, teardown


def test_a_gate_that_passes(reported: Folder):
    """Its message is a section of the call, and nothing is a failure."""
    reported.replies()
    _, call, _ = phases(reported, threshold=0.5)
    assert call[1:3] == ["passed", None]
    ((title, message),) = call[5]
    assert title == "gate"
    assert message.startswith("gate of ")


def test_a_gate_that_fails(reported: Folder):
    """Its message is the failure."""
    reported.replies(wrong=[0, 1, 2])
    _, call, _ = phases(reported, threshold=0.5)
    assert call[1] == "failed"
    assert "below the threshold 0.5" in call[2]
    assert call[5] == []


def test_a_gate_that_is_skipped(reported: Folder):
    """The reason is one line, at the first line of the task file."""
    reported.replies()
    _, call, _ = phases(reported)
    assert call[1] == "skipped"
    path, line, reason = call[2]
    assert (path, line) == ("evals/sums.yaml", 0)
    assert reason.startswith("Skipped: ")
    assert "\n" not in reason
    assert call[5] == []


def remembered(folder: Folder) -> Any:
    """What pytest's cache holds of failed gates."""
    return json.loads((folder.path / ".pytest_cache/v/hiddenlayer/gates").read_text(encoding="utf-8"))


def two_tasks(folder: Folder) -> None:
    """Two tasks of three samples, of which none is right."""
    for name in ("sums", "words"):
        folder.task(name, threshold=0.5)
    folder.replies(wrong=[0, 1, 2])


def items(task: str) -> list[str]:
    """The ids of a task's items."""
    return [f"evals/{task}.yaml::s{i}[single-scripted:replies.json]" for i in range(3)]


def test_failed_gates_are_remembered_until_they_pass(folder: Folder):
    """pytest's cache has the items of each failed gate, until it passes; one that was not judged keeps its entry."""
    two_tasks(folder)
    folder.run()
    gates = {task: f"evals/{task}.yaml::gate[single-scripted:replies.json]" for task in ("sums", "words")}
    assert remembered(folder) == {gate: items(task) for task, gate in gates.items()}
    folder.replies()
    folder.run("-k", "sums")
    assert remembered(folder) == {gates["words"]: items("words")}
    folder.run("-p", "no:cacheprovider")
    assert remembered(folder) == {gates["words"]: items("words")}
    folder.run()
    assert remembered(folder) == {}


def test_last_failed_runs_the_cell_of_a_failed_gate(folder: Folder):
    """--lf runs the items of a failed gate with it, not those of a gate that passed; without failures, all."""
    two_tasks(folder)
    folder.task("sums", threshold=0.0)
    assert folder.run().parseoutcomes() == {"failed": 1, "passed": 1, "xfailed": 6}
    again = folder.run("--lf")
    assert again.parseoutcomes() == {"failed": 1, "xfailed": 3}
    again.stdout.fnmatch_lines(["FAILED evals/words.yaml::gate*"])
    folder.replies()
    assert folder.run("--lf").parseoutcomes() == {"passed": 4}
    assert folder.run("--lf").parseoutcomes() == {"passed": 8}


def test_last_failed_leaves_out_cells_whose_gate_passed(folder: Folder):
    """--lf after a failure of a plain test selects no item of a cell whose gate passed."""
    folder.task("sums", threshold=0.0)
    folder.replies(wrong=[0, 1, 2])
    folder.write("evals/test_own.py", "def test_own():\n    assert False\n")
    folder.run()
    assert folder.run("--lf").parseoutcomes() == {"failed": 1}
