"""The server of the live report: which requests it answers, and with what."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator

import pytest
from support.labelling import ask
from support.live_runs import BUNDLE, GrowingRun, wait_for
from support.records import record

from pytest_hiddenlayer.loopback_server import MAX_CONNECTIONS
from pytest_hiddenlayer.report.live.live_run import MAX_BYTES, MAX_ROWS, LiveRun
from pytest_hiddenlayer.report.live.live_server import LiveServer
from pytest_hiddenlayer.report.page.bundle import csp_hash

STATE = "state?rows=0&version=0"
PATHS = ["", STATE, "records?from=0&to=1", "search?from=0&to=1"]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Iterator[GrowingRun]:
    """A run with one record, for the tests that only ask."""
    started = GrowingRun(tmp_path_factory.mktemp("run"))
    started.add(record("a", 1.0))
    yield started
    started.stop()


@pytest.mark.parametrize("path", PATHS)
def test_the_page_and_its_data_are_served(run, path):
    """GET sends a body, and HEAD the same headers without one."""
    status, text, headers = run.get(path)
    assert status == 200
    assert len(text.encode()) == int(headers["Content-Length"]) > 0
    status, text, head = run.get(path, method="HEAD")
    assert (status, text) == (200, "")
    assert head["Content-Type"] == headers["Content-Type"]


@pytest.mark.parametrize("path", PATHS)
def test_headers(run, path):
    """The headers forbid caching, framing, sniffing, referrers, other origins, and loading from elsewhere."""
    _, _, headers = run.get(path)
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert not [name for name in headers if name.startswith("Access-Control")]


def test_the_policy_allows_the_program_of_the_page_only(run):
    """The policy allows the script and the style by hash, and requests to the server itself."""
    _, text, headers = run.get("")
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == csp_hash(BUNDLE.script)
    assert policy["style-src"] == csp_hash(BUNDLE.style)
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert BUNDLE.script in text


@pytest.mark.parametrize("token", ["", "wrong", "%00", "%C3%A9", "../", "..%2f", "TOKEN%20", "tOKEN"])
@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_there_is_nothing(run, token, path):
    """A path without the token is not found."""
    wrong = token.replace("TOKEN", run.server.token).replace("tOKEN", run.server.token.swapcase())
    assert ask(run.server, "GET", f"/{wrong}/{path}")[0] == 404
    assert ask(run.server, "GET", f"/{path}")[0] == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:PORT", ""])
@pytest.mark.parametrize("path", PATHS)
def test_another_host_is_refused(run, host, path):
    """A request with another Host (DNS rebinding) is refused, even with the right token."""
    assert run.get(path, Host=host.replace("PORT", str(run.server.server_port)))[0] == 421


def test_localhost_is_this_computer(run):
    """The address also works as localhost."""
    assert run.get("", Host=f"localhost:{run.server.server_port}")[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:PORT", "http://127.0.0.1", ""])
@pytest.mark.parametrize("path", PATHS)
def test_another_origin_is_refused(run, origin, path):
    """A request of another page is refused, even with the right token."""
    assert run.get(path, Origin=origin.replace("PORT", str(run.server.server_port)))[0] == 403


def test_the_own_origin_is_allowed(run):
    """A request of the page itself is answered."""
    assert run.get(STATE, Origin=f"http://127.0.0.1:{run.server.server_port}")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "GETS"])
def test_nothing_can_be_changed(growing, method):
    """Methods other than GET and HEAD are not implemented."""
    run = growing()
    run.add(record("a", 1.0))
    assert run.get("", method=method)[0] == 501
    assert run.json(STATE)["progress"]["done"] == 1


@pytest.mark.parametrize(
    "path",
    [
        *(
            "run.json",
            "../run.json",
            "%2e%2e/run.json",
            "records.jsonl",
            "state/../run.json",
            "/etc/passwd",
        ),
        *("..\\run.json", "records", "records?from=0", "records?from=-1&to=1", "records?from=0&to=x", "state?rows=0"),
        *("state?rows=1e3&version=0", "state?rows=0&version=0&more=1", "records?from=%00&to=1", "search?from=0;to=1"),
        *("state?rows=²&version=0".replace("²", "%C2%B2"), f"records?from=0&to={'9' * 13}", "?", "page", "state/"),
    ],
)
def test_nothing_else_is_served(run, path):
    """A path or a query that is none of the four has status 404, whatever it names."""
    status, text, _ = run.get(path)
    assert (status, "run_id" in text) == (404, False)


def test_only_this_computer_is_listened_to(growing):
    """The server is bound to 127.0.0.1, and each has its own token of at least 128 bits."""
    one, two = growing(), growing()
    assert one.server.server_address[0] == "127.0.0.1"
    assert one.server.token != two.server.token
    assert len(one.server.token) >= 22


def test_a_taken_port_is_an_error(growing, tmp_path):
    """A port on which something listens is refused with an error of the system."""
    with pytest.raises(OSError, match="in use"):
        LiveServer(LiveRun(tmp_path, dict), BUNDLE, growing().server.server_port)


def test_many_idle_connections_are_bounded(growing):
    """Connections that ask nothing take no more than their number; a closed one makes room again."""
    run = growing()
    idle = [socket.create_connection(run.server.server_address, timeout=60) for _ in range(MAX_CONNECTIONS + 10)]
    assert [connection.recv(1) for connection in idle[MAX_CONNECTIONS:]] == [b""] * 10
    assert threading.active_count() < MAX_CONNECTIONS + 30
    for connection in idle:
        connection.close()
    wait_for(lambda: _status(run) == 200)


def _status(run) -> int:
    try:
        return run.get("")[0]
    except (OSError, http.client.HTTPException):
        return 0


def test_a_request_that_never_ends_blocks_no_other(growing):
    """A client that sends half a request, and one that does not read, leave the others alone."""
    run = growing()
    run.add(record("a", 1.0, output="x" * 10_000_000))
    assert run.json(STATE)["index"]["n"] == 1
    slow = socket.create_connection(run.server.server_address)
    slow.sendall(b"GET /")
    deaf = socket.create_connection(run.server.server_address)
    host = f"127.0.0.1:{run.server.server_port}"
    deaf.sendall(f"GET /{run.server.token}/records?from=0&to=1 HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
    assert run.json(STATE)["index"]["n"] == 1
    slow.close()
    deaf.close()


def test_records_are_sent_as_they_were_written(growing):
    """A record arrives with every field, among them lone surrogates and every control character."""
    run = growing()
    text = "\ud800 \x00\x1f\x7f\u2028 </script> ,\n"
    run.add(record("a", 1.0, output=text), record("b", 0.0))
    assert run.json(STATE)["index"]["n"] == 2
    first, second = run.json("records?from=0&to=2")
    assert first["output"] == text
    assert second["sample_id"] == "b"
    assert run.json("records?from=2&to=9") == []
    assert run.json("records?from=1&to=0") == []
    assert text.lower() in run.json("search?from=0&to=1")[0]


def test_one_response_is_bounded(growing):
    """A request for all records gets so many rows and bytes at most, and at least one record."""
    run = growing()
    run.add(*(record(f"s{i}", 1.0) for i in range(MAX_ROWS + 5)))
    assert run.json(STATE)["index"]["n"] == MAX_ROWS + 5
    assert len(run.json("records?from=0&to=100000")) == MAX_ROWS
    long = growing()
    long.add(*(record(f"s{i}", 1.0, output="x" * (MAX_BYTES // 5)) for i in range(7)))
    assert long.json(STATE)["index"]["n"] == 7
    assert len(long.json("records?from=0&to=7")) == 4


def test_a_page_waits_until_there_is_something_new(growing):
    """A request for the state is answered when a record is written, and when the run ends."""
    run = growing()
    run.add(record("a", 1.0))
    states: list[dict] = [run.json(STATE)]

    def follow() -> None:
        while not states[-1]["progress"]["ended"]:
            states.append(run.json(f"state?rows={states[-1]['index']['n']}&version={states[-1]['version']}"))

    thread = threading.Thread(target=follow)
    thread.start()
    run.add(record("b", 0.0))
    wait_for(lambda: states[-1]["index"]["n"] == 2)
    run.stop(grace_s=60, report="/r/report.html")
    thread.join(60)
    assert states[-1]["progress"]["ended"] is True
    assert states[-1]["progress"]["report"] == "/r/report.html"
    assert len(states) < 10


def test_the_server_ends_with_the_run(growing):
    """After `stop` nothing listens, and no thread of the server is left."""
    before = set(threading.enumerate())
    run = growing()
    run.get("")
    run.stop()
    with pytest.raises(OSError, match="refused"):
        run.get("")
    wait_for(lambda: set(threading.enumerate()) <= before)


def test_a_log_that_is_gone_ends_one_request_only(growing):
    """If the log cannot be read, a request fails and the server goes on."""
    run = growing()
    run.add(record("a", 1.0))
    assert run.json(STATE)["index"]["n"] == 1
    (run.log.folder / "records.jsonl").unlink()
    assert run.get("records?from=0&to=1")[0] == 410
    assert run.json(STATE)["index"]["n"] == 1
    assert json.loads(run.get("records?from=5&to=6")[1]) == []
