"""A server as a child process: started, awaited, and always terminated; errors include its log."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

DEADLINE_S = 90.0  # for the first response: imports are slow on a loaded machine
TERMINATE_S = 10.0  # from SIGTERM to SIGKILL
LOG_LINES = 40  # last lines of the log in an error

_open = build_opener(ProxyHandler({})).open  # no proxy for loopback


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server."""

    url: str  # http://127.0.0.1:PORT, without a final slash
    model: str  # the name in requests
    log: Path
    pid: int

    def get(self, path: str) -> Any:
        """Return the JSON response to a GET. Raises HTTPError for a status other than 2xx."""
        return _json(Request(self.url + path))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON response to a POST of JSON. Raises HTTPError for a status other than 2xx."""
        data = json.dumps(body).encode()
        return _json(Request(self.url + path, data=data, headers={"Content-Type": "application/json"}))


@contextmanager
def served(
    command: Sequence[str],
    *,
    port: int,
    model: str,
    environment: Mapping[str, str] | None = None,
    deadline_s: float = DEADLINE_S,
) -> Iterator[Server]:
    """Start a server and yield it as soon as `/health` returns 200.

    Raises RuntimeError if it exits, or does not respond within `deadline_s`. Every exception that leaves
    the block has the end of the log as a note.
    """
    with tempfile.TemporaryDirectory(prefix="hiddenlayer-server-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **(environment or {})}
            )
        try:
            server = Server(url=f"http://127.0.0.1:{port}", model=model, log=log, pid=process.pid)
            _wait(process, server, deadline_s)
            yield server
        except Exception as error:
            error.add_note(f"{' '.join(command)}\n{_tail(log)}")
            raise
        finally:
            _terminate(process)


def free_port() -> int:
    """Return a port of 127.0.0.1 on which no program listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _json(request: Request) -> Any:
    with _open(request, timeout=60) as response:
        return json.load(response)


def _wait(process: subprocess.Popen[bytes], server: Server, deadline_s: float) -> None:
    deadline = time.monotonic() + deadline_s
    while not _healthy(server.url, timeout_s=min(5.0, deadline_s)):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before its first response")
        if time.monotonic() > deadline:
            raise RuntimeError(f"no response from {server.url}/health in {deadline_s:g} s")
        time.sleep(0.05)


def _healthy(url: str, *, timeout_s: float) -> bool:
    try:
        with _open(f"{url}/health", timeout=timeout_s) as response:
            return bool(response.status == 200)
    except OSError:  # it does not listen yet, or (HTTPError 503) still loads
        return False


def _terminate(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(TERMINATE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-LOG_LINES:]) or "(the log is empty)"
