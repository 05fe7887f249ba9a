"""The mathematics process: parses and compares expressions, and is killed after a deadline."""

from __future__ import annotations

from typing import Any

from ...limited_process.client import LimitedProcess, LimitExceededError, ProcessFailedError

DEADLINE_S = 5.0
"""Processor time of one request."""
MEMORY_MB = 4096


class ExpressionTimeoutError(Exception):
    """An expression that was not parsed within the deadline, or within the memory."""


class MathProcess:
    """One process for all threads; the request after a missed deadline starts a new one."""

    def __init__(self) -> None:
        self._process = LimitedProcess(
            "pytest_hiddenlayer.scorers.math.worker", cpu_s=DEADLINE_S, memory_mb=MEMORY_MB
        )

    def ask(self, action: str, *texts: str) -> dict[str, Any]:
        """Returns the worker's response.

        Raises ExpressionTimeoutError after the deadline, RuntimeError if the process cannot start.
        """
        self._process.cpu_s = DEADLINE_S
        try:
            response: dict[str, Any] = self._process.ask(action, *texts)
        except LimitExceededError as error:
            limit = f"{DEADLINE_S:g} s" if "longer" in str(error) else f"{MEMORY_MB:,} MB of memory"
            raise ExpressionTimeoutError(f"not parsed within {limit}") from error
        except ProcessFailedError as error:
            raise RuntimeError(
                "the mathematics process ended unexpectedly; "
                'reinstall the extra: pip install "pytest-hiddenlayer[math]"'
            ) from error
        return response

    def close(self) -> None:
        """Kill the process."""
        self._process.close()


PROCESS = MathProcess()
"""The mathematics process of this Python process."""
