"""Items that run no user code leave out what pytest does for a test's code; whoever listens sees no difference."""

from __future__ import annotations

import pytest

HOOKS = """
import pytest

SEEN = []

def pytest_runtest_logstart(nodeid):
    SEEN.append("logstart")

@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item):
    SEEN.append(f"setup {len(getattr(item, 'user_properties'))}")

def pytest_runtest_call(item):
    SEEN.append("call")

def pytest_runtest_teardown(item):
    SEEN.append("teardown")

def pytest_runtest_logreport(report):
    SEEN.append(f"{report.when} {report.outcome}")

def pytest_runtest_logfinish(nodeid):
    SEEN.append("logfinish")

def pytest_terminal_summary(terminalreporter):
    for seen in SEEN[:8]:
        terminalreporter.write_line(f"seen: {seen}")
"""

LOGGING = """
import logging
from pytest_hiddenlayer import Answer, strategy

@strategy("loud")
async def loud(context):
    logging.getLogger("loud").warning("asked %s", context.sample.id)
    return Answer(output="no")
"""

MARKS = """
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        if item.name.startswith("s1["):
            item.add_marker(pytest.mark.skip(reason="not today"))
        if item.name.startswith("s2["):
            item.add_marker(pytest.mark.xfail(run=False, reason="never runs"))
        if item.name.startswith("s3["):
            item.add_marker(pytest.mark.xfail(reason="known"))
            item.add_marker("slow")
"""

FLAKY = """
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        if item.name.startswith("s1["):
            MARKED.add_marker(pytest.mark.flaky(reruns=1))
"""

STATUS = """
def pytest_report_teststatus(report):
    if report.when == "setup" and report.passed:
        return "ready", "r", "READY"
"""

GARBAGE = """
import gc

BEFORE = gc.get_threshold()

def pytest_runtest_call(item):
    item.config.during = gc.get_threshold()

def pytest_terminal_summary(terminalreporter, config):
    terminalreporter.write_line(f"during: {config.during[0]}, restored: {gc.get_threshold() == BEFORE}")
"""


def test_hooks_of_a_conftest_run_in_pytests_order(folder):
    """A conftest.py sees start, three phases, their reports and the end of every item, in pytest's order."""
    folder.write("conftest.py", HOOKS)
    folder.task(n=1)
    folder.replies()
    result = folder.run()
    seen = [line.removeprefix("seen: ") for line in result.stdout.lines if line.startswith("seen: ")]
    phases = ["setup 11", "setup passed", "call", "call passed", "teardown", "teardown passed"]
    assert seen == ["logstart", *phases, "logfinish"]


def test_marks_that_a_conftest_adds_are_obeyed(folder):
    """`skip` and `xfail` that a conftest adds to an item hold, as for any test."""
    folder.write("conftest.py", MARKS)
    folder.write("pytest.ini", "[pytest]\nmarkers = slow\n")
    folder.task(n=4)
    folder.replies()
    result = folder.run()
    result.assert_outcomes(passed=1, skipped=1, xfailed=1, xpassed=1, failed=1)
    result.stdout.fnmatch_lines(["*not today*", "*never runs*", "XPASS*s3*known*"])
    assert [record["sample_id"] for record in folder.records()] == ["s0", "s3"]


def test_a_mark_that_is_added_selects(folder):
    """`-m` selects an item by a mark that a conftest added."""
    folder.write("conftest.py", MARKS.replace('reason="known"', "reason='', strict=False"))
    folder.write("pytest.ini", "[pytest]\nmarkers = slow\n")
    folder.task(n=4)
    folder.replies()
    folder.run("-m", "slow")
    assert [record["sample_id"] for record in folder.records()] == ["s3"]


def test_what_a_strategy_logs_is_in_its_report(folder):
    """A failed item shows what was logged while it was answered."""
    folder.write("conftest.py", LOGGING)
    folder.task(samples=[{"id": "s0", "input": "q0.", "target": "x", "must_pass": True}], strategies=["loud"])
    folder.replies()
    folder.run().stdout.fnmatch_lines(["*Captured log*", "WARNING*asked s0"])


@pytest.mark.parametrize("marked", ["item", pytest.param("item.parent", marks=pytest.mark.slow)])
def test_an_item_marked_as_flaky_is_rerun(folder, marked):
    """pytest-rerunfailures reruns an item that a conftest, or its file, marks as flaky."""
    pytest.importorskip("pytest_rerunfailures")
    folder.write("conftest.py", FLAKY.replace("MARKED", marked))
    folder.task(n=2, samples=[{"id": f"s{i}", "input": f"q{i}.", "target": "a0", "must_pass": True} for i in (0, 1)])
    folder.replies()
    result = folder.run()
    result.assert_outcomes(passed=1, failed=1 + 1, skipped=0)
    result.stdout.fnmatch_lines(["*1 rerun*"])


def test_a_conftest_gives_a_passed_setup_a_status(folder):
    """A status that a conftest.py gives to passed setups is shown and counted for every item."""
    folder.write("conftest.py", STATUS)
    folder.task(n=3)
    folder.replies()
    folder.run().stdout.fnmatch_lines(["evals/sums.yaml r.r.r.*", "*3 passed*4 ready*"])


def test_an_item_is_in_its_task_file(folder):
    """junit's `file`, and lines of `-vv`, name the task file of an item and no file of this package."""
    folder.task(n=2)
    folder.replies(wrong=[1])
    result = folder.run("-vv", "--junitxml", "out.xml", "-o", "junit_family=xunit1")
    assert (folder.path / "out.xml").read_text(encoding="utf-8").count('file="evals/sums.yaml" line="0"') == 2
    result.stdout.fnmatch_lines(["evals/sums.yaml::s0[[]*[]] PASSED *", "evals/sums.yaml::s1[[]*[]] XFAIL *"])


def test_the_garbage_collector_works_as_before_afterwards(folder):
    """While items run, Python collects garbage less often; afterwards as often as before."""
    folder.write("conftest.py", GARBAGE)
    folder.task(n=2)
    folder.replies()
    folder.run().stdout.fnmatch_lines(["during: 50000, restored: True"])
