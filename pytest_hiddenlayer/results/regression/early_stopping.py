"""Early stopping: a cell runs no more epochs once its verdict is decided.

After each complete epoch, the group-sequential test of `stats/sequential/group_sequential.py`
tests the cell; its error rate holds over all these looks. α is divided by the number of cells
of the session (Bonferroni), because cells are decided one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ...types import Record
from ..cell_config import CellConfig
from .baseline import Baseline, CellKey
from .cell_comparison import ALPHA, CellComparison, held
from .pairing import Match
from .references import BaselineLookup

if TYPE_CHECKING:
    from ...stats.sequential.group_sequential import Decision


@dataclass(kw_only=True, slots=True)
class StoppableCell:
    """The records of one cell so far, and the decision of the sequential test over them."""

    config: CellConfig
    baseline: Baseline
    family: int  # cells gated in the session
    match: Match = "hash"
    _records: dict[tuple[str, int], Record] = field(default_factory=dict)  # by sample and epoch
    _last_look: tuple[int, Decision | None] = (0, None)  # (complete epochs, decision) at the last look

    def add(self, record: Record) -> None:
        """Add a record; a second record of the same sample and epoch replaces the first."""
        self._records[record.sample_id, record.epoch] = record

    def decision(self) -> Decision | None:
        """The decision over the complete epochs so far; None if nothing is decided yet."""
        complete = self._complete()
        if self._last_look[1] is None and complete > self._last_look[0]:
            self._last_look = (complete, self._decide(complete))
        return self._last_look[1]

    def _complete(self) -> int:
        """The number of epochs, from the first, in which every selected sample was answered."""
        for epoch in range(1, self.config.epochs + 1):
            if any((name, epoch) not in self._records for name in self.config.selected):
                return epoch - 1
        return self.config.epochs

    def _decide(self, complete: int) -> Decision | None:
        """The decision over the first `complete` epochs; None if they do not decide."""
        names = [name for name in self.config.selected if self._comparable(name)]
        if not names or len(names) < self.config.min_scored * len(self.config.selected):
            return None  # too few samples are comparable for any verdict
        answers = [self._records[name, epoch] for name in self.config.selected for epoch in range(1, complete + 1)]
        if sum(record.score is not None for record in answers) < self.config.min_scored * len(answers):
            return None  # too many answers are lost
        config = self.config
        from ...stats.sequential.group_sequential import decide  # with numpy

        return decide(
            [self.baseline.samples[name].epoch_scores or () for name in names],
            [[self._records[name, epoch].score for epoch in range(1, complete + 1)] for name in names],
            [self._records[name, 1].group for name in names],
            planned=config.epochs,
            alpha=ALPHA / self.family,
            margin=config.margin,
            min_effect=config.min_effect,
        )

    def _comparable(self, name: str) -> bool:
        """Whether both sides scored the sample, this run in its first epoch, and the baseline states each answer."""
        new, old = self._records[name, 1], self.baseline.samples.get(name)
        if old is None or not old.epoch_scores or new.score is None:
            return False
        return self.match == "id" or old.hash == new.sample_hash


def stoppable_cells(
    configs: Sequence[CellConfig], find_baseline: Callable[[CellConfig], BaselineLookup], match: Match
) -> dict[CellKey, StoppableCell]:
    """Key → gated cell, for the cells that can stop early: with several epochs and a comparable baseline."""
    cells = {}
    for config in filter(can_stop_early, configs):
        baseline = find_baseline(config).baseline
        if baseline is not None and baseline.scorer in (None, config.scorer):
            cells[config.key] = StoppableCell(config=config, baseline=baseline, family=len(configs), match=match)
    return cells


def savings_message(cells: Mapping[CellKey, StoppableCell], n_answers: int) -> str:
    """One sentence: how many answers early stopping saved, if the cells requested `n_answers`."""
    if not cells:
        return "adaptive: no cell has a baseline and more than one epoch under the reducer mean; nothing was saved"
    planned = sum(cell.config.epochs * len(cell.config.selected) for cell in cells.values())
    decisions = [(cell.decision(), cell.config.epochs) for cell in cells.values()]
    n_early = sum(decision is not None and decision.look < epochs for decision, epochs in decisions)
    share = (planned - n_answers) / planned
    return (
        f"adaptive: {n_early} of {len(cells)} cells decided early, "
        f"saved {planned - n_answers} of {planned} answers ({share:.0%})"
    )


def can_stop_early(config: CellConfig) -> bool:
    """Whether a cell has several epochs, and a reducer whose value does not depend on their number."""
    return config.epochs > 1 and config.reducer == "mean"


def apply_sequential_decision(comparison: CellComparison, decision: Decision | None, planned: int) -> CellComparison:
    """The comparison with the verdict of the sequential test instead of the fixed one.

    Without a decision, the verdict is `same` or `underpowered`, because earlier looks have spent
    part of α.
    """
    if decision is None:
        undecided = comparison.verdict if comparison.verdict == "same" else "underpowered"
        return replace(comparison, verdict=undecided, looks=(planned, planned))
    verdict = held(decision.verdict, comparison.verdict_with_lost)
    return replace(comparison, verdict=verdict, looks=(decision.look, planned))
