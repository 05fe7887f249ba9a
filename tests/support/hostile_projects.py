"""A project whose model, server, task files, scorer, tests and names of files are hostile."""

from __future__ import annotations

import json

from .folder import Folder
from .terminal_payloads import HOSTILE, IN_YAML, LONE

TESTS = f"""
import logging, sys, warnings
import pytest
from pytest_hiddenlayer import scorer

HOSTILE = {HOSTILE!r}

@scorer("mine")
def mine(output, target):
    warnings.warn("WARNED " + HOSTILE)
    logging.getLogger("mine").warning("LOGGED " + HOSTILE)
    raise ValueError("RAISED " + HOSTILE + "\\ud800")
"""
MARKED = """
import logging, warnings
import pytest

pytestmark = pytest.mark.task("evals/plain.yaml")

def test_compared(evaluate):
    output = (evaluate().output or "").replace("\\ud800", "")
    print("PRINTED", output)
    logging.getLogger("mine").warning("LOGGED %s", output)
    warnings.warn("WARNED " + output)
    assert output == "one\\n" + output

def test_raised(evaluate):
    raise ValueError(evaluate().output)

def test_skipped(evaluate):
    pytest.skip(evaluate().output)

def test_expected(evaluate):
    pytest.xfail(evaluate().output)

def test_noted(evaluate, request):
    output = evaluate().output or ""
    request.node.add_report_section("call", "noted " + output, output)
    request.node.user_properties.append(("noted", output))
    assert 0, output
"""
WRONG = {
    "strategies": [IN_YAML],
    "scorers": [{IN_YAML: 1}],
    "judge": IN_YAML,
    "tags": [IN_YAML],
    "epochs": IN_YAML,
    "prompt": "{{ x" + IN_YAML,
    IN_YAML: 1,
    "samples": [{IN_YAML: 1}],
    "task": IN_YAML,
}
"""Forms of task files that are refused, and quoted in the message."""


def write_project(folder: Folder) -> Folder:
    """A project whose model, server, task files, scorer, tests and file names are hostile."""
    answers = {"q0": {"reply": LONE}, "q1": {"error": LONE}, "q2": {"reply": "a2"}, "q3": {"reply": f"no{LONE}"}}
    folder.replies(**answers)
    folder.write("conftest.py", TESTS)
    folder.write("test_marked.py", MARKED)
    folder.task("plain", n=4, description=IN_YAML)
    folder.task("scored", n=1, scorers=["mine"], samples=[{"id": "a", "input": "q2.", "target": IN_YAML}])
    for number, (name, value) in enumerate(WRONG.items()):
        folder.task(f"wrong{number}", **{"task": f"wrong{number}", json.dumps(name): value})
    folder.task("named\x1b[2J\u202e\n::error::x")
    folder.task("folder\x1b[2J\u202e/inside")
    return folder
