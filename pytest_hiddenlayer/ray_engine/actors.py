"""The processes that Ray runs for a driver, its actors: the workers, and the one with budget and cache."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ..calls.cache.sqlite import default_path
from ..options import RunOptions
from ..version import __version__
from .cluster import import_ray
from .members import Answered, Lost
from .messages import Setup, Work
from .options import RayOptions
from .shared import SharedState
from .worker import Worker

CLOSE_S = 5.0
"""Seconds that workers have to close their models."""
MAX_WAITING = 1_000_000
"""Calls that may wait for the budget at the same time: a settlement must never queue behind them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RayWorker:
    """One actor; Ray starts it again, on another node if need be, when it ends."""

    actor: Any
    setup: Setup

    def start(self, answered: Answered) -> None:
        """Set the worker up."""
        _when_done(self.actor.start.remote(__version__, pickle.dumps(self.setup)), answered)

    def exchange(self, worker: str, work: Work, answered: Answered) -> None:
        """Give cases to the worker, and have `answered` receive the results since the last time."""
        _when_done(self.actor.exchange.remote(worker, work), answered)


@dataclass(kw_only=True, slots=True)
class Actors:
    """The processes of one run: its workers, and the one with budget and cache if the run has either."""

    ray_options: RayOptions
    setup: Setup
    size: int
    workers: list[RayWorker]
    shared: Any = None

    @classmethod
    def start(cls, ray_options: RayOptions, options: RunOptions, setup: Setup, size: int) -> Actors:
        """Return the actors, which Ray starts as soon as nodes have the resources."""
        shared = _start_shared(options)
        setup = replace(setup, shared=shared)
        actors = cls(ray_options=ray_options, setup=setup, size=size, workers=[], shared=shared)
        for _ in range(size):
            actors.add()
        return actors

    def add(self) -> RayWorker:
        """Start one more worker, and return it."""
        ray = import_ray()
        demand = dict(self.ray_options.demand)
        cpus, gpus = demand.pop("CPU"), demand.pop("GPU", 0)
        actor = ray.remote(Worker).options(
            num_cpus=cpus,
            num_gpus=gpus,
            resources=demand,
            max_restarts=-1,
            max_task_retries=0,  # a case whose worker ended is handed out by the driver
            scheduling_strategy="SPREAD",
        )
        process = len(self.workers) % self.size
        own = replace(self.setup, options=replace(self.setup.options, process=process, processes=self.size))
        worker = RayWorker(actor=actor.remote(), setup=own)
        self.workers.append(worker)
        return worker

    def lose(self, worker: str) -> None:
        """Tell the budget that a worker has ended."""
        if self.shared is not None:
            self.shared.lose.remote(worker)

    def amounts(self) -> dict[str, Any]:
        """The fields of the budget; empty without one, or if the process that holds it has ended."""
        ray = import_ray()
        if self.shared is not None:
            with suppress(ray.exceptions.RayError):
                found: dict[str, Any] = ray.get(self.shared.amounts.remote(), timeout=CLOSE_S)
                return found
        return {}

    def stop(self) -> None:
        """Close the models and the cache, then end all processes."""
        ray = import_ray()
        closing: Sequence[Any] = [worker.actor.close.remote() for worker in self.workers]
        if closing:
            ray.wait(closing, num_returns=len(closing), timeout=CLOSE_S)
        if self.shared is not None:
            ray.wait([self.shared.close.remote()], timeout=CLOSE_S)
        for worker in self.workers:
            with suppress(ray.exceptions.RayError):
                ray.kill(worker.actor)


def _start_shared(options: RunOptions) -> Any:
    """The process with budget and cache, on the driver's node; None if the run has neither."""
    if options.budget_usd is None and options.cache == "off":
        return None
    ray = import_ray()
    here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
        ray.get_runtime_context().get_node_id(), soft=False
    )
    mode = None if options.cache == "off" else "all" if options.cache == "all" else "seeded"
    actor = ray.remote(SharedState).options(num_cpus=0, max_concurrency=MAX_WAITING, scheduling_strategy=here)
    return actor.remote(options.budget_usd, default_path(), mode, options.spent_usd)


def _when_done(reference: Any, answered: Answered) -> None:
    """Pass on what a call returns, or that its worker has ended."""

    def done(future: Future[Any]) -> None:
        error = future.exception()
        answered(future.result() if error is None else _lost(error))

    reference.future().add_done_callback(done)


def _lost(error: BaseException) -> Lost:
    ray = import_ray()
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, ray.exceptions.ActorDiedError):
        return Lost(reason=lines[-1] if lines else "it died", permanent=True)
    if isinstance(error, ray.exceptions.RayTaskError):
        return Lost(reason=lines[-1] if lines else "its code failed", permanent=True)
    if isinstance(error, ray.exceptions.RayActorError):
        return Lost(reason="its process or its node ended")
    return Lost(reason=f"{type(error).__name__}: {lines[0] if lines else ''}", permanent=True)
