"""Which calls are batched, by strategy, and what Python and the command report."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from fake_server import fake_server
from fake_server.requests import KEY

from pytest_hiddenlayer.api import evaluate_paths
from pytest_hiddenlayer.calls.batch.ledger import BATCHES, Ledger
from pytest_hiddenlayer.engine.dependencies import DependencyTracker
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.project import Project
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.types import ModelName

PRICES = "prices:\n  - {provider: openai, model: m, since: 2026-01-01, input: 0, output: 1000}\n"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("HIDDENLAYER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("pytest_hiddenlayer.calls.resources.FLUSH_AFTER_S", 0.3)


def task(folder: Path, n: int, **more: object) -> Path:
    samples = [{"id": f"s{i}", "input": f"q{i} ANSWER={i}", "target": str(i)} for i in range(n)]
    path = folder / "sums.json"
    path.write_text(json.dumps({"task": "sums", "samples": samples, "scorers": ["keyword"], **more}))
    return path


def run(folder: Path, url: str, strategy: str = "single", n: int = 6, told: list[str] | None = None, **more: object):
    options = RunOptions(
        providers=(ModelName(provider="openai", model="m"),),
        strategies=(parse_strategy(strategy),),
        base_urls={"openai": f"{url}/v1"},
        batch=True,
        cache="off",
        gate="off",
    )
    notice = (told if told is not None else []).append
    return evaluate_paths(
        [task(folder, n)], replace(options, **more), Project(root=folder, cwd=folder), notify=notice
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("strategy", "batched", "rest"),
    [
        ("single", {("answer", 0): 6}, {}),
        ("self_consistency:n_samples=4", {("sample", 0): 24}, {}),
        ("debate", {("agent", 0): 18}, {("agent", 1): 18, ("judge", 2): 6}),
        ("manager_worker", {("manager", 0): 6}, None),
    ],
)
def test_the_first_calls_of_each_case_are_batched(tmp_path, strategy, batched, rest):
    """All calls before the first answer go in one batch; rounds, judges and merges are synchronous."""
    with fake_server() as server:
        done = run(tmp_path, server.url, strategy)
        stats = server.stats()
    calls = [call for record in done.records for call in record.transcript]
    kinds: dict[bool, Counter[tuple[str, int]]] = {True: Counter(), False: Counter()}
    for one in calls:
        kinds[bool(one.get("batched"))][one["role"].split("-")[0], one["round"]] += 1
    assert kinds[True] == batched
    assert rest is None or kinds[False] == rest
    assert stats["batches"] == [sum(batched.values())]
    assert stats["requests"] == kinds[False].total()
    assert list((tmp_path / BATCHES).glob("*")) == []


def test_gathered_calls_are_independent_of_cached_ones():
    """If a cache answers two of three gathered calls at once, the third is still independent."""

    async def case() -> list[bool]:
        first, found = DependencyTracker(), list[bool]()

        async def ask(cached: bool) -> None:
            found.append(first.is_independent())
            if not cached:
                await asyncio.sleep(0)
            first.on_answer()

        await asyncio.gather(ask(True), ask(True), ask(False))
        await ask(True)
        return found

    assert asyncio.run(case()) == [True, True, True, False]


def test_a_call_after_a_cached_answer_is_dependent():
    """The second of two sequential calls may contain the first answer, even if it was cached."""

    async def case() -> list[bool]:
        first = DependencyTracker()
        before = first.is_independent()
        first.on_answer()
        return [before, first.is_independent()]

    assert asyncio.run(case()) == [True, False]


def test_calls_of_scorers_are_not_batched(tmp_path):
    """A judge reads the answer: its call is synchronous."""
    samples = [{"id": "s", "input": "q ANSWER=1", "target": "1"}]
    scorer = {"llm_judge": {"criteria": "Is it right?"}}
    path = tmp_path / "judged.json"
    path.write_text(json.dumps({"task": "judged", "samples": samples, "scorers": [scorer]}))
    with fake_server() as server:
        options = RunOptions(
            providers=(ModelName(provider="openai", model="m"),), base_urls={"openai": f"{server.url}/v1"},
            batch=True, cache="off", gate="off",
        )  # fmt: skip
        done = evaluate_paths([path], options, Project(root=tmp_path, cwd=tmp_path))
        assert not done.errors
        assert server.stats()["batches"] == [1]
    (record,) = done.records
    assert [bool(call.get("batched")) for call in record.transcript] == [True] + [False] * (
        len(record.transcript) - 1
    )
    assert len(record.transcript) > 1


def test_more_cases_than_a_window_fill_one_batch(tmp_path):
    """All 200 cases are submitted before the first is awaited."""
    told: list[str] = []
    with fake_server(batch_s=1) as server:
        done = run(tmp_path, server.url, n=200, told=told)
        assert server.stats()["batches"] == [200]
    assert {record.outcome for record in done.records} == {"correct"}
    assert told == [
        "batch of 200 requests sent to openai:m (batch_0)",
        "batch batch_0 of openai:m: collected 200 of 200 requests after 12 min",
    ]


def test_a_batched_answer_is_cached(tmp_path):
    """At temperature 0 the next run finds it, with and without --hl-batch, and makes no call."""
    with fake_server(models=("m",)) as server:
        run(tmp_path, server.url, cache="seeded")
        for batch in (True, False):
            again = run(tmp_path, server.url, cache="seeded", batch=batch)
            assert all(record.cached and record.cost_usd == 0 for record in again.records)
        stats = server.stats()
    assert (stats["batches"], stats["requests"]) == ([6], 0)


def test_a_debate_in_a_batch_costs_half_of_its_first_round(tmp_path):
    """4 words of $0.001: 3 agents at half, then 3 agents and a judge in full: $0.006 + $0.016 per sample."""
    prices = tmp_path / "prices.yaml"
    prices.write_text(PRICES)
    with fake_server() as server:
        done = run(tmp_path, server.url, "debate", prices=prices)
    assert [record.cost_usd for record in done.records] == [pytest.approx(0.022)] * 6


def test_doctor_lists_pending_batches(tmp_path, monkeypatch, capsys):
    """One line for each batch of this folder that was sent and is not in a record."""
    from pytest_hiddenlayer.cli.doctor import _batches

    monkeypatch.chdir(tmp_path)
    assert _batches() == []
    ledger = Ledger(BATCHES, "openai", "gpt-x", "https://api.openai.com/v1")
    entry = ledger.register("/v1/chat/completions", ["a", "b"])
    entry.intended_s -= 720
    ledger.mark_sent(entry, "batch_abc")
    assert _batches() == [
        "batches: openai:gpt-x: batch batch_abc of 2 requests, to be collected, sent 12 min ago; "
        "run the same command again to collect it"
    ]


def test_the_command_prints_what_is_sent_and_collected(tmp_path, monkeypatch, capsys):
    """`hiddenlayer run --batch` reports both on stderr."""
    from pytest_hiddenlayer.cli import main

    monkeypatch.chdir(tmp_path)
    task(tmp_path, 3)
    with fake_server() as server:
        code = main(["run", "sums.json", "--provider", "openai:m", "--base-url", f"{server.url}/v1", "--batch",
                     "--cache", "off", "--gate", "off"])  # fmt: skip
    said = capsys.readouterr().err
    assert code == 0
    assert "batch of 3 requests sent to openai:m (batch_0)" in said
    assert "batch batch_0 of openai:m: collected 3 of 3 requests after 12 min" in said
