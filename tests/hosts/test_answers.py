"""A host may answer anything: every value is checked for its type, and none of it steers a terminal."""

from __future__ import annotations

from collections import deque

import pytest

from pytest_hiddenlayer.hosts.check import check_host
from pytest_hiddenlayer.hosts.needs import ModelNeed
from pytest_hiddenlayer.hosts.specs import HostSpec

from .conftest import needs

GOOD = {"python": [3, 12, 4], "system": "Linux", "machine": "x86_64", "packages": {}, "cache": {}, "tmp": {}}


class Channel:
    """A channel of execnet whose other end answers what the test says."""

    class TimeoutError(IOError):
        """As execnet's."""

    class RemoteError(EOFError):
        """As execnet's."""

    def __init__(self, answers: list[object]) -> None:
        self.answers = deque(answers)

    def send(self, message: object) -> None:
        """Nobody listens."""

    def receive(self, timeout: float) -> object:
        """The next answer; an exception is raised."""
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def waitclose(self, timeout: float) -> None:
        """It is closed."""


class Gateway:
    """A gateway of execnet with such a channel."""

    spec = HostSpec(text="ssh=mac2").parsed()

    def __init__(self, *answers: object) -> None:
        self.answers = [1e9] * 5 + list(answers)

    def remote_exec(self, module: object) -> Channel:
        """The channel."""
        return Channel(self.answers)


def connection_fault(gateway: Gateway) -> str:
    """The only fault of the connection."""
    report = check_host(gateway, needs(), HostSpec(text="ssh=mac2"))
    (text,) = [finding.text for finding in report.findings if finding.check == "connection"]
    assert not report.fits
    return text


@pytest.mark.parametrize(
    "answer",
    [None, 7, [], ["ok"], ["yes", 1], ["ok", None], ["ok", {"python": "3.12"}], ["ok", {"python": [3, True, "x"]}]],
)
def test_an_answer_of_another_form_is_a_fault(answer):
    """An answer of any other form is a fault, and nothing is raised."""
    assert "its answer cannot be read" in connection_fault(Gateway(answer))


@pytest.mark.parametrize("there", [float("nan"), float("inf"), 1e300, 10**400, "now", None, True])
def test_a_clock_that_is_no_number_is_a_fault(there):
    """It is a fault, and never an offset of 0."""
    gateway = Gateway()
    gateway.answers = [there] * 5
    assert "its answer cannot be read (its clock)" in connection_fault(gateway)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Channel.TimeoutError("t"), "it stopped answering"),
        (EOFError("gone"), "its connection ended (gone)"),
        (OSError("closed"), "its connection ended (closed)"),
    ],
)
def test_a_host_that_goes_away_during_the_check_is_a_fault(error, text):
    """A host that stops answering, or whose connection ends, is one fault that says so."""
    assert text in connection_fault(Gateway(error))


def test_what_a_host_says_of_itself_cannot_steer_the_terminal():
    """Escape sequences arrive as text, long texts are cut, wrong types are unknown."""
    said = {**GOOD, "system": "\x1b[2J::error::x" * 90, "cores": "many", "memory_bytes": -5, "cache": [], "code": 5}
    report = check_host(Gateway(["ok", said]), needs(packages={}), HostSpec(text="ssh=mac2"))
    assert report.facts
    assert "\x1b" not in report.facts.system
    assert len(report.facts.system) < 250
    assert (report.facts.cores, report.facts.memory_bytes, report.facts.code) == (None, None, None)
    assert report.facts.cache.free_bytes is None


def test_what_goes_wrong_on_the_host_is_shown():
    """A folder of chdir= that does not exist is named, with the question to look at."""
    text = connection_fault(Gateway(["error", "FileNotFoundError: [Errno 2] '/nope\x1b[0m'"]))
    assert "/nope\\x1b[0m" in text
    assert "does the folder of chdir= exist?" in text


@pytest.mark.parametrize(
    "files", [{"w": [10**400, "x"]}, {"w": [[], {}]}, {"w": [-1]}, {"w": 5}, {5: None}, {"w": []}]
)
def test_a_models_files_of_another_form_are_another_model(files):
    """Whatever a host says of them: it is compared, and never raised."""
    known = ModelNeed(name="mlx:/m", place=("path", "/m"), expected={"w": [8, "x"]})
    unknown = ModelNeed(name="mlx:/m", place=("path", "/m"), expected=None)
    gateway = Gateway(["ok", {**GOOD, "memory_bytes": 5}], ["ok", files], ["ok", files])
    report = check_host(gateway, needs(packages={}, models=(known, unknown)), HostSpec(text="ssh=mac2"))
    first, second = (finding.text.partition(";")[0] for finding in report.findings if finding.check == "model")
    assert first == "its mlx:/m differs from this machine's (w)"
    assert second in ("mlx:/m is there", "it needs mlx:/m, which is not there")


def test_a_report_reads_as_text():
    """Printed in a notebook, it has the faults and notes."""
    report = check_host(Gateway(["ok", GOOD]), needs(packages={"execnet": "2.1"}), HostSpec(text="ssh=mac2"))
    assert str(report).startswith("mac2: lacks something\n  fault: packages: it needs execnet 2.1 (it has none)")
