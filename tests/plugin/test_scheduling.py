"""How items of this computer's workers are distributed, on a simulated clock."""

from __future__ import annotations

import heapq
from types import SimpleNamespace

import pytest

pytest.importorskip("xdist", reason="needs pytest-xdist: pip install pytest-xdist")

from xdist.scheduler import LoadScheduling

from pytest_hiddenlayer.plugin.xdist.scheduling import FullScheduling


class Worker:
    """A worker that asks for all answers of its queue, and reports its items in order.

    Like xdist's, it runs its last item only when it has another one, or learns that no item follows.
    """

    def __init__(self, name):
        self.gateway = SimpleNamespace(id=name)
        self.queue, self.shutting_down = [], False
        self.asked, self.reported, self.answered = 0, 0, set()

    def send_runtest_some(self, indexes):
        assert not self.shutting_down
        self.queue += indexes

    def shutdown(self):
        self.shutting_down = True

    def report(self):
        """The next item that is complete; None if it has to wait."""
        at = self.reported
        if at not in self.answered or (at + 1 == len(self.queue) and not self.shutting_down):
            return None
        self.reported += 1
        return self.queue[at]


def simulate(scheduling, names, in_flight, n_workers=4):
    """(answers times until the last item is reported, the queues); the workers share the calls in flight."""
    config = SimpleNamespace(getvalue=lambda name: ["popen"] * n_workers, getoption=lambda name: None)
    log = SimpleNamespace(loadsched=lambda *args: None)
    scheduler, workers = scheduling(config, log), [Worker(f"gw{i}") for i in range(n_workers)]
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, names)
    scheduler.schedule()
    rounds, waiting, reported = 0, [], 0
    while reported < len(names):
        for number, worker in enumerate(workers):
            for at in range(worker.asked, len(worker.queue)):
                heapq.heappush(waiting, (at, number))
            worker.asked = len(worker.queue)
        assert waiting, "every worker waits for items"
        for at, number in [heapq.heappop(waiting) for _ in range(min(in_flight, len(waiting)))]:
            workers[number].answered.add(at)
        rounds += 1
        done = True
        while done:
            done = [(w, index) for w in workers if (index := w.report()) is not None]
            for worker, index in done:
                scheduler.mark_test_complete(worker, index)
            reported += len(done)
    return rounds, [worker.queue for worker in workers]


@pytest.mark.parametrize(("n", "in_flight"), [(3, 32), (10, 32), (100, 32), (1000, 32), (100, 256), (1000, 256)])
def test_the_models_are_busy_until_the_last_eval(n, in_flight):
    """Four workers answer evals in as many rounds as one process with the same number of calls in flight."""
    names = [f"evals/sums.yaml::s{i}[single-mlx]" for i in range(n)]
    rounds, queues = simulate(lambda *args: FullScheduling(*args, lambda: in_flight), names, in_flight)
    assert rounds == -(-n // in_flight)
    assert sorted(index for queue in queues for index in queue) == list(range(n))


@pytest.mark.parametrize("n", [3, 10, 1000])
def test_other_tests_are_distributed_as_by_xdist(n):
    """Items of test functions reach the workers in the parts that xdist's `load` makes."""
    names = [f"tests/test_sums.py::test_{i}" for i in range(n)]
    assert simulate(lambda *args: FullScheduling(*args, lambda: 32), names, 4) == simulate(LoadScheduling, names, 4)


class Dead(Worker):
    """A worker that has died, which xdist has not noticed."""

    def send_runtest_some(self, indexes):
        raise OSError("cannot send (already closed?)")


def test_a_worker_that_dies_while_it_is_sent_items_ends_no_run():
    """The other workers get theirs, and its own go to others once it is removed."""
    config = SimpleNamespace(getvalue=lambda name: ["popen"] * 2, getoption=lambda name: None)
    log = SimpleNamespace(loadsched=lambda *args: None)
    scheduler, dead, other = FullScheduling(config, log, lambda: 4), Dead("gw0"), Worker("gw1")
    names = [f"evals/t.yaml::s{i}" for i in range(12)]
    for worker in (dead, other):
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, names)
    scheduler.schedule()
    crashed = scheduler.remove_node(dead)
    assert crashed in names
    assert sorted(other.queue + scheduler.pending) == [i for i in range(12) if names[i] != crashed]
