"""What driver and workers send each other; Ray pickles them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..engine.unfinished.completed_call import CompletedCall
from ..options import RunOptions
from ..types import Record, Sample, Task


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """What a worker needs to know before its first case."""

    options: RunOptions
    run_id: str
    cwd: str  # of the driver
    wait_s: float = 1.0  # longest time that a worker waits for a result before it replies
    conftests: Sequence[str] = ()  # those of the project, relative to the copied folder
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    shared: Any = None  # handle of the process with budget and cache; None: neither is used


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkItem:
    """One case to answer."""

    number: int  # of the driver
    cell: tuple[str, ...]  # its key
    sample: Sample
    epoch: int
    controls: bool = False  # draw control samples as well
    earlier: Sequence[CompletedCall] = ()  # calls of the case that a killed run made


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """Cases for a worker; a task travels to each worker once, without its samples."""

    items: Sequence[WorkItem] = ()
    tasks: Sequence[Task] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What became of one case: a record, or an error without one."""

    number: int
    record: Record | None = None
    controls: Sequence[Record] = ()
    error: Mapping[str, str] | None = None
    unfit: bool = False  # this worker cannot answer the cell at all; another one may


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The results since the last reply; `stale`: the worker was started again and knows nothing of the cases."""

    results: Sequence[Result] = ()
    calls: Sequence[CompletedCall] = ()  # answered, of cases that go on
    notices: Sequence[str] = ()
    stale: bool = False


def without_samples(task: Task) -> Task:
    """Return the task as a worker needs it: samples come with their cases."""
    return replace(task, samples=())
