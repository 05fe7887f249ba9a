"""Runs on disk with texts that are hard to write down, and runs whose cells differ significantly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.records import record

from pytest_hiddenlayer.interface.runs import Run
from pytest_hiddenlayer.results.log.run_log import RunLog
from pytest_hiddenlayer.results.log.summary import summary
from pytest_hiddenlayer.results.metrics.cells import by_cell, compute_metrics, config_from_records
from pytest_hiddenlayer.types import Record

HARD = "50% of {a_b} & \\c ~ ^ # $x$ <tag> \"q\" 'é' ß Ł → Ω 日本 \u200e 🙂 -- [x] |\x1b[31m\x00 \ud800"
"""Every character that LaTeX, XML, Markdown, CSV or a terminal takes for its own."""


class Runs:
    """Writes runs into a project, the current folder of the test."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, records: Sequence[Record], run_id: str = "one", **manifest: Any) -> Run:
        """A finished run with these records."""
        log = RunLog(self.root, run_id)
        log.append_all([replace(one, run_id=run_id) for one in records])
        cells = [compute_metrics(config_from_records(cell), cell) for cell in by_cell(records).values()]
        log.write_summary(summary(cells, {}))
        log.write_manifest({"seed": 0, **manifest})
        log.close()
        return Run(log.folder)

    def scored(self, right: Mapping[str, int], n: int = 20, run_id: str = "one", task: str = "hard_sums") -> Run:
        """A run in which each strategy answers its first samples right."""
        records = [
            record(f"s{i}", float(i < k), task=task, strategy=label, label=label, key=f"{label}-{i}", transcript=[])
            for label, k in right.items()
            for i in range(n)
        ]
        return self.write(records, run_id)


def call(role: str, round_: int, text: str, **changes: Any) -> dict[str, Any]:
    """One entry of a transcript."""
    return {
        "role": role,
        "round": round_,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"{role}?"}],
        "completion": text,
        "finish_reason": "stop",
        "usage": {"input_tokens": 3, "output_tokens": 2, "calls": 1},
        "latency_s": 0.5,
        "model": "m",
        "seed": 7,
        **changes,
    }


def debate_record(**changes: Any) -> Record:
    """A debate of two agents and a judge, then a scorer's call."""
    calls = [call("agent-1", 0, "41"), call("agent-2", 0, "42", reasoning="6*7"), call("judge", 1, "42")]
    values: dict[str, Any] = {
        "strategy": "debate",
        "label": "debate",
        "output": "42",
        "prompt": [{"role": "user", "content": "6*7?"}],
        "transcript": [*calls, call("llm_judge", 0, "yes")],
        "answer_metadata": {"scoring_calls": 1},
        **changes,
    }
    return record("s0", 1.0, **values)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """The runs of an empty project."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Runs(tmp_path)


@pytest.fixture
def hard(runs: Runs) -> Run:
    """A run with hard text in every field that a user or a model writes."""
    hard = {"input": HARD, "output": HARD, "answer": HARD, "target": HARD, "metadata": {"note": HARD, "n": 1}}
    wrong = record(HARD, 0.0, task="a_b&c%", must_pass=True, transcript=[], **hard)
    failed = record("failed", None, task="a_b&c%", error=HARD, output=None, transcript=[call("answer", 0, HARD)])
    return runs.write([replace(one, slug="m_1", model="org/m_1") for one in (wrong, failed, debate_record())])
