"""`--hl-live`: the report is served while the run goes on, by pytest and by the command."""

from __future__ import annotations

import re
import socket

import pytest
from support.labelling import ask
from support.live_runs import PROVIDER, BackgroundRun, wait_for

from pytest_hiddenlayer.report.page.bundle import load_bundle

pytestmark = pytest.mark.skipif(load_bundle() is None, reason="the page was not built: run `make web`")


@pytest.fixture
def waiting(folder):
    """Six samples whose answers wait for a file."""
    folder.task(n=6)
    folder.write("conftest.py", PROVIDER)
    return folder


def _pytest(folder, *options: str) -> BackgroundRun:
    return BackgroundRun(folder, lambda: folder.run("--hl-live", *options, provider="waiting"))


def _is_closed(run: BackgroundRun) -> bool:
    """Whether nothing listens at the run's address any more."""
    port = int(re.findall(r":(\d+)/", run.address)[0])
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def test_the_page_shows_a_run_that_goes_on(waiting, workers):
    """Answers are in the page while the others are waited for; the server ends with the run."""
    run = _pytest(waiting, *workers)
    run.go([0, 1])
    state = run.wait_for_answers(2)
    assert (state["index"]["n"], state["progress"]["ended"], state["progress"]["cost_usd"]) == (2, False, 1.0)
    run.go()
    result = run.result()
    assert result.ret == 0
    assert _is_closed(run)
    assert "\n".join(result.outlines).count("live report: ") == 1


def test_the_cells_are_known_to_the_page(waiting, workers):
    """How many answers are planned is known; under xdist with the first report of a worker."""
    run = _pytest(waiting, *workers)
    run.go([0, 1, 2])
    state = wait_for(lambda: s if (s := run.wait_for_answers(3))["progress"]["planned"] else None)
    assert state["progress"]["planned"] == 6
    (cell,) = run.state()["overview"]["cells"]
    assert cell["task"] == "sums"
    run.go()
    run.result()


def test_the_command_serves_too(waiting):
    """`hiddenlayer run --live` prints the address and serves the same page."""
    run = BackgroundRun(waiting, lambda: waiting.command("run", "--live", "--provider", "waiting"))
    run.go([0])
    assert run.wait_for_answers(1)["progress"]["planned"] == 6
    run.go()
    assert run.result().ret == 0
    assert _is_closed(run)


def test_python_serves_too(waiting):
    """`evaluate(live=True)` prints the address on stderr."""
    code = "from pytest_hiddenlayer import evaluate; evaluate(provider='waiting', live=True)"
    run = BackgroundRun(waiting, lambda: waiting.script(code))
    run.go()
    result = run.result()
    assert result.ret == 0
    assert any("live report: http://127.0.0.1:" in line for line in result.errlines)


@pytest.mark.parametrize("option", ["-x", "SIGINT"])
def test_the_server_ends_with_a_run_that_stops_early(waiting, option, workers):
    """After -x and Ctrl-C nothing listens any more, and the table is printed as always."""
    samples = [{"id": f"s{i}", "input": f"q{i}.", "target": "a0", "must_pass": True} for i in range(6)]
    waiting.task(samples=samples)
    stop = "" if option == "-x" else STOP
    waiting.write("conftest.py", PROVIDER + stop)
    run = _pytest(waiting, *(["-x"] if option == "-x" else []), *workers)
    run.go()
    result = run.result()
    assert result.ret != 0
    assert any("stopped early" in line for line in result.outlines)
    assert _is_closed(run)


STOP = """
import os, signal

def pytest_runtest_logreport(report):
    if "s3[" in report.nodeid and report.when == "call" and "PYTEST_XDIST_WORKER" not in os.environ:
        os.kill(os.getpid(), signal.SIGINT)
"""


def test_the_ini_file_turns_it_on(waiting):
    """`hl_live = true` serves every run of the project, at the port of `hl_live_port`."""
    port = _free_port()
    waiting.write("pytest.ini", f"[pytest]\nhl_live = true\nhl_live_port = {port}\n")
    run = BackgroundRun(waiting, lambda: waiting.run(provider="waiting"))
    run.go()
    assert run.result().ret == 0
    assert f":{port}/" in run.address


def test_the_port_of_the_ini_file_alone_serves_nothing(waiting):
    """`hl_live_port` without `hl_live` opens no port; `--hl-live-port` asks for the page."""
    waiting.write("go", "")
    waiting.write("pytest.ini", f"[pytest]\nhl_live_port = {_free_port()}\n")
    assert "live report" not in "\n".join(waiting.run(provider="waiting").outlines)
    printed = waiting.run("--hl-live-port", str(port := _free_port()), provider="waiting")
    assert f"live report: http://127.0.0.1:{port}/" in "\n".join(printed.outlines)


def test_a_taken_port_is_a_usage_error(sums, workers):
    """A port on which something listens is an error before anything is asked."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        printed = sums.run("--hl-live-port", str(port), *workers)
        command = sums.command("run", "--provider", "scripted:replies.json", "--live-port", str(port))
    message = f"--hl-live-port {port}: Address already in use; choose another port, or leave the option out"
    assert printed.ret == 4
    assert message in "\n".join(printed.errlines + printed.outlines)
    assert command.ret == 4
    assert message in "\n".join(command.errlines)
    assert not sums.runs()


@pytest.mark.parametrize("port", ["0", "65536", "x", "-1"])
def test_a_port_that_cannot_be_is_a_usage_error(sums, port):
    """A port is a whole number from 1 to 65535."""
    printed = sums.run(f"--hl-live-port={port}")
    assert printed.ret == 4
    assert "--hl-live-port" in "\n".join(printed.errlines)


def test_without_evals_nothing_is_served(folder):
    """Other tests, and --collect-only, open no port."""
    folder.write("test_other.py", "def test_other():\n    pass\n")
    folder.task()
    folder.replies()
    assert "live report" not in "\n".join(folder.run("test_other.py", "--hl-live").outlines)
    assert "live report" not in "\n".join(folder.run("evals", "--co", "--hl-live").outlines)


def test_requests_of_others_are_refused_while_the_run_goes_on(waiting):
    """The address without its token, with another Host or another Origin shows nothing of the run."""
    run = _pytest(waiting)
    port, token = re.findall(r":(\d+)/([^/]+)/", run.address)[0]
    server = type("Server", (), {"server_port": int(port)})()
    run.go([0])
    run.wait_for_answers(1)
    assert ask(server, "GET", "/")[0] == 404
    assert ask(server, "GET", f"/{token}/", Host="evil.example")[0] == 421
    assert ask(server, "GET", f"/{token}/", Origin="http://evil.example")[0] == 403
    assert ask(server, "POST", f"/{token}/", "x")[0] == 501
    run.go()
    run.result()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
