"""A worker that dies or is stopped, and a clock that jumps: the others finish, and the run ends."""

from __future__ import annotations

import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from support.folder import Folder
from support.trust_scale import times

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="needs signals")]
ASKED = """
import faulthandler
import os
from pathlib import Path

from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.registry import provider

HERE = Path(__file__).parent
if "PYTEST_XDIST_WORKER" not in os.environ:
    faulthandler.dump_traceback_later(120, exit=True)  # far more than a run takes: one that waits for ever fails


@provider("noted")
class Noted(ScriptedProvider):
    def __init__(self, model=None):
        super().__init__(script={"default": "no"})

    async def complete(self, request):
        with (HERE / "asked.txt").open("a") as log:
            log.write(f"{request.sample_id}\\n")
        return await super().complete(request)


def once(do):
    try:
        (HERE / "done").touch(exist_ok=False)
    except FileExistsError:
        return
    do()


def end(number):
    os.kill(os.getpid(), number)
"""
MOMENTS = {
    "collecting": "def pytest_collection(session):\n    if WORKER:\n        once(lambda: end(NUMBER))\n",
    "in the middle": "def pytest_runtest_call(item):\n    if WORKER and item.name.startswith('s7['):\n"
    "        once(lambda: end(NUMBER))\n",
    "ending": "def pytest_sessionfinish(session):\n    if WORKER:\n        once(lambda: end(NUMBER))\n",
}
N = 40
LOSSES = times(
    [("collecting", "SIGKILL"), ("in the middle", "SIGSTOP")],
    [(moment, name) for moment in MOMENTS for name in ("SIGKILL", "SIGSTOP")],
)


def run_with(folder: Folder, moment: str, number: int) -> pytest.RunResult:
    """A run of two workers, one of which gets a signal at a moment."""
    code = MOMENTS[moment].replace("NUMBER", str(number)).replace("WORKER", "'PYTEST_XDIST_WORKER' in os.environ")
    folder.write("conftest.py", ASKED + "\n\n" + code)
    folder.task(n=N)
    return folder.plain("evals", "-n2", "--hl-provider", "noted", "--hl-cache=off", "--hl-host-timeout=5")


def keys_of(folder: Folder) -> Counter[str]:
    return Counter(record["key"] for record in folder.records())


@pytest.mark.parametrize(("moment", "name"), LOSSES)
def test_the_others_finish(folder: Folder, moment: str, name: str) -> None:
    """A worker that dies or is stopped while it collects, answers or ends: its items run elsewhere, each once."""
    result = run_with(folder, moment, getattr(signal, name))
    failed = 1 if moment == "in the middle" else 0
    result.assert_outcomes(xfailed=N - failed, failed=failed, skipped=1)
    assert "INTERNALERROR" not in "\n".join(result.outlines + result.errlines)
    assert set(keys_of(folder).values()) == {1}
    assert len(keys_of(folder)) == N
    assert folder.summary()[0]["n"] == N


JUMP = """
import time

REAL, CALLS = time.time, [0]
YEAR_S = 365 * 86400


def jumping():
    CALLS[0] += 1
    return REAL() + YEAR_S * (CALLS[0] % 3 - 1)


time.time = jumping
"""


@pytest.mark.parametrize("n", ["0", "2"])
def test_a_clock_that_jumps_gives_no_negative_seconds(folder: Folder, n: str) -> None:
    """The clock is a year behind, right, or a year ahead at each look: the run ends, and no duration is negative."""
    folder.write("conftest.py", ASKED + JUMP)
    folder.task(n=12, epochs=2, strategies=["single", "debate"])
    result = folder.plain("evals", "-n", n, "--hl-provider", "noted", "--hl-timeout=30")
    assert result.ret == 0
    assert len(folder.records()) == 48
    assert not list(negative_seconds({"records": folder.records(), "summary": folder.summary()}))
    for command in (["show", "last"], ["runs"]):
        shown = folder.command(*command)
        assert shown.ret == 0
        assert not re.search(r"(?<![\w.])-\d+(\.\d+)? ?(s|min|h|days?)\b", "\n".join(shown.outlines))


def negative_seconds(value: Any) -> Iterator[tuple[str, float]]:
    """Every key in seconds with a negative number."""
    if isinstance(value, dict):
        for key, one in value.items():
            if str(key).endswith(("_s", "seconds", "duration")) and isinstance(one, int | float) and one < 0:
                yield key, one
            yield from negative_seconds(one)
    elif isinstance(value, list):
        for one in value:
            yield from negative_seconds(one)
