"""A disk that is full or read-only is reported before anything is asked, and never hides results."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("resource")

FULL = """
import resource
import sys
sys.dont_write_bytecode = True  # a compiled module would be cut off too
from pytest_hiddenlayer.session.session import Session

check, keep = Session.check_writable, Session._keep

def full(self):
    check(self)
    resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))  # from now on, no file grows beyond this

def keep_on_full_disk(self, records):  # workers check nothing
    resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
    keep(self, records)

Session.check_writable, Session._keep = full, keep_on_full_disk
"""


@pytest.fixture
def full(folder):
    """A folder on a disk that is full after 12 kB of each file, which is reached after the first records."""
    folder.task(n=12, threshold=0.9)
    folder.replies(wrong=[0, 1, 2, 3])
    folder.write("conftest.py", FULL.format(size=12_000))
    return folder


def test_a_full_disk_hides_no_result_of_pytest(full, workers):
    """Every item has its outcome, the table and the gate's reason are printed, and what is not on disk is counted."""
    printed = full.run("--hl-epochs=2", "--tb=short", *workers)
    text = "\n".join(printed.outlines)
    assert printed.ret == 1
    assert "INTERNALERROR" not in text
    assert "12/12" in text
    assert "threshold" in text
    assert "answers are counted above but not in the run log: File too large" in text


def test_a_full_disk_hides_no_result_of_the_command(full):
    """`hiddenlayer run` prints the table and the gate's reason, and exits with 1."""
    printed = full.command("run", "--provider", "scripted:replies.json", "--epochs", "2")
    assert printed.ret == 1
    assert any("12/12" in line for line in printed.outlines)
    assert any("threshold" in line for line in printed.outlines)
    assert any("not in the run log: File too large" in line for line in printed.errlines)


def test_the_run_log_of_a_full_disk_can_be_read(full):
    """No line is left incomplete: what fitted can be shown and resumed."""
    printed = full.run("--hl-epochs=2")
    (run,) = full.runs()
    lines = (run / "records.jsonl").read_text(encoding="utf-8").splitlines()
    assert 0 < len(lines) < 24
    assert {json.loads(line)["task"] for line in lines} == {"sums"}
    assert any(line.startswith(f"{24 - len(lines)} answers are counted above but not") for line in printed.outlines)
    assert full.command("show", "last").ret == 0


def test_a_report_that_nobody_asked_for_fails_no_run(folder):
    """If only the HTML report does not fit, the run passes and one sentence says what is missing."""
    folder.task()
    folder.replies()
    folder.write("conftest.py", FULL.format(size=20_000))
    printed = folder.run()
    assert printed.ret == 0
    assert sum("report.html could not be written: File too large" in line for line in printed.outlines) == 1
    assert not (folder.runs()[0] / "report.html").exists()


def test_a_junit_report_that_cannot_be_written_hides_no_result(sums):
    """Where --junitxml names something that is no file, the table is printed, and the run fails."""
    (sums.path / "there").mkdir()
    printed = sums.run("--junitxml=there")
    assert printed.ret != 0
    assert "INTERNALERROR" not in "\n".join(printed.outlines)


def test_a_snapshot_that_cannot_be_written_is_said_before_anything_is_asked(sums):
    """--snapshot-update with a file in the place of the folder is a usage error, and no run is left."""
    sums.write("snapshots", "no folder")
    printed = sums.run("--snapshot-update")
    assert printed.ret == 4
    assert any("snapshots cannot be written" in line for line in printed.errlines)
    assert sums.runs() == []


@pytest.mark.parametrize(
    "arguments", [("init", "replies.json"), ("init", "replies.json/x"), ("show", "replies.json")]
)
def test_no_command_ends_in_a_traceback(sums, arguments):
    """A path that cannot be written or read is one sentence, and exit status 4."""
    printed = sums.command(*arguments)
    assert printed.ret == 4
    assert len(printed.errlines) == 1
    assert printed.errlines[0].startswith("hiddenlayer: ")


def test_hl_reports_names_the_folder_of_runs(sums):
    """--hl-reports DIR and the ini key move runs and reports; commands find them there, from any sub folder."""
    sums.write("pytest.ini", "[pytest]\nhl_reports = build/kept\n")
    assert sums.run().ret == 0
    (run,) = (sums.path / "build" / "kept" / "runs").glob("*")
    assert (run / "report.html").is_file()
    assert not (sums.path / "reports").exists()
    assert run.name in sums.command("show", "last", cwd="evals").outlines[0]
    assert sums.run("--hl-reports=elsewhere").ret == 0
    assert len(list((sums.path / "elsewhere" / "runs").glob("*"))) == 1


@pytest.mark.parametrize("plugin", ["metadata", "html", "terminal", "cacheprovider"])
def test_a_plugin_that_is_switched_off_fails_no_run(sums, plugin):
    """Without pytest-metadata, pytest-html, the terminal reporter or the cache the run is the same."""
    printed = sums.pytest("evals", "--provider", "scripted:replies.json", "-p", f"no:{plugin}")
    assert printed.ret == 0
    assert "INTERNALERROR" not in "\n".join(printed.outlines)
    assert len(sums.records()) == 3
    assert (sums.runs()[0] / "report.html").exists()
