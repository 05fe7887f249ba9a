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
