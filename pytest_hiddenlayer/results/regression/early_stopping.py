"""Stop repeating the epochs of a cell once its verdict is decided.

After each complete epoch the cell is looked at with the group-sequential test of
`stats/sequential.py`, which keeps its error rate over all looks. Over the cells of a session
α is divided by their number (Bonferroni), since they are decided one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...stats.sequential.group_sequential import BaselineScores, Decision, decide
from ...types import SCORED, Record
from ..metrics.cells import CellConfig
from .baseline import Baseline, CellKey
from .cell_comparison import ALPHA, CellComparison
from .pairing import Match
from .references import BaselineLookup


@dataclass(kw_only=True, slots=True)
class Adaptive:
    """The records of one cell as they come in, and whether more of them could change its verdict."""

    plan: CellConfig
    baseline: Baseline
    family: int  # cells gated in the session
    match: Match = "hash"
    _found: dict[tuple[str, int], Record] = field(default_factory=dict)
    _looked: tuple[int, Decision | None] = (0, None)  # complete epochs at the last look, and what it said

    def add(self, record: Record) -> None:
        """Take note of an answer; one that is known already counts once."""
        self._found[record.sample_id, record.epoch] = record

    def decision(self) -> Decision | None:
        """The first look that decided, over the epochs that are complete by now; None while nothing is decided."""
        complete = self._complete()
        if self._looked[1] is None and complete > self._looked[0]:
            self._looked = (complete, self._decide(complete))
        return self._looked[1]

    def _complete(self) -> int:
        """Epochs in which every selected sample was answered."""
        for epoch in range(1, self.plan.epochs + 1):
            if any((name, epoch) not in self._found for name in self.plan.selected):
                return epoch - 1
        return self.plan.epochs

    def _decide(self, complete: int) -> Decision | None:
        names = [name for name in self.plan.selected if self._comparable(name)]
        if not names or len(names) < self.plan.min_scored * len(self.plan.selected):
            return None  # too little is comparable for any verdict: all epochs are asked
        groups = [self._found[name, 1].group for name in names]
        looks = [[self._difference(name, look) for name in names] for look in range(1, complete + 1)]
        plan = self.plan
        return decide(
            looks,
            groups,
            planned=plan.epochs,
            alpha=ALPHA / self.family,
            margin=plan.margin,
            min_effect=plan.min_effect,
            baseline=BaselineScores(scores=[self._before(name) for name in names], epochs=self.baseline.epochs),
        )

    def _comparable(self, name: str) -> bool:
        now, before = self._found[name, 1], self.baseline.samples.get(name)
        if before is None or before.outcome not in SCORED or now.score is None:
            return False
        return self.match == "id" or before.hash == now.sample_hash

    def _difference(self, name: str, look: int) -> float:
        """Mean score over the epochs up to this look, minus the baseline's."""
        scores = [self._found[name, epoch].score for epoch in range(1, look + 1)]
        scored = [score for score in scores if score is not None]
        return sum(scored) / len(scored) - self._before(name)

    def _before(self, name: str) -> float:
        score = self.baseline.samples[name].score
        assert score is not None
        return score


def stoppable_cells(
    plans: Sequence[CellConfig], find: Callable[[CellConfig], BaselineLookup], match: Match
) -> dict[CellKey, Adaptive]:
    """The cells that may end early, of those that are gated: they have epochs to save, and a baseline."""
    found = {}
    for plan in filter(can_adapt, plans):
        base = find(plan).baseline
        if base is not None and base.scorer in (None, plan.scorer):
            found[plan.key] = Adaptive(plan=plan, baseline=base, family=len(plans), match=match)
    return found


def savings_message(cells: Mapping[CellKey, Adaptive], asked: int) -> str:
    """What ending early saved, in one sentence; `asked` answers of these cells were asked."""
    if not cells:
        return "adaptive: no cell has a baseline and more than one epoch under the reducer mean; nothing was saved"
    planned = sum(one.plan.epochs * len(one.plan.selected) for one in cells.values())
    early = sum((d := one.decision()) is not None and d.look < one.plan.epochs for one in cells.values())
    share = (planned - asked) / planned
    return (
        f"adaptive: {early} of {len(cells)} cells decided early, "
        f"{planned - asked} of {planned} answers ({share:.0%}) not asked"
    )


def can_adapt(plan: CellConfig) -> bool:
    """Whether a cell has epochs to save, and a reducer whose value does not grow with them."""
    return plan.epochs > 1 and plan.reducer == "mean"


def apply_sequential_decision(found: CellComparison, decision: Decision | None, planned: int) -> CellComparison:
    """The comparison under the sequential test: its verdict in place of the fixed one.

    What no look decided is at most `same` or `underpowered`: the test at the end had only
    the α that the earlier looks left it.
    """
    if decision is None:
        quiet = found.verdict if found.verdict == "same" else "underpowered"
        return replace(found, verdict=quiet, looks=(planned, planned))
    return replace(found, verdict=decision.verdict, looks=(decision.look, planned))
