"""The comparison of two references cell by cell: runs, folders of snapshots, snapshots or git refs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import SnapshotError
from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.paired.compare import PairedTest, compare_pairs
from .baseline import Baseline, BaselineTable, CellKey, with_prompts_warning
from .cell_comparison import CellComparison, assign_verdicts, compare_cell, estimate_json
from .pairing import Match, match_samples
from .references import Reference, find_cell


@dataclass(frozen=True, kw_only=True, slots=True)
class ScorerComparison:
    """One scorer but the first, on both sides of a cell. It has no verdict: the first scorer is judged."""

    name: str
    old: Estimate  # over the pairs
    new: Estimate
    paired: PairedTest

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        paired = self.paired
        return {
            "n": paired.n,
            "old": estimate_json(self.old),
            "new": estimate_json(self.new),
            "difference": paired.difference,
            "ci95": paired.ci95,
            "p_worse": paired.p_worse,
            "p_better": paired.p_better,
            "method": paired.method,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class CellPair:
    """A cell of the new side and its partner on the old side."""

    old: Baseline
    new: Baseline
    comparison: CellComparison | None  # None: no sample could be compared
    fault: str | None = None  # why no sample could be compared, in one sentence
    other_scorers: tuple[ScorerComparison, ...] = ()  # of the scorers that both sides have; not judged

    @property
    def not_measured(self) -> str | None:
        """Why too little of the new side was scored to compare it, as for a gate; None if enough was."""
        n, n_answers = self.new.n_scored, self.new.n_answers
        if n_answers and n / n_answers >= self.new.min_scored:
            return None
        return f"not measured: scored {n} of {n_answers} answers, min_scored is {self.new.min_scored:g}"

    @property
    def failed(self) -> bool:
        """Whether the cell regressed, was not compared, or may hide a regression behind answers without a score."""
        comparison = self.comparison
        if comparison is None or self.not_measured is not None:
            return True
        return comparison.verdict == "regressed" or comparison.lost_counts

    @property
    def task(self) -> str:
        """The task of both cells."""
        return self.new.key[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunComparison:
    """The comparison of all cells of two references."""

    old: str  # names of the references
    new: str
    cells: tuple[CellPair, ...]
    only_old: tuple[CellKey, ...]  # cells without a partner
    only_new: tuple[CellKey, ...]
    faults: tuple[str, ...]  # malformed or unusable cells, one sentence each

    @property
    def regressed(self) -> bool:
        """Whether any cell regressed, also if only with its lost answers counted as wrong."""
        return any(
            c.comparison and "regressed" in (c.comparison.verdict, c.comparison.verdict_with_lost) for c in self.cells
        )

    @property
    def failed(self) -> bool:
        """Whether the gate of any cell would fail, or a cell could not be compared."""
        return bool(self.faults) or any(cell.failed for cell in self.cells)

    @property
    def n_pairs(self) -> int:
        """The number of samples that were compared, over all cells."""
        return sum(cell.comparison.paired.n for cell in self.cells if cell.comparison)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "old": self.old,
            "new": self.new,
            "regressed": self.regressed,
            "failed": self.failed,
            "n_pairs": self.n_pairs,
            "cells": [_cell_json(cell) for cell in self.cells],
            "only_old": [list(key) for key in self.only_old],
            "only_new": [list(key) for key in self.only_new],
            "faults": list(self.faults),
        }


def compare_references(
    old: Reference,
    new: Reference,
    *,
    tasks: Sequence[str] = (),
    match: Match = "hash",
    margin: float = 0.0,
    min_effect: float = 0.05,
) -> RunComparison:
    """Every cell of `new` compared with its partner in `old`; Holm's correction is over all of them."""
    faults: list[str] = []
    pairs: list[tuple[Baseline, Baseline]] = []
    only_new: list[CellKey] = []
    for cell in _cells(new, tasks, faults):
        partner = find_cell(cell.key, old)
        if partner.fault is not None:
            faults.append(f"{'/'.join(cell.key)}: {partner.fault}")
        elif partner.baseline is None:
            only_new.append(cell.key)
        else:
            pairs.append((with_prompts_warning(partner.baseline, cell.prompts), cell))
    compared = {old_cell.key for old_cell, _ in pairs}
    return RunComparison(
        old=old.source.name,
        new=new.source.name,
        cells=_compared(pairs, match, margin, min_effect),
        only_old=tuple(cell.key for cell in _cells(old, tasks, faults) if cell.key not in compared),
        only_new=tuple(only_new),
        faults=tuple(dict.fromkeys(faults)),
    )


def _cells(side: Reference, tasks: Sequence[str], faults: list[str]) -> Iterator[Baseline]:
    """The cells of a side that its reference and `tasks` select; a malformed cell is added to `faults`."""
    for task in side.source.tasks():
        if tasks and task not in tasks:
            continue
        for cell in side.source.cells(task).values():
            if isinstance(cell, SnapshotError):
                faults.append(str(cell))
            elif side.selects(cell):
                yield cell


def _compared(
    pairs: Sequence[tuple[Baseline, Baseline]], match: Match, margin: float, min_effect: float
) -> tuple[CellPair, ...]:
    """The (old, new) pairs with their comparisons; verdicts have Holm's correction over all of them."""
    faults = [_scorers_differ(old, new) for old, new in pairs]
    comparisons = [
        None
        if fault
        else compare_cell(
            old.name,
            match_samples(old.samples, new.samples, match),
            margin=margin,
            min_effect=min_effect,
        )
        for (old, new), fault in zip(pairs, faults, strict=True)
    ]
    verdicts = iter(assign_verdicts([comparison for comparison in comparisons if comparison is not None]))
    return tuple(
        CellPair(
            old=old,
            new=new,
            comparison=None if comparison is None else next(verdicts),
            fault=fault or (_nothing_paired(old, new, match) if comparison is None else None),
            other_scorers=tuple(other_scorers(old, new, match)),
        )
        for (old, new), comparison, fault in zip(pairs, comparisons, faults, strict=True)
    )


def other_scorers(old: Baseline, new: Baseline, match: Match) -> Iterator[ScorerComparison]:
    """The scorers of both sides, by name; not those whose versions are known to differ."""
    for name, scorer in new.other_scorers.items():
        if name not in old.other_scorers or len({scorer, old.other_scorers[name]} - {""}) > 1:
            continue
        pairs = _scored_by(name, old, new, match)
        if pairs:
            before_values, values, groups = (list(column) for column in zip(*pairs, strict=True))
            yield ScorerComparison(
                name=name,
                old=estimate(before_values, groups),
                new=estimate(values, groups),
                paired=compare_pairs(before_values, values, groups),
            )


def _scored_by(name: str, old: Baseline, new: Baseline, match: Match) -> list[tuple[float, float, str | None]]:
    """(old score, new score, group) of every sample that this scorer scored on both sides."""
    if isinstance(old.samples, BaselineTable) and isinstance(new.samples, BaselineTable):
        return new.samples.shared_scores(old.samples, name, by_hash=match == "hash")
    return [
        (before.scores[name], now.scores[name], now.group or before.group)
        for sample_id, now in new.samples.items()
        if (before := old.samples.get(sample_id)) is not None
        and name in before.scores
        and name in now.scores
        and (match == "id" or before.hash == now.hash)
    ]


def _scorers_differ(old: Baseline, new: Baseline) -> str | None:
    if None in (old.scorer, new.scorer) or old.scorer == new.scorer:
        return None
    return f"scored by {old.scorer!r} and by {new.scorer!r}: not comparable"


def _nothing_paired(old: Baseline, new: Baseline, match: Match) -> str:
    pairing = match_samples(old.samples, new.samples, match)
    if pairing.changed:
        return (
            f"all {len(pairing.changed)} common samples have another prompt or target; compare them with --match id"
        )
    if not set(old.samples).intersection(new.samples):
        return "no sample has the same id on both sides"
    return "no sample is scored on both sides"


def _cell_json(cell: CellPair) -> dict[str, Any]:
    return {
        "task": cell.task,
        "old": _side_json(cell.old),
        "new": _side_json(cell.new),
        "fault": cell.fault,
        "not_measured": cell.not_measured,
        "failed": cell.failed,
        "comparison": None if cell.comparison is None else cell.comparison.to_json(),
        "other_scorers": {other.name: other.to_json() for other in cell.other_scorers},
    }


def _side_json(side: Baseline) -> dict[str, Any]:
    _, label, provider, model_slug = side.key
    return {
        "name": side.name,
        "strategy": label,
        "provider": provider,
        "model": side.model or model_slug,
        "usage": side.usage,
        "cost_usd": side.cost_usd,
    }
