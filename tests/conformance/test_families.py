"""Every strategy and every judge is answered by every family of models, plain, streamed and in batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_hiddenlayer import evaluate
from pytest_hiddenlayer.types import Record

from .rules import FAMILIES, Family
from .stand_in import MODEL, StandIn, stand_in

TASK = {
    "task": "sums",
    "samples": [{"id": "a", "input": "2 + 2?", "target": "4"}],
    "scorers": [
        "numeric",
        {"llm_judge": {"criteria": "Is it right?"}},
        "win_rate",
        "coherence",
    ],
    "strategies": ["single", "debate", "self_consistency", "manager_worker"],
    "generate": {"max_tokens": 300, "stop": ["\n\n", "END"]},
}
BATCHED = ["openai reasoning", "openai responses reasoning", "claude 4.7 and later"]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "sk-fake")


def run(folder: Path, server: StandIn, task: dict[str, Any] = TASK, **options: Any) -> list[Record]:
    """Return the records of a run of the task at a stand-in."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    path = folder / "sums.json"
    path.write_text(json.dumps(task))
    provider = server.family.provider
    name = f"{provider}:{MODEL}"
    done = evaluate(path, cwd=folder, provider=name, judge=name, base_url=f"{provider}={server.url}", **options)
    assert not done.errors
    return list(done.records)


def warnings_of(records: list[Record]) -> str:
    return "\n".join(text for record in records for call in record.transcript for text in call.get("warnings", ()))


def check(family: Family, server: StandIn, records: list[Record]) -> None:
    assert [record.error for record in records] == [None] * 4
    assert {record.outcome for record in records} == {"correct"}
    for record in records:
        values = [score["value"] for score in record.scores.values()]
        assert None not in values
    assert all("That was easy" not in (record.output or "") for record in records), "the stop text did not apply"
    warnings = warnings_of(records)
    for name in family.lost:
        assert name in warnings


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", FAMILIES)
def test_every_call_is_answered(tmp_path: Path, name: str, stream: bool):
    """All four strategies are answered, judged in three ways, and cut at stop texts."""
    family = FAMILIES[name]
    with stand_in(family) as server:
        check(family, server, run(tmp_path, server, stream=stream))


@pytest.mark.parametrize("name", BATCHED)
def test_a_refused_line_of_a_batch_is_answered(tmp_path: Path, name: str):
    """A request that a batch refuses for an optional parameter is made without it."""
    family = FAMILIES[name]
    with stand_in(family) as server:
        check(family, server, run(tmp_path, server, batch=True))


@pytest.mark.parametrize("name", ["openai reasoning", "mistral", "claude 4.7 and later", "ollama"])
def test_a_refusal_is_remembered(tmp_path: Path, name: str):
    """One call at a time, each refused parameter costs one refused request in the whole run."""
    with stand_in(FAMILIES[name]) as server:
        run(tmp_path, server, concurrency=1)
        assert set(server.refused.values()) == {1}
        assert len(server.accepted) > 20
