"""A worker that dies or is stopped, and a clock that jumps: the others finish, and the run ends."""

from __future__ import annotations

import signal
import sys
from collections import Counter

import pytest
from support.folder import Folder

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="needs signals")]
ASKED = """
import os
from pathlib import Path

from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.registry import provider

HERE = Path(__file__).parent


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


def run_with(folder: Folder, moment: str, number: int) -> pytest.RunResult:
    """A run of two workers, one of which gets a signal at a moment."""
    code = MOMENTS[moment].replace("NUMBER", str(number)).replace("WORKER", "'PYTEST_XDIST_WORKER' in os.environ")
    folder.write("conftest.py", ASKED + "\n\n" + code)
    folder.task(n=N)
    return folder.plain("evals", "-n2", "--hl-provider", "noted", "--hl-cache=off", "--hl-host-timeout=5")


def keys_of(folder: Folder) -> Counter[str]:
    return Counter(record["key"] for record in folder.records())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
@pytest.mark.parametrize("moment", list(MOMENTS))
def test_the_others_finish(folder: Folder, moment: str, number: int) -> None:
    """A worker that dies or is stopped while it collects, answers or ends: its items run elsewhere, each once."""
    result = run_with(folder, moment, number)
    failed = 1 if moment == "in the middle" else 0
    result.assert_outcomes(xfailed=N - failed, failed=failed, skipped=1)
    assert "INTERNALERROR" not in "\n".join(result.outlines + result.errlines)
    assert set(keys_of(folder).values()) == {1}
    assert len(keys_of(folder)) == N
    assert folder.summary()[0]["n"] == N
