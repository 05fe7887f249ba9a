"""The limited process: reads requests, answers each within its limits, and ends with its input."""

from __future__ import annotations

import json
import marshal
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def serve(answer: Callable[..., Any]) -> None:
    """Answer requests until the input ends. The response to each is JSON, in one line.

    The system kills this process if a request takes more processor time than the client allows. Memory is
    limited where the system can do so: on Linux.
    """
    size = int(sys.argv[1]) << 20
    _limit_memory(size)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    requests, responses = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)  # whatever a library prints is no response
    responses.write(b"ready\n")
    responses.flush()
    while header := requests.read(8):
        cpu_s, request = marshal.loads(requests.read(int.from_bytes(header, "big")))
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
        line = _response(answer, request, size)
        signal.setitimer(signal.ITIMER_PROF, 0)
        responses.write(line + b"\n")
        responses.flush()


def _response(answer: Callable[..., Any], request: tuple[Any, ...], size: int) -> bytes:
    try:
        response = answer(*request)
        return json.dumps({"response": response, "is_full": _is_full(size)}).encode()
    except MemoryError:
        return b'{"too_large": true, "is_full": true}'


def _is_full(size: int) -> bool:
    """Whether half of the memory is still taken: Python does not give all of it back."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * resource.getpagesize() > size // 2
    except (OSError, ValueError):  # not Linux: there is no limit
        return False


def _limit_memory(size: int) -> None:
    with suppress(OSError, ValueError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
