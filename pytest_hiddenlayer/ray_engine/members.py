"""The workers as the dispatcher sees them, and the cases that they hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..engine.cases import Case
from ..types import Record
from .messages import Work, WorkItem

IN_FLIGHT = 64
"""Cases of one worker at a time."""
ALONE_AFTER = 2
"""After so many lost workers a case is answered by a worker that has no other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """A worker has ended. `permanent`: Ray does not start it again."""

    reason: str
    permanent: bool = False


Answered = Callable[[Any], None]
"""Receives what a worker returned, or Lost, on any thread."""


class WorkerHandle(Protocol):
    """A worker as the dispatcher sees it. Neither method waits."""

    def start(self, answered: Answered) -> None:
        """Set the worker up; `answered` receives a dict with `id`, `node`, and `error` if it cannot be used."""
        ...

    def exchange(self, worker: str, work: Work, answered: Answered) -> None:
        """Give cases to the worker; `answered` receives a Reply."""
        ...


@dataclass(kw_only=True, slots=True, eq=False)
class Pending:
    """A case that is not answered yet."""

    item: WorkItem
    case: Case
    future: Future[Record]
    on_control: Callable[[Record], None] | None
    losses: int = 0


@dataclass(kw_only=True, slots=True, eq=False)
class Member:
    """A worker, and what the dispatcher knows of it."""

    worker: WorkerHandle
    id: str = ""  # empty: it is starting
    node: str = ""
    waiting: bool = True  # for its answer
    worked: bool = False  # was ready once
    in_flight: dict[int, Pending] = field(default_factory=dict)
    tasks: set[str] = field(default_factory=set)  # that were sent to it
    unfit: set[tuple[str, ...]] = field(default_factory=set)  # cells that it cannot answer


def take(waiting: deque[Pending], member: Member, share: int) -> list[Pending]:
    """Take up to `share` cases that a worker can answer from the front of the queue."""
    if any(pending.losses >= ALONE_AFTER for pending in member.in_flight.values()):
        return []
    most = min(IN_FLIGHT - len(member.in_flight), share)
    taken: list[Pending] = []
    passed: list[Pending] = []
    while waiting and len(taken) < most:
        pending = waiting.popleft()
        if pending.case.cell.key in member.unfit:
            passed.append(pending)
        elif pending.losses < ALONE_AFTER:
            taken.append(pending)
        elif taken or member.in_flight:
            passed.append(pending)
        else:
            taken.append(pending)
            break
    waiting.extendleft(reversed(passed))
    return taken
