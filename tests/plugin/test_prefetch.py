"""Only answers that are needed are asked for."""

from __future__ import annotations

import pytest

MARKS = """
import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        if "s1[" in item.name or "s2[" in item.name:
            item.add_marker(pytest.mark.{mark})
"""


@pytest.mark.parametrize(
    ("mark", "outcomes"),
    [
        ("skip", {"passed": 2, "skipped": 2}),
        ("skip(reason='broken')", {"passed": 2, "skipped": 2}),
        ("skipif(True, reason='slow')", {"passed": 2, "skipped": 2}),
        ("skipif('1 < 2', reason='slow')", {"passed": 2, "skipped": 2}),
        ("skipif('nonsense', reason='slow')", {"passed": 2, "errors": 2}),
        ("xfail(run=False)", {"passed": 2, "xfailed": 2}),
    ],
)
@pytest.mark.parametrize("workers", [(), ("-n", "2"), ("--maxfail=9",)], ids=["alone", "workers", "maxfail"])
def test_an_item_that_a_mark_skips_is_not_asked(folder, mark, outcomes, workers):
    """It has no record and costs nothing."""
    folder.write("conftest.py", MARKS.replace("{mark}", mark))
    folder.task(n=4)
    folder.replies()
    folder.run("--hl-gate=off", *workers).assert_outcomes(**outcomes)
    assert sorted(record["sample_id"] for record in folder.records()) == ["s0", "s3"]


@pytest.mark.parametrize("mark", ["skipif(False, reason='no')", "skipif('1 > 2', reason='no')", "xfail"])
def test_an_item_that_a_mark_does_not_skip_is_asked(folder, mark):
    """A condition that does not hold changes nothing."""
    folder.write("conftest.py", MARKS.replace("{mark}", mark))
    folder.task(n=4)
    folder.replies()
    folder.run("--hl-gate=off")
    assert len(folder.records()) == 4


def test_runxfail_runs_what_xfail_does_not(folder):
    """As pytest does."""
    folder.write("conftest.py", MARKS.replace("{mark}", "xfail(run=False)"))
    folder.task(n=4)
    folder.replies()
    folder.run("--hl-gate=off", "--runxfail").assert_outcomes(passed=4)
