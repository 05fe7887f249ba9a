"""Client of the mathematics process: starts it on first use and kills it after a deadline."""

from __future__ import annotations

import atexit
import json
import os
import selectors
import subprocess
import sys
import threading
from typing import Any

DEADLINE_S = 5.0
START_S = 60.0  # until the first response: sympy has to be imported


class ExpressionTimeoutError(Exception):
    """An expression that was not parsed within the deadline."""


class MathProcess:
    """One process for all threads; the request after a missed deadline starts a new one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, action: str, *texts: str) -> dict[str, Any]:
        """Returns the worker's response.

        Raises ExpressionTimeoutError after the deadline, RuntimeError if the process cannot start.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
                self._exchange({"action": "canonical", "texts": ["1"]}, START_S)  # imports what it needs
            return self._exchange({"action": action, "texts": texts}, DEADLINE_S)

    def close(self) -> None:
        """Kill the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def _start(self) -> None:
        self.close()
        # -P: otherwise Python would import and run a math_verify.py in the current folder.
        command = [sys.executable, "-P", "-m", "pytest_hiddenlayer.scorers.math.worker"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        atexit.register(self.close)

    def _exchange(self, request: dict[str, Any], deadline_s: float) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline() if _readable(process.stdout, deadline_s) else None
        except BrokenPipeError:
            line = b""
        if line is None:
            self.close()
            raise ExpressionTimeoutError(f"not parsed within {deadline_s:g} s")
        if not line:
            self.close()
            raise RuntimeError(
                "the mathematics process ended unexpectedly; "
                'reinstall the extra: pip install "pytest-hiddenlayer[math]"'
            )
        response: dict[str, Any] = json.loads(line)
        return response


def _readable(pipe: Any, timeout_s: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        return bool(selector.select(timeout_s))


PROCESS = MathProcess()
"""The mathematics process of this Python process."""
