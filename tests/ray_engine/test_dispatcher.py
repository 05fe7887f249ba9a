"""Cases are divided among workers and answered once, whatever becomes of a worker. Needs no Ray."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.unfinished.completed_call import CompletedCall
from pytest_hiddenlayer.errors import HiddenLayerError, ProviderError, ProviderUnavailableError, UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.ray_engine.dispatcher import MAX_LOSSES, Dispatcher
from pytest_hiddenlayer.ray_engine.members import IN_FLIGHT, Lost
from pytest_hiddenlayer.ray_engine.messages import Reply, Result, Work
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import Completion, ModelName, Record, Usage

DEADLINE_S = 60  # a test that waits longer hangs


@dataclass(eq=False)
class FakeWorker:
    """Keeps what it was given; the test answers."""

    name: str
    started: queue.Queue = field(default_factory=queue.Queue)
    given: queue.Queue = field(default_factory=queue.Queue)

    def start(self, answered: Any) -> None:
        self.started.put(answered)

    def exchange(self, worker: str, work: Work, answered: Any) -> None:
        self.given.put((worker, work, answered))

    def be_ready(self, number: int = 1) -> None:
        self.started.get(timeout=DEADLINE_S)({"id": f"{self.name}{number}", "node": self.name})

    def work(self) -> tuple[list[int], Any]:
        """(numbers of the cases, what receives the reply) of the next exchange that brings cases."""
        while True:
            _, work, answered = self.given.get(timeout=DEADLINE_S)
            if work.items:
                return [item.number for item in work.items], answered
            answered(Reply())


@dataclass
class TwoWorkers:
    """A dispatcher over two fake workers, and what it passed on."""

    first: FakeWorker
    second: FakeWorker
    log: list[Record] = field(default_factory=list)
    calls: list[CompletedCall] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    dispatcher: Any = None


@pytest.fixture
def planned(tmp_path):
    """Six cases of one cell."""
    samples = "\n".join(f"  - {{id: s{n}, input: '{n}', target: '{n}'}}" for n in range(6))
    (tmp_path / "t.yaml").write_text(f"task: t\nsamples:\n{samples}\nscorers: [exact]\n")
    options = RunOptions(providers=(ModelName(provider="scripted"),))
    return list(cases(cells(load_task(tmp_path / "t.yaml", tmp_path), options)[0]))


@pytest.fixture
def two(request) -> Iterator[TwoWorkers]:
    """A started dispatcher; its two workers are not ready yet."""
    two = TwoWorkers(FakeWorker("a"), FakeWorker("b"))
    two.dispatcher = Dispatcher(
        [two.first, two.second],
        on_records=two.log.extend,
        on_calls=two.calls.extend,
        on_lost=two.lost.append,
        notify=two.said.append,
        wait_s=getattr(request, "param", DEADLINE_S),
        why_none=lambda: "nobody came",
    )
    two.dispatcher.start()
    yield two
    two.dispatcher.stop()


def answer(case, number: int) -> Result:
    """A record of a case, as a worker returns it."""
    record = Record(
        run_id="r", key=case.sample.id, task="t", sample_id=case.sample.id, epoch=1, strategy="single",
        strategy_params={}, provider="scripted", model="scripted", input="", target=None, output="", answer=None,
        scores={}, outcome="correct", usage={}, cost_usd=0.0, latency_s=0.0, transcript=[], error=None, seed=0,
        started_at="",
    )  # fmt: skip
    return Result(number=number, record=record)


def reply(planned, numbers) -> Reply:
    return Reply(results=[answer(planned[number - 1], number) for number in numbers])


def submitted(two: TwoWorkers, planned) -> list[Any]:
    """The futures of cases that arrive together: the dispatcher's thread waits until the last is submitted."""
    last = threading.Event()
    two.dispatcher._events.put(lambda: last.wait(DEADLINE_S))
    futures = [two.dispatcher.submit(case, None) for case in planned]
    last.set()
    return futures


def ids(futures) -> list[str]:
    return [future.result(timeout=DEADLINE_S).sample_id for future in futures]


def test_ready_workers_share_what_waits(two, planned):
    """Two workers get three of six cases each, and every record is in the log before its future is done."""
    two.first.be_ready()
    two.second.be_ready()
    futures = submitted(two, planned)
    first, answered = two.first.work()
    second, answered_too = two.second.work()
    assert sorted(first + second) == [1, 2, 3, 4, 5, 6]
    assert len(first) == len(second)
    answered(reply(planned, first))
    answered_too(reply(planned, second))
    assert ids(futures) == ["s0", "s1", "s2", "s3", "s4", "s5"]
    assert len(two.log) == 6


def test_the_first_worker_leaves_a_share_for_one_that_is_starting(planned):
    """In a small run no worker takes everything because it was ready first."""
    workers = [FakeWorker("a"), FakeWorker("b")]
    two = TwoWorkers(*workers)
    two.dispatcher = Dispatcher(workers, on_records=two.log.extend, together_s=DEADLINE_S)
    two.dispatcher.start()
    workers[0].be_ready()
    submitted(two, planned)
    assert workers[0].work()[0] == [1, 2, 3]
    workers[1].be_ready()
    assert workers[1].work()[0][0] == 4
    two.dispatcher.stop()


def test_cases_of_a_worker_that_ends_go_to_another(two, planned):
    """What was in flight is asked again elsewhere; what was answered is not, and nothing is logged twice."""
    two.first.be_ready()
    futures = submitted(two, planned)
    taken, answered = two.first.work()
    answered(reply(planned, taken[:2]))
    assert ids(futures[:2]) == ["s0", "s1"]
    _, _, answered = two.first.given.get(timeout=DEADLINE_S)
    answered(Lost(reason="its node ended"))
    two.second.be_ready()
    again, answered = two.second.work()
    assert again == [3, 4, 5, 6]
    answered(reply(planned, again))
    assert ids(futures) == ["s0", "s1", "s2", "s3", "s4", "s5"]
    assert sorted(record.sample_id for record in two.log) == ["s0", "s1", "s2", "s3", "s4", "s5"]
    assert two.lost == ["a1"]
    assert two.said == ["a worker on a has ended (its node ended); 4 cases are asked again"]


def test_a_worker_that_was_started_again_unnoticed_gets_its_cases_again(two, planned):
    """A reply of another process than the one that got the cases makes them asked again."""
    two.first.be_ready()
    futures = submitted(two, planned[:1])
    _, answered = two.first.work()
    answered(Reply(stale=True))
    two.first.be_ready(2)
    again, answered = two.first.work()
    answered(reply(planned, again))
    assert ids(futures) == ["s0"]


def test_a_result_that_comes_twice_counts_once(two, planned):
    """A second record of the same case is ignored."""
    two.first.be_ready()
    futures = submitted(two, planned[:2])
    _, answered = two.first.work()
    answered(reply(planned, [1, 1]))
    assert ids(futures[:1]) == ["s0"]
    _, _, answered = two.first.given.get(timeout=DEADLINE_S)
    answered(reply(planned, [1, 2]))
    assert ids(futures) == ["s0", "s1"]
    assert [record.sample_id for record in two.log] == ["s0", "s1"]


def test_a_case_that_ends_its_process_is_given_up(two, planned):
    """After a few lost workers the case fails with the reason, asked alone, and others are answered."""
    two.first.be_ready()
    futures = submitted(two, planned[:2])
    for number in range(2, MAX_LOSSES + 10):
        if futures[0].done():
            break
        taken, answered = two.first.work()
        if taken == [2]:
            answered(reply(planned, [2]))
            continue
        answered(Lost(reason="killed"))
        two.first.be_ready(number)
    with pytest.raises(ProviderError, match=r"sample s0 of t: 4 workers ended while they answered it \(killed\)"):
        futures[0].result(timeout=DEADLINE_S)
    if not futures[1].done():
        taken, answered = two.first.work()
        answered(reply(planned, taken))
    assert ids(futures[1:]) == ["s1"]


def test_a_model_that_one_node_lacks_is_asked_on_another(two, planned):
    """A worker that cannot answer a cell is passed over for it; its cases are not skipped."""
    two.first.be_ready()
    futures = submitted(two, planned[:1])
    _, answered = two.first.work()
    lacking = {"kind": "ProviderUnavailableError", "message": "mlx is not installed"}
    answered(Reply(results=[Result(number=1, error=lacking, unfit=True)]))
    two.second.be_ready()
    taken, answered = two.second.work()
    answered(reply(planned, taken))
    assert ids(futures) == ["s0"]
    assert two.said == ["not every worker can answer t[single]: mlx is not installed; the others do"]


def test_a_model_that_no_node_has_is_unavailable(two, planned):
    """If no worker can answer a cell, its cases raise what opening the model raised."""
    two.first.be_ready()
    two.second.be_ready()
    futures = submitted(two, planned[:1])
    lacking = {"kind": "ProviderUnavailableError", "message": "mlx is not installed"}
    for worker in (two.first, two.second):
        _, answered = worker.work()
        answered(Reply(results=[Result(number=1, error=lacking, unfit=True)]))
    with pytest.raises(ProviderUnavailableError, match="mlx is not installed"):
        futures[0].result(timeout=DEADLINE_S)


def test_a_wrong_prompt_is_an_error_of_its_case_only(two, planned):
    """An error that a case raises on a worker is raised here, as the same class."""
    two.first.be_ready()
    futures = submitted(two, planned[:1])
    _, answered = two.first.work()
    wrong = {"kind": "UsageError", "message": "prompt: unknown variable"}
    answered(Reply(results=[Result(number=1, error=wrong)]))
    with pytest.raises(UsageError, match="unknown variable"):
        futures[0].result(timeout=DEADLINE_S)


def test_workers_with_another_version_leave_nothing_to_answer(two, planned):
    """If no worker can be used, the reason is the fault, and every case fails with it."""
    for worker in (two.first, two.second):
        worker.started.get(timeout=DEADLINE_S)({"id": "x", "node": "n", "error": "n has version 0.9"})
    assert two.dispatcher.ready.wait(DEADLINE_S)
    with pytest.raises(UsageError, match=r"n has version 0\.9"):
        two.dispatcher.submit(planned[0], None).result(timeout=DEADLINE_S)


@pytest.mark.parametrize("two", [0.0], indirect=True)
def test_no_worker_within_the_time_is_said(two, planned):
    """Cases do not wait for ever for a node that no cluster has."""
    assert two.dispatcher.ready.wait(DEADLINE_S)
    assert str(two.dispatcher.fault) == "nobody came"
    with pytest.raises(HiddenLayerError, match="nobody came"):
        two.dispatcher.submit(planned[0], None).result(timeout=DEADLINE_S)


def test_a_log_that_cannot_be_written_is_raised(planned):
    """What `on_records` raises reaches everyone who waits for a record."""
    worker = FakeWorker("a")

    def fail(records):
        raise ProviderError("no space")

    dispatcher = Dispatcher([worker], on_records=fail)
    dispatcher.start()
    worker.be_ready()
    futures = [dispatcher.submit(case, None) for case in planned[:2]]
    taken, answered = worker.work()
    answered(reply(planned, taken))
    with pytest.raises(ProviderError, match="no space"):
        futures[1].result(timeout=DEADLINE_S)
    dispatcher.stop()


def test_a_worker_holds_a_limited_number_of_cases(two, planned):
    """The rest waits for whoever is free next."""
    two.first.be_ready()
    many = [replace(planned[0], sample=replace(planned[0].sample, id=str(number))) for number in range(2 * IN_FLIGHT)]
    submitted(two, many)
    held, answered = two.first.work()
    assert len(held) == IN_FLIGHT
    answered(Reply())
    _, more, _ = two.first.given.get(timeout=DEADLINE_S)
    assert more.items == []


def test_a_task_travels_once_and_without_its_samples(two, planned):
    """The samples come with their cases, so that a worker never holds a dataset."""
    two.first.be_ready()
    two.dispatcher.submit(planned[0], None)
    _, work, answered = two.first.given.get(timeout=DEADLINE_S)
    assert [(task.name, task.samples) for task in work.tasks] == [("t", ())]
    assert work.items[0].sample.id == "s0"
    answered(reply(planned, [1]))
    two.dispatcher.submit(planned[1], None)
    _, work, _ = two.first.given.get(timeout=DEADLINE_S)
    assert work.tasks == []


def test_calls_of_half_done_cases_travel_both_ways(two, planned):
    """A worker gets the calls that a killed run made of a case, and the driver those that workers answered."""
    completion = Completion(text="t", finish_reason="stop", usage=Usage(), latency_s=1.0, model="m")
    call = CompletedCall(key="k", started_at="", request="1", elapsed_s=1.0, completion=completion)
    two.first.be_ready()
    future = two.dispatcher.submit(planned[0], None, [call])
    _, work, answered = two.first.given.get(timeout=DEADLINE_S)
    assert work.items[0].earlier == [call]
    answered(replace(reply(planned, [1]), calls=[call]))
    future.result(DEADLINE_S)
    assert two.calls == [call]
