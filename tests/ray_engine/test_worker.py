"""A worker answers cases, its files, limits and budget are those of the run. Needs no Ray."""

from __future__ import annotations

import asyncio
import pickle
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_hiddenlayer.calls.limits import open_limiter
from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.record_builder import case_key
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.protocols import ProviderCapabilities
from pytest_hiddenlayer.ray_engine.messages import Setup, Work, WorkItem, without_samples
from pytest_hiddenlayer.ray_engine.shared import SharedState
from pytest_hiddenlayer.ray_engine.staging import MAX_FILE_BYTES, stage_project, worker_options
from pytest_hiddenlayer.ray_engine.worker import Worker
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import Completion, ModelName, Usage
from pytest_hiddenlayer.version import __version__


@pytest.fixture
def options() -> RunOptions:
    return RunOptions(providers=(ModelName(provider="scripted"),), cache="off")


@pytest.fixture
def planned(folder, options):
    """Three cases of one cell."""
    folder.task(epochs=1)
    return list(cases(cells(load_task(folder.path / "evals/sums.yaml", folder.path), options)[0]))


@pytest.fixture
def worker(folder, options, monkeypatch):
    """A started worker in an empty folder."""
    monkeypatch.chdir(folder.path)
    started = Worker()
    hello = started.start(__version__, pickle.dumps(Setup(options=options, run_id="r", cwd=str(folder.path))))
    assert "error" not in hello
    yield started
    started.close()


def items(planned) -> list[WorkItem]:
    return [
        WorkItem(number=number, cell=case.cell.key, sample=case.sample, epoch=case.epoch)
        for number, case in enumerate(planned)
    ]


def all_results(worker, work, n):
    results = list(worker.exchange(worker.id, work).results)
    while len(results) < n:
        results += worker.exchange(worker.id, Work()).results
    return sorted(results, key=lambda result: result.number)


def test_a_worker_answers_with_the_records_of_the_driver(worker, planned):
    """A task without samples is enough: the keys are those that the driver computes."""
    work = Work(items=items(planned), tasks=[without_samples(planned[0].cell.task)])
    results = all_results(worker, pickle.loads(pickle.dumps(work)), 3)
    assert [result.record.key for result in results] == [case_key(case, RunOptions().generate) for case in planned]
    assert [result.record.output for result in results] == ["q0.", "q1.", "q2."]


def test_another_process_than_the_one_asked_knows_nothing(worker):
    """Cases for a worker that was started again are not taken."""
    assert worker.exchange("somebody", Work()).stale


def test_a_cell_that_cannot_be_opened_is_said_per_case(worker, planned):
    """A strategy that this node does not know makes the worker unfit for its cases, and for nothing else."""
    unknown = WorkItem(number=7, cell=("sums", "other", "scripted", "x"), sample=planned[0].sample, epoch=1)
    work = Work(items=[unknown, *items(planned)[:1]], tasks=[without_samples(planned[0].cell.task)])
    answered, refused = all_results(worker, work, 2)
    assert refused.unfit
    assert "is unknown on this node" in refused.error["message"]
    assert answered.record.output == "q0."


def test_another_version_is_refused_before_its_messages_are_read():
    """A worker of another version reads nothing but the version."""
    hello = Worker().start("0.0.1", b"unreadable")
    assert f"has pytest-hiddenlayer {__version__}, and this command is 0.0.1" in hello["error"]


def test_only_what_workers_need_is_copied(folder, tmp_path_factory):
    """With a conftest.py all small files travel, without hidden ones, results and large ones; without it none."""
    for name in (
        "conftest.py",
        "evals/own.py",
        ".env",
        ".git/config",
        "reports/runs/r/records.jsonl",
        "presets/p.yaml",
    ):
        folder.write(name, "x")
    folder.write("weights.bin", "x" * (MAX_FILE_BYTES + 1))
    folder.write("words/single/prompt.txt", "x")
    options = RunOptions(presets=folder.path / "presets", prompts=folder.path / "words")
    copy, bare = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("bare")
    stage_project(folder.path, [folder.path / "conftest.py"], options, copy)
    found = sorted(str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file())
    assert found == [
        "_prompts/single/prompt.txt", "conftest.py", "evals/own.py", "presets/p.yaml", "words/single/prompt.txt",
    ]  # fmt: skip
    stage_project(folder.path, [], RunOptions(), bare)
    assert list(bare.iterdir()) == []
    assert worker_options(options, copy).prompts == copy / "_prompts"


def test_a_project_that_is_too_large_is_said(folder, tmp_path_factory, monkeypatch):
    """The command ends with what to do, instead of copying gigabytes."""
    monkeypatch.setattr("pytest_hiddenlayer.ray_engine.staging.MAX_BYTES", 10)
    folder.write("conftest.py", "x" * 20)
    with pytest.raises(UsageError, match=r"the workers need a copy of .*; move the evals"):
        stage_project(folder.path, [folder.path / "conftest.py"], RunOptions(), tmp_path_factory.mktemp("copy"))


@pytest.mark.parametrize("n", [3, 10, 64])
def test_the_shares_of_a_limit_add_up(n):
    """Workers that ask one server have together --concurrency calls in flight; a model of their own is not shared."""
    server, own = ProviderCapabilities(endpoint="https://x"), ProviderCapabilities()
    shares = [open_limiter(server, RunOptions(processes=3, process=i), n).bound for i in range(3)]
    assert sum(shares) == n
    assert open_limiter(own, RunOptions(processes=3, process=1), n).bound == n


def test_adapting_limits_are_divided_too():
    """Without --concurrency each worker starts with its part of the provider's first limit."""
    capabilities = ProviderCapabilities(endpoint="https://x", concurrency=(20, 200))
    limiter = open_limiter(capabilities, RunOptions(processes=4), None)
    assert (limiter.bound, limiter.maximum) == (5, 50)


def test_calls_of_a_lost_worker_count_as_unconfirmed(tmp_path):
    """What a worker had reserved when it ended may have been billed; what it settles later is not counted twice."""

    async def spend():
        state = SharedState(Decimal(1), tmp_path / "cache", None)
        assert await state.reserve("a", Decimal("0.4"), 0) == Decimal("0.4")
        assert await state.reserve("b", Decimal("0.3"), 0) == Decimal("0.3")
        await state.commit("b", Decimal("0.3"), Decimal("0.1"))
        await state.lose("a")
        await state.commit("a", Decimal("0.4"), Decimal("0.4"))
        refused = await state.reserve("b", Decimal("0.6"), 0)
        return await state.amounts(), refused

    amounts, refused = asyncio.run(spend())
    assert (amounts["spent"], amounts["unconfirmed"], amounts["reserved"]) == (Decimal("0.1"), Decimal("0.4"), 0)
    assert "it may cost $0.600000, $0.500000 is left" in refused


def test_a_worker_that_ends_while_it_waits_for_the_budget_reserves_nothing(tmp_path):
    """Its turn comes after it has ended: the amount stays free for the others."""

    async def spend():
        state = SharedState(Decimal(1), tmp_path / "cache", None)
        await state.reserve("b", Decimal("0.8"), 0)
        waiting = asyncio.ensure_future(state.reserve("a", Decimal("0.5"), 0))
        await asyncio.sleep(0)
        await state.lose("a")
        await state.commit("b", Decimal("0.8"), Decimal("0.1"))
        await waiting
        return await state.amounts()

    assert asyncio.run(spend())["reserved"] == 0


def test_the_shared_cache_returns_what_was_stored(tmp_path):
    """Two workers share the file of the driver's user."""
    fields = {"provider": "p", "model": "m", "params": {"temperature": 0}, "messages": [["user", "q"]]}
    completion = Completion(text="a", finish_reason="stop", model="m", latency_s=1.0, usage=Usage(calls=1))

    async def use():
        state = SharedState(None, Path(tmp_path / "cache.sqlite"), "seeded")
        missing = await state.cached(fields)
        await state.store(fields, completion, True)
        found = await state.cached(fields)
        await state.close()
        return missing, found

    missing, found = asyncio.run(use())
    assert missing is None
    assert (found.text, found.cached) == ("a", True)
