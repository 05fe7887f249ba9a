"""Runs cases on one event loop in a background thread."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from ..calls.batch.ledger import BATCHES
from ..calls.broker.client import BrokerClient
from ..calls.cost.budget import Budget
from ..calls.event_loop import EventLoopThread
from ..calls.pool import ModelPool
from ..calls.protocols import prioritized
from ..model_names import parse_model
from ..options import RunOptions
from ..protocols import Provider
from ..scorers.capabilities import capabilities_of
from ..types import Call, ModelName, Record
from .budget_controls import SharedControls, control_case, draw_controls, wants_controls
from .cases import Case, Cell
from .missing_logprobs import MissingLogprobs
from .record_builder import case_key
from .record_sink import RecordSink
from .run_case import run_case
from .unfinished.case_calls import CaseCalls, WriteCalls
from .unfinished.completed_call import CompletedCall

T = TypeVar("T")
UNBATCHED = (
    "--hl-batch: items that run one at a time (test functions, overridden fixtures, -x) use the synchronous API"
)
MIN_WINDOW = 256
"""Minimum number of cases to start ahead: many at once, because alternating between two threads costs time."""
FIRST_ROUNDS = 10
"""Loop iterations within which cases that start together send their first calls."""
FIRST_S = 0.2
"""Maximum time, in seconds, that a caller waits for these iterations."""


class Runtime:
    """Runs cases in the background. Starts with the first submit; closed once."""

    remote_window = 0
    """How many cases may be in flight if other processes answer them; 0: this process answers."""

    def __init__(
        self,
        options: RunOptions,
        run_id: str,
        on_records: Callable[[Sequence[Record]], None] | None = None,
        broker: BrokerClient | None = None,
        batches: Path = BATCHES,
        on_notice: Callable[[str], None] = lambda text: None,
        take_reused: Callable[[str], Record | None] | None = None,
        on_calls: WriteCalls | None = None,
        earlier_calls: Mapping[str, Sequence[CompletedCall]] = MappingProxyType({}),
        open_pool: Callable[..., ModelPool] = ModelPool,
    ) -> None:
        """`on_records` receives complete records, `on_notice` messages for the user; both on the loop's thread.

        `broker` is the process that holds the models, `batches` the folder of the batch ledger.
        `take_reused` returns the record of a case's key that is reused instead of calling the model, if any.
        `earlier_calls` are those that a killed run made of cases without a record, by key; `on_calls` receives
        calls of cases that go on.
        `open_pool` makes the pool of models: another one shares budget and cache with other processes.
        """
        self.options, self.run_id = options, run_id
        self._event_loop = EventLoopThread()
        self.pool = open_pool(options, self._event_loop, broker=broker, batches=batches, notify=on_notice)
        self._on_notice = on_notice
        self._missing = MissingLogprobs(on_notice)
        self._unbatched_reported = False
        self._take_reused = take_reused
        self._earlier_calls, self._on_calls = dict(earlier_calls), on_calls
        self._submitting = threading.Lock()
        self._submitted: list[tuple[Coroutine[Any, Any, Any], Future[Any]]] = []  # not started yet
        self._collecting = False  # inside `together`: nothing starts yet
        self._sink = RecordSink(on_records)
        self.keep_errors = False  # whether `user_errors` is filled: exceptions keep the memory of their frames
        self.user_errors: dict[str, BaseException] = {}  # key of a record → what a user's code raised
        unit = options.shared_controls
        self._shared_controls = None if unit is None else SharedControls(unit)
        self._orders = count()
        self._tasks: set[asyncio.Future[Any]] = set()

    def provider(self, name: ModelName) -> Provider:
        """The open provider of a model. If opening it failed, every call raises that error again."""
        return self.pool.provider(name)

    @property
    def window(self) -> int:
        """How many cases to submit ahead, so that calls are always queued when the oldest cases end."""
        if self.options.batch:
            return sys.maxsize  # a case that is not submitted now would need another batch
        return MIN_WINDOW + 2 * self.pool.concurrency

    @property
    def budget(self) -> Budget | None:
        """The run's budget; None if it has none, or nothing was opened."""
        return self.pool.budget

    def submit(
        self,
        case: Case,
        provider: Provider | None = None,
        judge: Provider | None = None,
        on_control: Callable[[Record], None] | None = None,
        *,
        unbatched: bool = False,
        on_call: Callable[[Call], None] | None = None,
    ) -> Future[Record]:
        """The future record of a case. Raises what opening a provider raised.

        Under `equal_budget`, `on_control` receives the records of the control samples, in order,
        before the future is done; without `on_control` none are drawn. `unbatched`: the caller
        waits for this record before it submits another, so that no batch would fill. `on_call` receives
        each call when it is answered, on the loop's thread.
        """
        candidate = provider or self.provider(case.cell.model)
        judge_provider = judge or (self.provider(case.cell.judge) if case.cell.judge else candidate)
        order = next(self._orders)
        named_models = {name: prioritized(self.provider(model), order) for name, model in _named_models(case.cell)}
        case_candidate = prioritized(candidate, order)
        case_judge = case_candidate if judge_provider is candidate else prioritized(judge_provider, order)
        answer = partial(self._answer, case_candidate, case_judge, named_models, unbatched, on_call)
        if unbatched and self.options.batch and not self._unbatched_reported:
            self._unbatched_reported = True
            self._on_notice(UNBATCHED)
        return self._start(self._with_controls(case, answer, on_control))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Start what is submitted in this block at its end, with one wake-up of the loop.

        The caller sleeps while the loop sends the first calls: two threads that compete for
        Python's global lock switch thousands of times per second.
        """
        self._collecting = True
        try:
            yield
        finally:
            self._collecting = False
            if self._submitted:
                loop, calls_sent = self._event_loop.loop, threading.Event()
                loop.call_soon_threadsafe(self._start_submitted)
                loop.call_soon_threadsafe(_call_after, loop, FIRST_ROUNDS, calls_sent.set)
                calls_sent.wait(FIRST_S)

    def _start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start work on the loop; one wake-up serves everything submitted since the last one."""
        loop, future = self._event_loop.loop, Future[T]()
        with self._submitting:
            self._submitted.append((work, future))
            if len(self._submitted) == 1 and not self._collecting:
                loop.call_soon_threadsafe(self._start_submitted)
        return future

    def _start_submitted(self) -> None:
        with self._submitting:
            submitted, self._submitted = self._submitted, []
        for work, future in submitted:
            task = asyncio.ensure_future(work)
            self._tasks.add(task)  # a loop does not keep its tasks alive
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(partial(self._deliver, future))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and return its result. Raises what it raises."""
        return self._event_loop.run(work)

    def wait(self, future: Future[T], meanwhile: Callable[[], None] = lambda: None) -> T:
        """Return the future's result; `meanwhile` is called about once per second until it is done.

        Raises ProviderError if the loop's thread has ended.
        """
        return self._event_loop.wait(future, meanwhile)

    async def _with_controls(
        self,
        case: Case,
        answer: Callable[[Case], Coroutine[Any, Any, Record]],
        on_control: Callable[[Record], None] | None,
    ) -> Record:
        record = await answer(case)
        if on_control is None or not self.options.equal_budget:
            return record
        controls: list[Record] = []
        if self._shared_controls is not None:
            controls = await self._shared_controls.draw(case, record, answer)
        elif wants_controls(record):
            controls = await draw_controls(record, lambda number: answer(control_case(case, number)))
        for control in controls:
            on_control(control)
        return record

    async def _answer(
        self,
        candidate: Provider,
        judge_provider: Provider,
        named_models: Mapping[str, Provider],
        unbatched: bool,
        on_call: Callable[[Call], None] | None,
        case: Case,
    ) -> Record:
        found = self._reused_record(case)
        if found is not None:
            cell = case.cell  # the same model may have another slug, if another model of that name takes part now
            record = replace(found, run_id=self.run_id, label=cell.strategy.label, slug=cell.slug)
        else:
            record = await run_case(
                case,
                candidate,
                judge_provider,
                overrides=self.options.generate,
                run_id=self.run_id,
                named_models=named_models,
                unbatched=unbatched,
                token_logprobs=self.options.token_logprobs,
                confidence=self.options.confidence,
                prompts=self.options.prompts,
                on_error=self._keep_error,
                on_call=on_call,
                case_calls=self._calls_of(case),
            )
        if self.options.token_logprobs or self.options.confidence:
            self._missing.check(record, self.options, resumed=found is not None)
        self._sink.put(record)
        return record

    def _reused_record(self, case: Case) -> Record | None:
        return None if self._take_reused is None else self._take_reused(case_key(case, self.options.generate))

    def take_over(self, calls: Sequence[CompletedCall]) -> None:
        """Reuse these calls of one case, which a killed run made, once the case is submitted."""
        if calls:
            self._earlier_calls[calls[0].key] = calls

    def _calls_of(self, case: Case) -> CaseCalls:
        find_key = partial(case_key, case, self.options.generate)
        earlier = self._earlier_calls.pop(find_key(), ()) if self._earlier_calls else ()  # once: not for a rerun
        return CaseCalls(find_key, self._on_calls, earlier)

    def _keep_error(self, record: Record, error: BaseException) -> None:
        if self.keep_errors:
            self.user_errors[record.key] = error

    def _deliver(self, future: Future[T], task: asyncio.Future[T]) -> None:
        if task.cancelled():
            future.cancel()
        elif (error := task.exception() or self._sink.fault) is not None:
            future.set_exception(error)
        else:
            future.set_result(task.result())

    def pending_batches(self) -> list[str]:
        """One sentence for each batch that was sent and not collected."""
        return self.pool.pending_batches()

    def release(self) -> None:
        """Delete the batch results of this run; call it once every record is on disk."""
        self.pool.release_batches()

    def close(self) -> None:
        """Cancel what is running, close the providers, end the loop."""
        if self._event_loop.started or self.pool.opened_any:
            self._event_loop.stop(self.pool.close())


def _call_after(loop: asyncio.AbstractEventLoop, iterations: int, callback: Callable[[], None]) -> None:
    """Call `callback` after this number of loop iterations."""
    if iterations:
        loop.call_soon(_call_after, loop, iterations - 1, callback)
    else:
        callback()


def _named_models(cell: Cell) -> Sequence[tuple[str, ModelName]]:
    """The models that the cell's scorers and strategy name, apart from candidate and judge."""
    if "named" not in cell.memo:
        judges = [(name, "judge") for scorer in cell.scorers for name in capabilities_of(scorer).judges]
        candidates = [(name, f"strategy {cell.strategy.name}") for name in cell.strategy.models]
        cell.memo["named"] = [(name, parse_model(name, source)) for name, source in judges + candidates]
    named: Sequence[tuple[str, ModelName]] = cell.memo["named"]
    return named
