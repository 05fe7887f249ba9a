"""The report of a run: every front end writes it at the end, and it never hides the results."""

from __future__ import annotations

import pytest

STOP = """import pytest

def pytest_runtest_logreport(report):
    if report.when == "call" and "s1" in report.nodeid:
        raise KeyboardInterrupt
"""
BROKEN = """import pytest_hiddenlayer.report.page.run_page as run_page

def fail(folder, path):
    raise RuntimeError("no page today")

run_page.write_run_page = fail
"""
SCRIPT = """from pytest_hiddenlayer import evaluate
assert evaluate("evals", provider="scripted:replies.json").ok
"""


def report(folder) -> str:
    (run,) = folder.runs()
    return (run / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("front_end", ["pytest", "pytest -n 2", "command", "python"])
def test_every_front_end_writes_the_report(sums, front_end):
    """After the last item, the run's folder holds a report with the score and the gate of its cells."""
    if front_end == "command":
        sums.command("run", "evals", "--provider", "scripted:replies.json")
    elif front_end == "python":
        sums.script(SCRIPT)
    else:
        sums.run(*front_end.split()[1:])
    page = report(sums)
    assert '<td class="number">3 of 3</td>' in page
    assert "no baseline" in page
    assert "ended early" not in page


def test_the_option_and_the_ini_key_turn_it_off(sums):
    """With --hl-no-report, or hl_no_report in the ini file, the folder has no report."""
    sums.run("--hl-no-report")
    assert not (sums.runs()[0] / "report.html").exists()
    sums.write("pytest.ini", "[pytest]\nhl_no_report = true\n")
    sums.command("run", "evals", "--provider", "scripted:replies.json")
    assert not any((run / "report.html").exists() for run in sums.runs())


@pytest.mark.parametrize("arguments", [(), ("-n", "1")])
def test_an_interrupted_run_has_a_report_of_what_was_answered(sums, arguments):
    """After Ctrl-C the report says that the run ended early, and shows the cells with their answers."""
    sums.write("conftest.py", STOP)
    sums.run(*arguments)
    page = report(sums)
    assert "This run ended early" in page
    assert "sums</th>" in page


def test_a_run_that_stops_at_a_failure_says_so(sums):
    """Under -x the report says that the run ended early, and that gates were not judged."""
    sums.replies(wrong=[0])
    sums.run("-x", "--hl-strict")
    assert "stopped at a failure" in report(sums)


def test_a_report_that_cannot_be_made_hides_no_result(sums):
    """If the report fails for any reason, one sentence says so, the table is printed, and the run passes."""
    sums.write("conftest.py", BROKEN)
    printed = sums.run()
    assert printed.ret == 0
    assert (
        sum("report.html could not be written: RuntimeError: no page today" in line for line in printed.outlines) == 1
    )
    assert any("3/3" in line for line in printed.outlines)


def test_a_resumed_run_has_a_report_of_all_its_answers(sums):
    """--resume writes the report of the new run, with the answers that were reused."""
    sums.run("--limit=1")
    (first,) = sums.runs()
    sums.run(f"--resume={first.name}")
    (second,) = set(sums.runs()) - {first}
    assert "3 of 3</td>" in (second / "report.html").read_text(encoding="utf-8")


def test_the_summary_names_the_tags_of_the_task(sums):
    """`tags` of a cell in summary.json are those of its task, with and without workers."""
    sums.task(tags=["quick", "arithmetic"])
    sums.run("-n", "1")
    assert sums.summary()[0]["tags"] == ["quick", "arithmetic"]
