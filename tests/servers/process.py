"""A server as a child process: started, waited for, ended whatever happens; its log is shown with an error."""

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

DEADLINE_S = 90.0  # to answer for the first time: a loaded machine imports slowly
END_S = 10.0  # to end by itself after SIGTERM
SHOWN = 40  # last lines of the log

_open = build_opener(ProxyHandler({})).open  # loopback is never behind a proxy


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that answers."""

    url: str  # http://127.0.0.1:PORT, without a final slash
    model: str  # the name by which it is asked
    log: Path
    pid: int

    def get(self, path: str) -> Any:
        """The JSON answer to a GET. Raises HTTPError for any status but 2xx."""
        return _json(Request(self.url + path))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON answer to a POST of JSON. Raises HTTPError for any status but 2xx."""
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
    """The server that `command` starts, once `/health` says 200.

    Raises RuntimeError where it ends or stays silent before that. Every error that leaves the
    block carries the end of the log as a note.
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
            _end(process)


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _json(request: Request) -> Any:
    with _open(request, timeout=60) as answer:
        return json.load(answer)


def _wait(process: subprocess.Popen[bytes], server: Server, deadline_s: float) -> None:
    ends = time.monotonic() + deadline_s
    while not _healthy(server.url, timeout_s=min(5.0, deadline_s)):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it answered")
        if time.monotonic() > ends:
            raise RuntimeError(f"the server did not answer {server.url}/health in {deadline_s:g} s")
        time.sleep(0.05)


def _healthy(url: str, *, timeout_s: float) -> bool:
    try:
        with _open(f"{url}/health", timeout=timeout_s) as answer:
            return bool(answer.status == 200)
    except OSError:  # nobody listens yet, or (HTTPError) 503: it still loads
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-SHOWN:]) or "(it logged nothing)"
