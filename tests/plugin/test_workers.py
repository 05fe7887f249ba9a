"""xdist: one process holds the models for all workers, and the results are those of one process."""

from __future__ import annotations

import json

CONFTEST = """
import os
from pathlib import Path

from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.registry import provider

HERE = Path(__file__).parent


@provider("noted")
class Noted(ScriptedProvider):
    def __init__(self, model=None):
        super().__init__(script={"default": "no"})
        self.model = "noted"
        with (HERE / "opened.txt").open("a") as log:
            log.write(f"{os.getpid()}\\n")

    async def complete(self, request):
        done = await super().complete(request)
        with (HERE / "asked.txt").open("a") as log:
            log.write(f"{os.getpid()} {request.sample_id} {request.role}\\n")
        return done
"""


def test_one_process_holds_the_model(folder):
    """With -n 3 only the controller opens the provider, and every item is answered once, in new interpreters too."""
    folder.write("conftest.py", CONFTEST)
    folder.task("more", n=16)
    result = folder.plain("evals", "--hl-provider", "noted", "-rA", "-n", "3", "--hl-gate", "off", fresh=True)
    result.assert_outcomes(xfailed=16)
    opened = (folder.path / "opened.txt").read_text().split()
    asked = (folder.path / "asked.txt").read_text().splitlines()
    assert len(opened) == 1
    assert {line.split()[0] for line in asked} == set(opened)
    assert len(asked) == 16 == len(set(asked))


SLOW_FIRST = """
import os
import time


def pytest_runtest_call(item):
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw0":
        time.sleep(0.02)
"""


def test_no_item_is_asked_twice_if_another_worker_takes_over(folder):
    """--dist worksteal moves items of a slow worker, but none whose answer was requested: each is asked once."""
    folder.write("conftest.py", CONFTEST + SLOW_FIRST)
    folder.task("more", n=60)
    folder.run("-n", "2", "--dist", "worksteal", "--hl-gate", "off", provider="noted").assert_outcomes(xfailed=60)
    asked = [line.split()[1] for line in (folder.path / "asked.txt").read_text().splitlines()]
    recorded = [record["sample_id"] for record in folder.records()]
    assert sorted(asked) == sorted(recorded) == sorted(f"s{i}" for i in range(60))


def test_the_records_are_those_of_one_process(folder):
    """-n 0 and -n 3 write the same records, apart from times and the run id."""
    folder.write("conftest.py", CONFTEST)
    folder.task("more", n=12, strategies=["debate", {"self_consistency": {"n_samples": 3}}])
    found = []
    for count in ("0", "3"):
        before = set(folder.runs())
        folder.run("-n", count, "--hl-gate", "off", provider="noted")
        (run,) = set(folder.runs()) - before
        records = [json.loads(line) for line in (run / "records.jsonl").read_text().splitlines()]
        found.append(sorted(map(bare, records), key=lambda r: (r["task"], r["sample_id"], r["label"])))
    assert found[0] == found[1]
    assert len(found[0]) == 24


def bare(record):
    for one in (record, *record["transcript"]):
        for name in ("latency_s", "run_id", "started_at"):
            one.pop(name, None)
    return record


def test_without_evals_nothing_is_opened(folder):
    """A session without evals under -n 2 creates no socket."""
    folder.write("test_plain.py", "def test_one():\n    pass\n")
    look = "glob.glob(f'{tempfile.gettempdir()}/hl-*-{os.getpid()}')"
    folder.write(
        "conftest.py",
        "import glob, os, tempfile\n"
        "def pytest_sessionfinish(session):\n"
        "    if not hasattr(session.config, 'workerinput'):\n"
        f"        open('sockets.txt', 'w').write(str({look}))\n",
    )
    folder.plain("-n", "2", "test_plain.py").assert_outcomes(passed=1)
    assert (folder.path / "sockets.txt").read_text() == "[]"
