"""`hiddenlayer hosts check`: a table for people, JSON for programs, and an exit status for both."""

from __future__ import annotations

import json
import sys

import pytest

import pytest_hiddenlayer
from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.hosts import check
from pytest_hiddenlayer.hosts.report import HostReport, fault, note, ok

GOOD = HostReport(name="mac2", spec="ssh=mac2", workers=2, findings=(ok("clock", "within 0.01 s"),))
BAD = HostReport(
    name="mac\x1b[2J3",
    spec="ssh=mac3",
    findings=(fault("model", "it needs x\x1b]0;owned\x07"), note("clock", "its clock is 3.0 s ahead")),
)


@pytest.fixture
def found(monkeypatch, sums):
    """A function that decides what the check finds; the current folder is a project."""
    monkeypatch.chdir(sums.path)
    return lambda *reports: monkeypatch.setattr(check, "check_hosts", lambda *args, **kwargs: list(reports))


def test_hosts_that_fit_are_a_success(found, capsys):
    """The table has each host with its workers, and what is not known is `?`."""
    found(GOOD)
    assert main(["hosts", "check", "--tx", "2*ssh=mac2"]) == 0
    head, row, last = capsys.readouterr().out.splitlines()
    assert head.split() == ["host", "workers", "machine", "python", "clock", "round", "trip", "result"]
    assert row.split() == ["mac2", "2", "?", "?", "?", "?", "fits"]
    assert last == "1 of 1 hosts has all that a run needs"


def test_what_a_host_lacks_is_printed_below_the_table(found, capsys):
    """Faults and notes have lines of their own, nothing steers the terminal, and the exit status is 1."""
    found(GOOD, BAD)
    assert main(["hosts", "check", "--tx", "ssh=mac2", "--tx", "ssh=mac3"]) == 1
    printed = capsys.readouterr().out
    assert "mac\\x1b[2J3: lacks: model: it needs x\\x1b]0;owned\\x07\n" in printed
    assert "mac\\x1b[2J3: note: clock: its clock is 3.0 s ahead\n" in printed
    assert printed.endswith("1 of 2 hosts has all that a run needs\n")
    assert "\x1b" not in printed


def test_json_has_every_finding(found, capsys):
    """JSON has every finding, fact and time, and the exit status is the same."""
    found(BAD)
    assert main(["hosts", "check", "--tx", "ssh=mac3", "--json"]) == 1
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    (host,) = json.loads(printed)["hosts"]
    assert (host["spec"], host["fits"], host["times"]) == ("ssh=mac3", False, None)
    assert [finding["level"] for finding in host["findings"]] == ["fault", "note"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no host is named: write --tx SPEC"),
        (["--tx", "mac2"], "--tx 'mac2' does not say how the host is reached"),
        (["nowhere", "--tx", "popen"], "nowhere does not exist; give folders and files of the project"),
        (["--tx", "popen", "--provider", "nobody"], "unknown provider 'nobody'"),
        (["--tx", "popen", "--provider", "mlx:./nowhere"], "no such folder or file"),
    ],
)
def test_wrong_arguments_are_refused_before_a_host_is_asked(found, capsys, words, message):
    """The exit status is 4, and the message says what to write."""
    assert main(["hosts", "check", *words]) == 4
    assert message in capsys.readouterr().err


def test_a_provider_of_the_projects_conftest_is_known(found, folder, capsys, monkeypatch):
    """A model that conftest.py registers is asked from this machine, so that no host lacks it."""
    found(GOOD)
    folder.write(
        "conftest.py",
        "from pytest_hiddenlayer import provider\n\n"
        "@provider('hostsparrot')\nclass HostsParrot:\n    model = 'grey'\n",
    )
    monkeypatch.chdir(folder.path)
    assert main(["hosts", "check", "--tx", "popen", "--provider", "hostsparrot"]) == 0
    assert capsys.readouterr().err == ""


def test_without_execnet_it_says_what_to_install(found, capsys, monkeypatch):
    """Without execnet, one sentence names the extra to install."""
    monkeypatch.setitem(sys.modules, "execnet", None)
    assert main(["hosts", "check", "--tx", "popen"]) == 4
    assert "pip install 'pytest-hiddenlayer[xdist]'" in capsys.readouterr().err


def test_python_returns_the_same_reports(sums):
    """`hl.check_hosts` asks this machine's own Python, and raises for a wrong spec."""
    (report,) = pytest_hiddenlayer.check_hosts("popen", provider="scripted:replies.json", cwd=sums.path)
    assert isinstance(report, pytest_hiddenlayer.HostReport)
    assert report.fits
    with pytest.raises(pytest_hiddenlayer.UsageError, match="does not say how the host is reached"):
        pytest_hiddenlayer.check_hosts(["mac2"])
