"""The client of a limited process: starts it on first use, and starts another after one that was killed.

Python cannot interrupt a long computation in C, such as a search or a large power. The system can: it
kills the process that used up its processor time, whatever that process does.
"""

from __future__ import annotations

import atexit
import json
import marshal
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..extensions.secret_masking import current_environment

START_S = 60.0
"""Time that a process may take to start."""
WALL_FACTOR = 20
"""Time that a request may take in all, as a multiple of its processor time: for computers with other work."""
MAX_RESPONSE = 100_000_000
"""Bytes of a response."""
_INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "TMPDIR", "VIRTUAL_ENV")
_INHERITED_STARTS = ("LD_", "DYLD_")
# The folder of this package comes last: a program may have found it by a path that no new process has.
_CODE = """import runpy, sys
sys.path.append(sys.argv[3])
runpy.run_module(sys.argv[2], run_name="__main__", alter_sys=False)"""
_PACKAGES = Path(__file__).absolute().parents[2]


class LimitExceededError(Exception):
    """A request needed too much processor time or memory; the message says which, with the limit."""


class ProcessFailedError(Exception):
    """The process did not start, or ended for another reason."""


class LimitedProcess:
    """One process for all threads of this one. Its environment has no keys, and it imports nothing of the folder."""

    def __init__(self, module: str, *, cpu_s: float, memory_mb: int) -> None:
        self.cpu_s = cpu_s
        self._module, self._memory_mb = module, memory_mb
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        _all.add(self)

    def ask(self, *request: Any) -> Any:
        """Return the response to a request of plain values: None, numbers, texts, lists, tuples and mappings.

        Raises LimitExceededError, ProcessFailedError, and ValueError for a request of other values.
        """
        message = marshal.dumps((self.cpu_s, request))
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            try:
                response = json.loads(self._exchange(message, WALL_FACTOR * self.cpu_s))
            except BaseException:  # Ctrl-C too: the process would answer the next request with this response
                self.close()
                raise
            if response["is_full"]:
                self.close()  # the next request would find no memory
        if "too_large" in response:
            raise LimitExceededError(f"needs more than {self._memory_mb:,} MB of memory")
        return response["response"]

    def close(self) -> None:
        """Kill the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def forget(self) -> None:
        """After a fork: leave the process and its pipes to the parent, and a lock that another thread held."""
        self._lock = threading.Lock()
        if self._process is not None:
            self._process.returncode = 0  # it is no child of this one
            self._process = None

    def _start(self) -> None:
        self.close()
        # -P: otherwise Python would import and run a json.py or a math_verify.py in the current folder.
        command = [sys.executable, "-P", "-c", _CODE, str(self._memory_mb), self._module, str(_PACKAGES)]
        environment = {name: value for name, value in current_environment().items() if _is_inherited(name)}
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                bufsize=0,
                start_new_session=True,  # Ctrl-C is for this process, which then ends that one
            )
        except OSError as error:  # no processes or files left, no interpreter
            raise ProcessFailedError(f"a process of {self._module} cannot be started: {error}") from error
        if self._read_line(START_S) != b"ready\n":
            self.close()
            raise ProcessFailedError(
                f"{sys.executable} does not run {self._module}{_reason(command, environment)}; "
                "check the installation of pytest-hiddenlayer"
            )

    def _exchange(self, message: bytes, wall_s: float) -> bytes:
        assert self._process is not None
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the reason is in its exit status
            self._write(len(message).to_bytes(8, "big") + message)
        line = self._read_line(wall_s)
        if line is None:
            raise LimitExceededError(f"takes longer than {wall_s:g} s")
        if not line.endswith(b"\n"):
            raise self._ended()
        return line

    def _write(self, message: bytes) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        rest = memoryview(message)
        while rest:
            rest = rest[self._process.stdin.write(rest) :]

    def _ended(self) -> Exception:
        assert self._process is not None
        status = self._process.wait()
        if status == -signal.SIGPROF:
            return LimitExceededError(f"takes longer than {self.cpu_s:g} s")
        if status in (-signal.SIGKILL, -signal.SIGSEGV, -signal.SIGABRT):
            return LimitExceededError("needs too much memory")
        return ProcessFailedError(f"the process of {self._module} ended with status {status}")

    def _read_line(self, wall_s: float) -> bytes | None:
        """The next line, or what came of it before the process ended; None after the deadline."""
        assert self._process is not None
        assert self._process.stdout is not None
        pipe, chunks, end = self._process.stdout, bytearray(), time.monotonic() + wall_s
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while not chunks.endswith(b"\n"):
                if not selector.select(max(0.0, end - time.monotonic())) or len(chunks) > MAX_RESPONSE:
                    return None
                if not (chunk := os.read(pipe.fileno(), 1 << 20)):
                    break
                chunks += chunk
        return bytes(chunks)


_all: weakref.WeakSet[LimitedProcess] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for process in list(_all):
        process.close()


def _forget_all() -> None:
    for process in list(_all):
        process.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def _reason(command: list[str], environment: dict[str, str]) -> str:
    """The last line of a process that does not start, after ": "; empty if it writes nothing."""
    try:
        ended = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=START_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    lines = ended.stderr.decode("utf-8", "replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "")
    return f": {last.strip()[:300]}" if last else ""


def _is_inherited(name: str) -> bool:
    return name in _INHERITED or name.startswith(_INHERITED_STARTS)
