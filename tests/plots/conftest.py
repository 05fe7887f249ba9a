"""A project with a run of single answers and debates by a scripted model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from support.folder import Folder
from support.requirements import NEEDS_MATPLOTLIB

from pytest_hiddenlayer.interface.runs import Run
from pytest_hiddenlayer.interface.tasks import evaluate_task
from pytest_hiddenlayer.types import Record

pytest.importorskip("matplotlib", reason=NEEDS_MATPLOTLIB)


@dataclass
class StubRun:
    """What a figure needs of a run, to be changed by a test."""

    run_id: str = "run-1"
    name: str | None = None
    records: list[Record] = field(default_factory=list)
    cells: list[Mapping[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, run: Run, **changes: Any) -> StubRun:
        """The run with these fields of all records changed."""
        records = [replace(record, **changes) for record in run.records]
        return cls(run_id=run.run_id, records=records, cells=list(run.cells))


@pytest.fixture(scope="module")
def run(shared: Folder) -> Run:
    """12 samples: a single answer misses one; agents miss three in round 0, all are right in round 1."""
    shared.write("pytest.ini", "[pytest]\n")
    shared.task(n=12)
    early = [{"round": 0, "role": "agent-.", "contains": f"q{i}.", "reply": "no"} for i in range(3)]
    single = [{"role": "answer", "contains": "q3.", "reply": "no", "logprobs": [-0.1]}]
    right = [{"contains": f"q{i}.", "reply": f"a{i}", "logprobs": [-0.1]} for i in range(12)]
    replies = shared.write("replies.json", {"rules": early + single + right})
    return evaluate_task(
        "evals/sums.yaml",
        cwd=shared.path,
        provider=f"scripted:{replies}",
        strategy=["single", "debate"],
        gate="off",
    )
