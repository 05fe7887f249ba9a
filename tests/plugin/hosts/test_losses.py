"""A host that dies or falls silent loses only what was in flight."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from support.sshd import ssh_hosts

pytestmark = pytest.mark.slow

ENDING = """
import os
import signal
import time

import pytest_hiddenlayer.plugin.xdist.hosts.heartbeat as heartbeat

heartbeat.PING_S = 0.5
DOOMED = {doomed!r}


def note(*pids):
    with open({pids!r}, "a") as file:
        print(*pids, file=file)


def pytest_runtest_protocol(item, nextitem):
    item.last = nextitem is None


def pytest_runtest_call(item):
    doomed = any(f"/{{name}}/home" in os.environ["HOME"] for name in DOOMED)
    if doomed and {when}:
        {do}
"""
PIDS = "stopped.txt"
KILL_HOST = "os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)"
KILL_WORKER = "os.kill(os.getpid(), signal.SIGKILL)"
FREEZE_HOST = "note(os.getppid(), os.getpid()); [os.kill(p, signal.SIGSTOP) for p in (os.getppid(), os.getpid())]"
FREEZE_WORKER = "note(os.getpid()); os.kill(os.getpid(), signal.SIGSTOP)"


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """Two hosts."""
    with ssh_hosts(tmp_path_factory.mktemp("hosts"), "alpha", "beta") as started:
        yield started


@pytest.fixture(autouse=True)
def no_stopped_process_stays(folder):
    """Ends the processes that a test stopped: no host knows them any more."""
    yield
    pids = folder.path / PIDS
    for pid in pids.read_text().split() if pids.exists() else ():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def tx(*specs):
    return [word for spec in specs for word in ("--tx", spec)] + ["--dist", "load"]


ANY, LAST, S3, S5 = "True", "item.last", "item.name.startswith('s3[')", "item.name.startswith('s5[')"


def prepare(folder, do, doomed=("alpha",), when=ANY, n=12):
    folder.task("sums", n=n)
    folder.replies()
    folder.write("conftest.py", ENDING.format(doomed=list(doomed), when=when, do=do, pids=str(folder.path / PIDS)))


def answered_once(folder, n=12):
    found = [r["sample_id"] for r in folder.records()]
    assert sorted(found) == sorted(f"s{i}" for i in range(n))


@pytest.mark.parametrize(
    ("do", "why"), [(KILL_HOST, ".*"), (FREEZE_HOST, "it was silent for 5 s")], ids=["killed", "silent"]
)
def test_the_items_of_a_lost_host_run_elsewhere(folder, hosts, do, why):
    """Every item passes and is recorded once; the end says which host was lost and how many items moved."""
    prepare(folder, do)
    result = folder.run(*tx(hosts[0].spec(), hosts[1].spec()), "--hl-host-timeout", "5")
    result.assert_outcomes(passed=12, skipped=1)
    answered_once(folder)
    assert result.ret == 0
    result.stdout.re_match_lines([rf"host alpha was lost \({why}\): \d+ of its items ran elsewhere"])


@pytest.mark.parametrize("do", [KILL_WORKER, FREEZE_WORKER], ids=["killed", "silent"])
def test_an_item_that_ends_every_worker_fails_alone(folder, hosts, do):
    """An item that ended two workers has failed; the others pass on the workers that replaced them."""
    prepare(folder, do, doomed=("alpha", "beta"), when=S3)
    folder.write("pytest.ini", "[pytest]\nhl_host_timeout = 5\n")
    result = folder.run(*tx(hosts[0].spec(), hosts[1].spec()))
    result.assert_outcomes(passed=11, failed=2)  # the item, and its gate, which lacks it
    answered_once(folder)


def test_if_all_are_lost_the_run_ends_and_can_be_resumed(folder, hosts):
    """The run ends with an error; records are kept, and --resume asks only for the others."""
    prepare(folder, KILL_HOST, doomed=("alpha", "beta"), when=S5)
    result = folder.run(*tx(hosts[0].spec(), hosts[1].spec()))
    assert result.ret == 2
    shown = result.stdout.str()
    assert "every host is lost" in shown
    assert "host alpha was lost (" in shown
    assert "ran elsewhere" not in shown
    before = len(folder.records())
    assert before
    folder.write("conftest.py", "")
    resumed = folder.run("--hl-resume", "last", *tx(hosts[0].spec()))
    resumed.assert_outcomes(passed=12, skipped=1)
    assert f"{before} of 12 answers reused" in resumed.stdout.str()


def test_a_host_that_is_killed_late_moves_its_last_items(folder, hosts):
    """Its last items run elsewhere although the other workers have ended."""
    prepare(folder, KILL_HOST, when=LAST)
    result = folder.run(*tx(hosts[0].spec(), hosts[1].spec()))
    result.assert_outcomes(passed=12, skipped=1)
    answered_once(folder)


def test_a_killed_controller_loses_no_record_and_leaves_nothing_behind(folder, hosts):
    """Records that arrived are in the log; the host's processes end, and its copy of the project is removed."""
    prepare(folder, "time.sleep(600)", when=S5)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "evals",
        "--hl-provider",
        "scripted:replies.json",
        *tx(hosts[0].spec()),
    ]
    with subprocess.Popen(command, cwd=folder.path, stdout=subprocess.PIPE, text=True) as run:
        shown = ""
        while "....." not in shown:
            shown += run.stdout.read(1)
        run.kill()
    assert len(folder.records()) >= 5
    while hosts[0].workers():
        time.sleep(0.1)
    kept = (hosts[0].home / ".cache" / "hiddenlayer" / "hosts").glob(f"{folder.runs()[0].name}-*")
    assert list(kept) == []


CUT = """
import pytest


class Cutting:
    def __init__(self, config):
        self.config = config

    def pytest_runtest_logreport(self, report):
        host = self.config.pluginmanager.get_plugin("hiddenlayer-hosts").hosts[0]
        if getattr(report, "node", None) in host.nodes:
            host.gateway._io.popen.kill()


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Cutting(config))
"""


def test_a_host_whose_ssh_ends_is_lost_at_once(folder, hosts):
    """If the ssh of a host is killed, its items run elsewhere, and the end says that its connection ended."""
    prepare(folder, "pass", n=12)
    folder.write("conftest.py", CUT)
    result = folder.run(*tx(hosts[0].spec(), hosts[1].spec()))
    result.assert_outcomes(passed=12, skipped=1)
    answered_once(folder)
    result.stdout.re_match_lines([r"host alpha was lost \(its connection ended\): \d+ of its items ran elsewhere"])


INTERRUPTED = """
import asyncio
import os

from pytest_hiddenlayer import Completion, Usage, provider


@provider("slow")
class Slow:
    def __init__(self, model=None):
        self.model = "slow"

    async def complete(self, request):
        await asyncio.sleep(0.3)
        text = request.messages[-1].content.replace("q", "a").rstrip(".")
        return Completion(text=text, finish_reason="stop", usage=Usage(calls=1), latency_s=0.3, model="slow")


def pytest_runtest_logreport(report):
    if report.when == "call" and "PYTEST_XDIST_WORKER" not in os.environ and os.path.exists("stops"):
        raise KeyboardInterrupt
"""


def test_an_interrupted_run_records_no_errors_of_calls_that_it_ended(folder, hosts):
    """After Ctrl-C the log has answers only, no call that the end of the run stopped; --resume asks for the rest."""
    folder.task("sums", n=12)
    folder.write("conftest.py", INTERRUPTED)
    stops = folder.write("stops", "")
    specs = [*tx(hosts[0].spec(), hosts[1].spec()), "--hl-concurrency", "2"]
    assert folder.run(*specs, provider="slow").ret == pytest.ExitCode.INTERRUPTED
    assert {record["outcome"] for record in folder.records()} == {"correct"}
    kept = len(folder.records())
    stops.unlink()
    resumed = folder.run("--hl-resume", "last", *specs, provider="slow")
    resumed.assert_outcomes(passed=12, skipped=1)
    assert f"{kept} of 12 answers reused" in resumed.stdout.str()
