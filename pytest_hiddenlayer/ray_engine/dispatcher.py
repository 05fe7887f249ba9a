"""Hands cases to workers and takes their results: each case is answered once, whatever becomes of a worker."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future

from ..calls.broker.protocol import error_from_json
from ..engine.cases import Case
from ..engine.unfinished.case_calls import WriteCalls
from ..engine.unfinished.completed_call import CompletedCall
from ..errors import HiddenLayerError, ProviderError, UsageError
from ..types import Record
from .members import Lost, Member, Pending, WorkerHandle, take
from .messages import Reply, Result, Work, WorkItem, without_samples

MAX_LOSSES = 4
"""After so many lost workers a case is given up: it probably ends the process that answers it."""
COLLECT_S = 0.005
"""Seconds in which cases that are submitted together are collected, before they are divided."""
TICK_S = 0.5


class Dispatcher:
    """One thread that owns the queue; `submit` may be called from any thread."""

    def __init__(
        self,
        workers: Sequence[WorkerHandle],
        *,
        on_records: Callable[[Sequence[Record]], None],
        on_calls: WriteCalls | None = None,
        on_lost: Callable[[str], None] = lambda worker: None,
        notify: Callable[[str], None] = lambda text: None,
        replace: Callable[[], WorkerHandle] | None = None,
        wait_s: float = 120.0,
        together_s: float = 0.0,
        why_none: Callable[[], str] = lambda: "no worker is left",
    ) -> None:
        """`on_lost` receives the id of a worker that ended, `replace` makes another one for it.

        `why_none` says what is missing if there is no worker for `wait_s` seconds. For `together_s` seconds
        the first workers leave a share for those that are still starting.
        """
        self._members = [Member(worker=worker) for worker in workers]
        self._on_records, self._on_lost, self._notify = on_records, on_lost, notify
        self._on_calls = on_calls
        self._replace, self._wait_s, self._why_none = replace, wait_s, why_none
        self._events: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._queue: deque[Pending] = deque()
        self._unfit: dict[tuple[str, ...], HiddenLayerError] = {}  # cell → why a worker cannot answer it
        self._said: set[str] = set()
        self._submitted: list[Pending] = []
        self._submitting = threading.Lock()
        self._number = 0
        self._none_since: float | None = time.monotonic()
        self._all_share_until = time.monotonic() + together_s
        self._stopped = threading.Event()
        self.ready = threading.Event()  # a worker can be used, or none ever will
        self.fault: HiddenLayerError | None = None
        self._thread = threading.Thread(target=self._run, name="hiddenlayer-ray", daemon=True)

    def start(self) -> None:
        """Set all workers up."""
        self._thread.start()
        for member in self._members:
            self._events.put(lambda member=member: self._start(member))  # type: ignore[misc]

    def submit(
        self, case: Case, on_control: Callable[[Record], None] | None, earlier: Sequence[CompletedCall] = ()
    ) -> Future[Record]:
        """The future record of a case, of which a killed run made the `earlier` calls."""
        future: Future[Record] = Future()
        with self._submitting:
            self._number += 1
            item = WorkItem(
                number=self._number,
                cell=case.cell.key,
                sample=case.sample,
                epoch=case.epoch,
                controls=on_control is not None,
                earlier=earlier,
            )
            self._submitted.append(Pending(item=item, case=case, future=future, on_control=on_control))
            if len(self._submitted) == 1:
                self._events.put(self._take_submitted)
        return future

    def stop(self) -> None:
        """End the thread; cases that are not answered stay so."""
        self._stopped.set()
        self._events.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                try:
                    event = self._events.get(timeout=TICK_S)
                    while event is not None:
                        event()
                        event = self._events.get_nowait()
                except queue.Empty:
                    pass
                self._check_workers()
                self._dispatch()
        except Exception as error:  # such as a log that cannot be written: everyone who waits must see it
            self._fail_all(error if isinstance(error, HiddenLayerError) else ProviderError(f"{error!r}"))

    def _take_submitted(self) -> None:
        self._stopped.wait(COLLECT_S)
        with self._submitting:
            submitted, self._submitted = self._submitted, []
        self._queue.extend(submitted)

    def _start(self, member: Member) -> None:
        member.id, member.waiting = "", True
        member.tasks.clear()
        member.unfit.clear()
        member.worker.start(lambda answer: self._events.put(lambda: self._started(member, answer)))

    def _started(self, member: Member, answer: Mapping[str, str] | Lost) -> None:
        if isinstance(answer, Lost):
            self._lose(member, answer)
        elif "error" in answer:
            self._drop(member, UsageError(answer["error"]))
        else:
            member.id, member.node, member.waiting, member.worked = answer["id"], answer["node"], False, True
            self._none_since = None
            self.ready.set()

    def _dispatch(self) -> None:
        if self.fault is not None:
            self._fail_all(self.fault)
            return
        if self._unfit:
            self._fail_unfit()
        all_share = time.monotonic() < self._all_share_until
        sharing = sum(bool(member.id) or all_share for member in self._members)
        for member in self._members:
            if member.id and not member.waiting:
                taken = take(self._queue, member, -(-len(self._queue) // sharing))
                sharing -= 1
                if taken or member.in_flight:
                    self._exchange(member, taken)

    def _exchange(self, member: Member, taken: Sequence[Pending]) -> None:
        tasks = {p.case.cell.task.name: p.case.cell.task for p in taken}
        new = [without_samples(task) for name, task in tasks.items() if name not in member.tasks]
        member.tasks.update(tasks)
        member.in_flight.update({pending.item.number: pending for pending in taken})
        member.waiting = True
        work = Work(items=[pending.item for pending in taken], tasks=new)
        member.worker.exchange(
            member.id, work, lambda answer: self._events.put(lambda: self._answered(member, answer))
        )

    def _answered(self, member: Member, answer: Reply | Lost) -> None:
        if isinstance(answer, Lost):
            self._lose(member, answer)
            return
        if answer.stale:
            self._lose(member, Lost(reason="it was started again"))
            return
        member.waiting = False
        for text in answer.notices:
            self._say(text)
        if answer.calls and self._on_calls is not None:
            self._on_calls(answer.calls)
        results = {result.number: result for result in answer.results if result.number in member.in_flight}
        if records := [record for result in results.values() for record in _records(result)]:
            self._on_records(records)
        for number, result in results.items():
            self._conclude(member, member.in_flight.pop(number), result)

    def _conclude(self, member: Member, pending: Pending, result: Result) -> None:
        if result.record is not None:
            for control in result.controls:
                if pending.on_control is not None:
                    pending.on_control(control)
            pending.future.set_result(result.record)
            return
        error = error_from_json(dict(result.error or {"kind": "ProviderError", "message": "no record"}))
        if not result.unfit:
            pending.future.set_exception(error)
            return
        member.unfit.add(pending.case.cell.key)
        self._unfit.setdefault(pending.case.cell.key, error)
        self._queue.appendleft(pending)

    def _fail_unfit(self) -> None:
        """Fail the cases that no worker can answer."""
        hopeless = {key for key in self._unfit if all(key in member.unfit for member in self._members)}
        for key in self._unfit.keys() - hopeless:
            self._say(f"not every worker can answer {key[0]}[{key[1]}]: {self._unfit[key]}; the others do")
        if hopeless:
            kept = deque(pending for pending in self._queue if pending.case.cell.key not in hopeless)
            for pending in self._queue:
                if pending.case.cell.key in hopeless:
                    pending.future.set_exception(self._unfit[pending.case.cell.key])
            self._queue = kept

    def _lose(self, member: Member, lost: Lost) -> None:
        """Put the cases of a worker that ended back to the front, and start it again."""
        cases = sorted(member.in_flight.values(), key=lambda pending: pending.item.number)
        member.in_flight.clear()
        if member.id:
            self._on_lost(member.id)
        if cases:
            count = "1 case is" if len(cases) == 1 else f"{len(cases)} cases are"
            self._notify(f"a worker on {member.node} has ended ({lost.reason}); {count} asked again")
        for pending in cases:
            pending.losses += 1
        kept = [pending for pending in cases if pending.losses < MAX_LOSSES]
        for pending in set(cases) - set(kept):
            pending.future.set_exception(
                ProviderError(
                    f"sample {pending.item.sample.id} of {pending.case.cell.task.name}: {MAX_LOSSES} workers ended "
                    f"while they answered it ({lost.reason}); look for what ends the process, such as memory"
                )
            )
        self._queue.extendleft(reversed(kept))
        if not lost.permanent:
            self._start(member)
        elif member.worked and self._replace is not None:
            member.worker, member.worked = self._replace(), False
            self._start(member)
        else:
            self._drop(member, ProviderError(f"a worker could not be started: {lost.reason}"))

    def _drop(self, member: Member, error: HiddenLayerError) -> None:
        self._members.remove(member)
        if self._members:
            self._say(f"a worker is left out: {error}")
        else:
            self._set_fault(error)

    def _check_workers(self) -> None:
        """Set a fault if there has been no worker for too long."""
        if any(member.id for member in self._members):
            self._none_since = None
        elif self._none_since is None:
            self._none_since = time.monotonic()
        elif time.monotonic() - self._none_since > self._wait_s and self.fault is None:
            self._set_fault(UsageError(self._why_none()))

    def _set_fault(self, error: HiddenLayerError) -> None:
        self.fault = error
        self.ready.set()

    def _fail_all(self, error: HiddenLayerError) -> None:
        self.fault = self.fault or error
        with self._submitting:
            self._queue.extend(self._submitted)
            self._submitted = []
        waiting = [*self._queue, *(pending for member in self._members for pending in member.in_flight.values())]
        self._queue.clear()
        for member in self._members:
            member.in_flight.clear()
        for pending in waiting:
            pending.future.set_exception(error)
        self.ready.set()

    def _say(self, text: str) -> None:
        """Notify once of what many workers may say."""
        if text not in self._said:
            self._said.add(text)
            self._notify(text)


def _records(result: Result) -> Sequence[Record]:
    return [] if result.record is None else [result.record, *result.controls]
