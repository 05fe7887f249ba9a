"""Cases in flight: one event loop in a background thread, one open provider a model."""

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
from typing import TYPE_CHECKING, Any, TypeVar

from ..calls.batch.batcher import Batcher
from ..calls.batch.ledger import BATCHES
from ..calls.client import ModelClient
from ..calls.cost.budget import Budget
from ..calls.factory import open_line
from ..calls.resources import RunResources
from ..errors import HiddenLayerError, ProviderError
from ..options import RunOptions, parse_model
from ..scorers.capabilities import capabilities_of
from ..types import ModelName, Provider, Record
from .budget_controls import control_case, draw_controls, wants_controls
from .cases import Case, Cell
from .record_builder import case_key
from .record_sink import RecordSink
from .run_case import run_case

if TYPE_CHECKING:
    from ..calls.broker.client import BrokerClient

T = TypeVar("T")


UNBATCHED = (
    "--hl-batch: items that are asked one at a time (test functions, overridden fixtures, -x) go the ordinary way"
)
LEAST_WINDOW = 256
"""Cases that are begun ahead at least: many at once, since two threads that take turns cost time."""
FIRST_ROUNDS = 10
"""Rounds of the loop in which cases that begin together send their first calls."""
FIRST_S = 0.2
"""Longest time that a caller sleeps for these."""


class Runtime:
    """Answers cases in the background; opened on the first submit, closed once."""

    def __init__(
        self,
        options: RunOptions,
        run_id: str,
        on_records: Callable[[Sequence[Record]], None] | None = None,
        broker: BrokerClient | None = None,
        batches: Path = BATCHES,
        on_notice: Callable[[str], None] = lambda text: None,
        resumed: Mapping[str, Record] = MappingProxyType({}),
    ) -> None:
        self.options, self.run_id = options, run_id
        self._batches = batches  # folder of what is known of sent batches
        self._told_alone = False
        self._resumed = resumed  # by key: records that are taken over instead of asked for
        self._on_notice = on_notice  # called on the loop's thread with a sentence for people
        self._means: RunResources | None = None
        self._broker = broker  # another process that holds the lines
        self._opening = threading.RLock()
        self._arrived: list[tuple[Coroutine[Any, Any, Any], Future[Any]]] = []  # not begun yet
        self._gathering = False  # more are coming before any of them is begun
        self._sink = RecordSink(on_records)  # called on the loop's thread with records that are complete
        self._open: dict[ModelName, Provider | HiddenLayerError] = {}
        self._orders = count()
        self._begun: set[asyncio.Future[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def provider(self, name: ModelName) -> Provider:
        """The open provider of a model. Raises what opening it raised, each time it is asked for."""
        with self._opening:
            if name not in self._open:
                try:
                    self._open[name] = self._opened(name)
                except HiddenLayerError as error:
                    self._open[name] = error
            found = self._open[name]
        if isinstance(found, HiddenLayerError):
            raise found
        return found

    @property
    def window(self) -> int:
        """Cases that are worth asking for at once: enough that every place is taken when the oldest cases end."""
        if self.options.batch:
            return sys.maxsize  # what is not asked for now would wait for another batch
        bounds = [line.limiter.bound for line in self._open.values() if isinstance(line, ModelClient)]
        return LEAST_WINDOW + 2 * max(bounds, default=self.options.concurrency or 0)

    @property
    def budget(self) -> Budget | None:
        """What of the budget was spent; None where there is none, or nothing was opened."""
        return None if self._means is None else self._means.budget

    def opened(self, name: ModelName) -> Provider | None:
        """The open provider; None where it is not open, or could not be opened."""
        found = self._open.get(name)
        return None if isinstance(found, HiddenLayerError) else found

    def _opened(self, name: ModelName) -> Provider:
        brokered = None if self._broker is None else self.run(self._broker.open(name))
        if brokered is not None:
            return brokered
        if self._means is None:
            self._means = RunResources(self.options, self._batches, self._on_notice)
        return open_line(name, self.options, self._means)

    def submit(
        self,
        case: Case,
        provider: Provider | None = None,
        judge: Provider | None = None,
        on_control: Callable[[Record], None] | None = None,
        *,
        unbatched: bool = False,
    ) -> Future[Record]:
        """The future record of a case. Raises what opening a provider raised.

        Under `equal_budget` a caller that gives `on_control` is handed the control's records, in
        order, before the future is done; nothing is drawn for one that does not. `alone`: the
        caller waits for this record before it submits another, so that none fills a batch with it.
        """
        candidate = provider or self.provider(case.cell.model)
        judging = judge or (self.provider(case.cell.judge) if case.cell.judge else candidate)
        order = next(self._orders)
        named_models = {name: _in_order(self.provider(model), order) for name, model in _named(case.cell)}
        asked = _in_order(candidate, order)
        judged = asked if judging is candidate else _in_order(judging, order)
        ask = partial(self._answer, asked, judged, named_models, unbatched)
        if unbatched and self.options.batch and not self._told_alone:
            self._told_alone = True
            self._on_notice(UNBATCHED)
        return self._start(self._with_controls(case, ask, on_control))

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is submitted in this block is begun at its end, with one wake-up of the loop.

        The caller sleeps while the loop sends what it can: two threads that both want Python's
        lock pass it on thousands of times a second.
        """
        self._gathering = True
        try:
            yield
        finally:
            self._gathering = False
            if self._arrived:
                loop, under_way = self._running_loop(), threading.Event()
                loop.call_soon_threadsafe(self._begin)
                loop.call_soon_threadsafe(_after, loop, FIRST_ROUNDS, under_way.set)
                under_way.wait(FIRST_S)

    def _start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin on the loop; one wake-up serves all that came since the last one."""
        loop, future = self._running_loop(), Future[T]()
        with self._opening:
            self._arrived.append((work, future))
            if len(self._arrived) == 1 and not self._gathering:
                loop.call_soon_threadsafe(self._begin)
        return future

    def _begin(self) -> None:
        with self._opening:
            arrived, self._arrived = self._arrived, []
        for work, future in arrived:
            task = asyncio.ensure_future(work)
            self._begun.add(task)  # a loop does not keep its tasks alive
            task.add_done_callback(self._begun.discard)
            task.add_done_callback(partial(self._deliver, future))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns, run on the loop; raises what it raises."""
        return self.wait(asyncio.run_coroutine_threadsafe(work, self._running_loop()))

    def wait(self, future: Future[T], meanwhile: Callable[[], None] = lambda: None) -> T:
        """The record, once it is there; `meanwhile` is called about once a second until then.

        Raises ProviderError where the loop has ended instead.
        """
        while True:
            try:
                return future.result(timeout=1.0)
            except TimeoutError:
                if future.done():
                    raise  # the answer itself raised it
                meanwhile()
                if self._thread is None or not self._thread.is_alive():
                    raise ProviderError("the engine's thread has ended; start a new run") from None

    async def _with_controls(
        self,
        case: Case,
        ask: Callable[[Case], Coroutine[Any, Any, Record]],
        on_control: Callable[[Record], None] | None,
    ) -> Record:
        record = await ask(case)
        if on_control is not None and self.options.equal_budget and wants_controls(record):
            for control in await draw_controls(record, lambda number: ask(control_case(case, number))):
                on_control(control)
        return record

    async def _answer(
        self,
        candidate: Provider,
        judging: Provider,
        named_models: Mapping[str, Provider],
        unbatched: bool,
        case: Case,
    ) -> Record:
        if self._resumed and (found := self._resumed.get(case_key(case, self.options.generate))) is not None:
            record = replace(found, run_id=self.run_id)
            self._sink.put(record)
            return record
        record = await run_case(
            case,
            candidate,
            judging,
            overrides=self.options.generate,
            run_id=self.run_id,
            named_models=named_models,
            unbatched=unbatched,
        )
        self._sink.put(record)
        return record

    def _deliver(self, future: Future[T], task: asyncio.Future[T]) -> None:
        if task.cancelled():
            future.cancel()
        elif (error := task.exception() or self._sink.fault) is not None:
            future.set_exception(error)
        else:
            future.set_result(task.result())

    def pending_batches(self) -> list[str]:
        """A sentence for each batch that was sent and is not collected."""
        return [text for batcher in self._batchers() for text in batcher.pending_batches()]

    def release(self) -> None:
        """Every record of the run is on disk: what batches answered for them need not be kept."""

        async def on_loop() -> None:
            for batcher in self._batchers():
                batcher.release()

        if any(self._batchers()):
            self.run(on_loop())

    def _batchers(self) -> list[Batcher]:
        lines = [line for line in self._open.values() if isinstance(line, ModelClient)]
        return [line.batcher for line in lines if line.batcher is not None]

    def close(self) -> None:
        """Cancel what is in flight, close the providers, end the loop."""
        if self._loop is None and not self._open:
            return
        loop = self._running_loop()
        asyncio.run_coroutine_threadsafe(self._shut(), loop).result(timeout=30)
        loop.call_soon_threadsafe(loop.stop)
        if self._thread is not None:
            self._thread.join(timeout=10)
        loop.close()
        self._loop = self._thread = None
        self._open.clear()

    async def _shut(self) -> None:
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for provider in self._open.values():
            if not isinstance(provider, HiddenLayerError):
                await provider.close()
        if self._broker is not None:
            await self._broker.close()
        if self._means is not None:
            self._means.close()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="hiddenlayer-loop", daemon=True)
            self._thread.start()
        return self._loop


def _after(loop: asyncio.AbstractEventLoop, rounds: int, then: Callable[[], None]) -> None:
    """Call `then` when the loop has gone round so often."""
    if rounds:
        loop.call_soon(_after, loop, rounds - 1, then)
    else:
        then()


def _named(cell: Cell) -> Sequence[tuple[str, ModelName]]:
    """The models that the cell's scorers and strategy name themselves, beside the run's judge."""
    if "named" not in cell.memo:
        judges = [(name, "judge") for scorer in cell.scorers for name in capabilities_of(scorer).judges]
        asked = [(name, f"strategy {cell.strategy.name}") for name in cell.strategy.models]
        cell.memo["named"] = [(name, parse_model(name, what)) for name, what in judges + asked]
    found: Sequence[tuple[str, ModelName]] = cell.memo["named"]
    return found


def _in_order(provider: Provider, order: int) -> Provider:
    """The provider with the case's turn; one that a fixture put in its place has no bound of ours."""
    in_order = getattr(provider, "in_order", None)
    return provider if in_order is None else in_order(order)
