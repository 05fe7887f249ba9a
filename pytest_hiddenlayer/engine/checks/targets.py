"""Refuses samples that a scorer could never score, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

from ...errors import TaskError
from ...protocols import Scorer
from ...scorers.capabilities import capabilities_of
from ...types import Sample, Score, Task

MAX_NAMED = 5  # samples that an error names
_OUTPUT = "?"  # any text: what makes a score None is the target


def check_targets(task: Task, scorers: Sequence[Scorer]) -> None:
    """Raise TaskError for samples that the headline scorer can never score.

    Another scorer may leave single samples unscored, but not all of them.
    """
    for index, scorer in enumerate(scorers):
        faults = unscorable(task, scorer)
        named = list(islice(faults, MAX_NAMED))
        n_faults = len(named) + sum(1 for _ in faults)
        if named and (index == 0 or n_faults == len(task.samples)):
            raise _error(task, scorer, named, n_faults)


def unscorable(task: Task, scorer: Scorer) -> Iterator[tuple[Sample, str]]:
    """Yield each sample that the scorer can never score, with the reason."""
    decides = capabilities_of(scorer).target_decides
    if not (decides or scorer.needs_target):
        return
    for sample in task.samples:
        reason = _missing(sample) if scorer.needs_target else None
        if reason is None and decides:
            reason = _refused(scorer, sample)
        if reason is not None:
            yield sample, reason


def _missing(sample: Sample) -> str | None:
    if not sample.targets:
        return "it has no target"
    return None if any(target.strip() for target in sample.targets) else "its target is empty"


def _refused(scorer: Scorer, sample: Sample) -> str | None:
    """Return why the scorer leaves the sample unscored; None if it scores it.

    The score of a scorer whose `target_decides` awaits nothing, so no event loop is needed.
    """
    scoring = scorer.score(_OUTPUT, sample)
    with suppress(Exception):  # what fails here fails again, and is reported, when an answer is scored
        try:
            scoring.send(None)
        except StopIteration as stop:
            score: Score = stop.value
            return score.explanation if score.value is None else None
    return None


def _error(task: Task, scorer: Scorer, named: Sequence[tuple[Sample, str]], n_faults: int) -> TaskError:
    (first, reason), *rest = named
    file, _, line = first.location.rpartition(":")
    known = line.isdecimal()
    others = [f"{sample.id!r} ({sample.location or task.path}): {why}" for sample, why in rest]
    if n_faults > MAX_NAMED:
        others.append(f"and {n_faults - MAX_NAMED} more samples")
    also = f"; also {'; '.join(others)}" if others else ""
    return TaskError(
        f"scorer {scorer.name!r} can never score sample {first.id!r}: {reason}{also}. "
        "Correct the targets, or use a scorer that needs none",
        file=(file if known else first.location) or task.path,
        line=int(line) if known else None,
        field="target",
    )
