"""Every strategy and every judge is answered by every family of models, plain, streamed and in batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.folder import Folder

from pytest_hiddenlayer import evaluate
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.scorers.build import build_scorer
from pytest_hiddenlayer.types import Record, Spec

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
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "sk-fake")
    # The port of a stand-in that has ended may be that of the next one: no answer may come from a cache.
    monkeypatch.setenv("HIDDENLAYER_CACHE", str(tmp_path / "cache"))


def run(folder: Path, server: StandIn, task: dict[str, Any] = TASK, **options: Any) -> list[Record]:
    """Return the records of a run of the task at a stand-in."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    path = folder / "sums.json"
    path.write_text(json.dumps(task))
    provider = server.family.provider
    name = f"{provider}:{MODEL}"
    done = evaluate(
        path, cwd=folder, provider=name, judge=name, base_url=f"{provider}={server.url}", cache="off", **options
    )
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
        check(FAMILIES[name], server, run(tmp_path, server, concurrency=1))
        assert set(server.refused.values()) == {1}
        assert len(server.accepted) > 20


def test_a_judge_is_asked_for_an_object_unless_the_task_says_otherwise(tmp_path: Path):
    """`structured: false` sends no schema, so nothing is refused and nothing warned of."""
    judges = [
        {"llm_judge": {"criteria": "Is it right?", "structured": False}},
        {"win_rate": {"structured": False}},
        {"coherence": {"structured": False}},
    ]
    with stand_in(FAMILIES["deepseek"]) as server:
        records = run(tmp_path, server, {**TASK, "scorers": judges, "strategies": ["single"]})
        assert [record.outcome for record in records] == ["correct"]
        assert not server.refused
    assert "schema" not in warnings_of(records)


@pytest.mark.parametrize("front_end", ["pytest", "pytest -n 2", "command"])
def test_what_was_left_out_is_said_at_the_end_of_the_run(folder: Folder, front_end: str):
    """Each refused parameter is printed with the number of its calls, one that the user chose too."""
    generate = {"temperature": 0.3, "stop": ["\n\n"]}
    task = {**TASK, "strategies": ["single"], "scorers": ["numeric"], "generate": generate}
    folder.write("evals/sums.json", task)
    with stand_in(FAMILIES["openai reasoning"]) as server:
        where = (
            "evals",
            "--provider",
            f"openai:{MODEL}",
            "--hl-base-url",
            f"openai={server.url}",
            "--hl-cache",
            "off",
        )
        done = (
            folder.command("run", *where) if front_end == "command" else folder.pytest(*front_end.split()[1:], *where)
        )
        assert set(server.refused.values()) == {1}
    assert done.ret == 0
    text = done.stdout.str()
    assert "1 x temperature was not sent, because the server refuses it" in text
    assert "1 x stop was not sent, because the server refuses it" in text


def test_a_judge_that_thinks_by_default_can_be_told_how_much(tmp_path: Path):
    """`reasoning_effort` of each judge reaches the model; the candidate's own is that of `generate`."""
    judges = [
        {"llm_judge": {"criteria": "Is it right?", "reasoning_effort": "none"}},
        {"win_rate": {"reasoning_effort": "none"}},
        {"coherence": {"reasoning_effort": "none"}},
    ]
    task = {**TASK, "scorers": judges, "strategies": ["single"], "generate": {"reasoning_effort": "high"}}
    with stand_in(FAMILIES["claude 5.5"]) as server:
        run(tmp_path, server, task)
        kinds = [body["thinking"]["type"] for body in server.accepted]
    assert kinds == ["adaptive", *["disabled"] * 4]


@pytest.mark.parametrize("scorer", ["llm_judge", "win_rate", "coherence"])
def test_an_unknown_reasoning_effort_of_a_judge_is_refused(scorer: str):
    """The error lists the known ones."""
    params = {"reasoning_effort": "hard", **({"criteria": "x"} if scorer == "llm_judge" else {})}
    with pytest.raises(UsageError, match=r"reasoning_effort must be one of none, minimal, .*, got 'hard'"):
        build_scorer(Spec(name=scorer, params=params))
