"""Items that another plugin runs again: the last answer is scored, every answer is paid."""

from __future__ import annotations

import pytest

pytest.importorskip("pytest_rerunfailures", reason="needs pytest-rerunfailures: pip install pytest-rerunfailures")

PAID = """
from pytest_hiddenlayer import Completion, Usage, provider

@provider("paid")
class Paid:
    def __init__(self, model=None):
        self.model = model or "paid-1"

    async def complete(self, request):
        usage = Usage(input_tokens=10, output_tokens=2, calls=1)
        return Completion(text="no", finish_reason="stop", usage=usage, latency_s=0, model=self.model, cost_usd=0.002)
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_every_attempt_is_in_the_cost(folder, workers):
    """Two items that fail three times each and one that passes: seven calls in table, summary and records."""
    folder.write("conftest.py", PAID)
    wrong = [{"id": name, "input": "q", "target": "yes", "must_pass": True} for name in "ab"]
    folder.task(samples=[*wrong, {"id": "c", "input": "q", "target": "no"}])
    result = folder.run("--reruns", "2", *workers, provider="paid")
    result.stdout.fnmatch_lines(["*single*paid:paid*3/3*84*$0.0140*"])
    (cell,) = folder.summary()
    assert cell["cost_usd"] == pytest.approx(0.014)
    assert cell["usage"]["calls"] == 7
    assert sum(record["cost_usd"] for record in folder.records()) == pytest.approx(0.014)
    folder.command("show", "last").stdout.fnmatch_lines(["*single*paid:paid*84*$0.0140*"])


SHAKY = """
from collections import Counter
import pytest
from pytest_hiddenlayer import Completion, Usage, provider

ASKED = Counter()

@provider("shaky")
class Shaky:
    def __init__(self, model=None):
        self.model = model or "shaky-1"

    async def complete(self, request):
        question = request.messages[-1].content
        ASKED[question] += 1
        if question == "breaks" and ASKED[question] == 1:
            raise RuntimeError("the first time")
        usage = Usage(input_tokens=1, output_tokens=1, calls=1)
        text = "yes" if ASKED[question] > 1 else "no"
        return Completion(text=text, finish_reason="stop", usage=usage, latency_s=0, model=self.model, cost_usd=0.0)

def pytest_collection_modifyitems(items):
    for item in items[1:3]:
        item.add_marker(pytest.mark.flaky(reruns=2))
"""
SETUP_HOOK = """
def pytest_runtest_setup(item):
    pass
"""


@pytest.mark.parametrize("hook", ["", SETUP_HOOK])
def test_marked_items_run_again_without_an_option(folder, hook):
    """`flaky` on two items of a file repeats them after a wrong answer or an error; the others run once."""
    folder.write("conftest.py", SHAKY + hook)
    questions = {"a": "first", "b": "wrong", "c": "breaks", "d": "last"}
    folder.task(samples=[{"id": i, "input": q, "target": "yes", "must_pass": True} for i, q in questions.items()])
    result = folder.run("-v", provider="shaky")
    shown = [line.split() for line in result.stdout.lines if line.startswith("evals/") and "[single" in line]
    outcomes = [(line[0].partition("::")[2][0], line[1]) for line in shown if "::gate" not in line[0]]
    repeated = [(name, outcome) for name in "bc" for outcome in ("RERUN", "PASSED")]
    assert outcomes == [("a", "FAILED"), *repeated, ("d", "FAILED")]
