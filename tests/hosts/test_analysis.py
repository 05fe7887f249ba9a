"""Versions, machine, disks and clock of a host against what a run needs."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.hosts.analysis import analyse
from pytest_hiddenlayer.hosts.contents import file_findings
from pytest_hiddenlayer.hosts.needs import FilesNeed
from pytest_hiddenlayer.hosts.report import Disk, HostReport, faults

from .conftest import VERSIONS, facts, needs, times


def found(spec, level, needed=None, said=None, measured=None):
    """Check → text of the findings of one level."""
    findings = analyse(spec, needed or needs(), said or facts(), measured or times())
    return {finding.check: finding.text for finding in findings if finding.level == level}


def test_a_host_like_this_machine_fits(spec):
    """With the same versions, enough space and a right clock there is neither a fault nor a note."""
    assert found(spec, "fault") == {}
    assert found(spec, "note") == {}


def test_another_version_of_this_package_is_a_fault_with_the_command_that_installs_it(spec):
    """The message has both versions, and the command as it is typed here."""
    said = facts(packages={**VERSIONS, "pytest-hiddenlayer": "1.3.9"})
    assert found(spec, "fault", said=said) == {
        "packages": "it needs pytest-hiddenlayer 1.4.0 (it has 1.3.9); run "
        "`ssh mac2 \"/opt/evals/bin/python -m pip install 'pytest-hiddenlayer[xdist]==1.4.0'\"`"
    }


def test_a_missing_package_is_a_fault_and_another_minor_version_a_note(spec):
    """execnet must be there; pytest 9.1 instead of 9.2 is said."""
    text = found(spec, "fault", said=facts(packages={**VERSIONS, "execnet": None}))["packages"]
    assert "execnet 2.1.2 (it has none)" in text
    assert found(spec, "note", said=facts(packages={**VERSIONS, "pytest": "9.1.3"})) == {
        "packages": "other versions: pytest 9.1.3 (here 9.2.0)"
    }
    assert (
        "pytest 9.2.0 (it has 8.4.2)"
        in found(spec, "fault", said=facts(packages={**VERSIONS, "pytest": "8.4.2"}))["packages"]
    )


def test_the_same_version_with_other_code_is_said(spec):
    """Another commit of the same version is a note that says what to do."""
    assert "other code; install the same commit" in found(spec, "note", said=facts(code="bb"))["packages"]
    assert found(spec, "note", said=facts(code=None)) == {}


@pytest.mark.parametrize(
    ("python", "level", "text"),
    [
        ((3, 10, 14), "fault", "it needs Python 3.11 or later, but has 3.10.14; name another one with //python=PATH"),
        ((3, 13, 0), "note", "it has Python 3.13.0, and this machine 3.12.4; task code must run on both"),
    ],
)
def test_an_old_python_is_a_fault_and_another_one_a_note(spec, python, level, text):
    """A Python that is too old for this package is refused; another minor version is a note."""
    assert found(spec, level, said=facts(python=python)) == {"python": text}


@pytest.mark.parametrize(
    ("offset_s", "level", "text"),
    [
        (3600.0, "fault", "but is 1 h 0 min ahead"),
        (-3600.0, "fault", "but is 1 h 0 min behind"),
        (-400.0, "fault", "but is 7 min behind"),
        (3.0, "note", "its clock is 3.0 s ahead, and so are the times in its records"),
        (1.9, "ok", "within 1.90 s"),
    ],
)
def test_a_clock_that_is_off_is_said_and_one_that_is_an_hour_off_is_a_fault(spec, offset_s, level, text):
    """More than two seconds are said, more than five minutes refused, with the direction and what would be wrong."""
    assert text in found(spec, level, measured=times(offset_s))["clock"]


def test_an_offset_below_half_a_round_trip_is_no_offset(spec):
    """Over a connection with a round trip of 10 s, an offset of 4 s cannot be told from none."""
    assert found(spec, "note", measured=times(4.0, round_trip_s=10.0)) == {}


def test_a_full_disk_is_a_fault(spec):
    """The message has the folder, what is needed and what is free; the files of the project count."""
    full = Disk(folder="/home/me/.cache/hiddenlayer", free_bytes=5_000_000, writable=True)
    text = found(spec, "fault", needs(files=FilesNeed(hashes={}, total_bytes=10**9)), facts(cache=full))["disk"]
    assert text == "it needs 1.1 GB for caches, but /home/me/.cache/hiddenlayer has 5 MB free; delete something there"


def test_a_folder_that_cannot_be_written_is_a_fault_and_an_unknown_one_is_said(spec):
    """Unknown free space is not a full disk."""
    closed = Disk(folder="/tmp", free_bytes=10**12, writable=False)
    assert "/tmp cannot be written" in found(spec, "fault", said=facts(tmp=closed))["disk"]
    unknown = Disk(folder="/tmp", free_bytes=None, writable=None)
    assert found(spec, "fault", said=facts(tmp=unknown)) == {}
    assert found(spec, "note", said=facts(tmp=unknown)) == {"disk": "/tmp: free space is unknown"}


def test_mlx_needs_a_machine_that_it_runs_on(spec):
    """An Intel Mac is refused; Linux beside Macs may give other texts, which is said."""
    needed = needs(packages={**VERSIONS, "mlx": "0.32"})
    packages = {**VERSIONS, "mlx": "0.32"}
    assert (
        "mlx needs Apple silicon or Linux"
        in found(spec, "fault", needed, facts(machine="x86_64", packages=packages))["machine"]
    )
    linux = facts(system="Linux", machine="x86_64", packages=packages)
    assert found(spec, "fault", needed, linux) == {}
    assert "equal seeds may give other texts" in found(spec, "note", needed, linux)["machine"]


def test_faults_are_sentences_that_name_the_host(spec):
    """Each fault is one sentence that begins with the host."""
    findings = analyse(spec, needs(), facts(python=(3, 8, 0)), times(3600.0))
    report = HostReport(name="mac2", spec=spec.text, findings=tuple(findings))
    assert not report.fits
    assert [text.partition(",")[0] for text in faults(report)] == [
        "host mac2: it needs Python 3.11 or later",
        "host mac2: its clock must agree with this machine's",
    ]


def test_a_copy_of_the_project_is_compared_by_content():
    """Changed, missing and further files are named; files that both have and nobody asks for are not."""
    need = FilesNeed(hashes={"a.yaml": "1", "b.yaml": "2", "c.yaml": "3"}, further=frozenset({"ignored.yaml"}))
    (fault,) = file_findings(need, {"a.yaml": "1", "b.yaml": "9", "c.yaml": None}, ["ignored.yaml"])
    assert "1 files are equal, 1 changed (b.yaml) and 1 missing (c.yaml)" in fault.text
    fine, further = file_findings(need, dict(need.hashes), ["ignored.yaml", "old.yaml"])
    assert (fine.level, fine.text) == ("ok", "3 files are equal")
    assert further.text == "only there: old.yaml; pytest may collect them there and nowhere else"
