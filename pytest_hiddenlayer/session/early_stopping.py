"""`--hl-adaptive`: the cells of a session that may stop before their last epoch, and the decisions on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..options import RunOptions
from ..results.cell_config import CellConfig
from ..results.regression.baseline import CellKey
from ..results.regression.early_stopping import StoppableCell, savings_message, stoppable_cells
from ..types import Record
from .baselines import Baselines
from .policy import match_of

if TYPE_CHECKING:
    from ..stats.sequential.group_sequential import Decision


@dataclass(kw_only=True, slots=True)
class EarlyStopping:
    """The stoppable cells with the records seen so far."""

    cells: Mapping[CellKey, StoppableCell]

    @classmethod
    def of(cls, gated: Sequence[CellConfig], baselines: Baselines, options: RunOptions) -> EarlyStopping:
        """The gated cells that have a baseline and more epochs than may be needed."""
        return cls(cells=stoppable_cells(gated, baselines.find, match_of(options)))

    def add(self, records: Iterable[Record]) -> None:
        """Add new records; a record that was added before is ignored."""
        for record in records:
            if record.cell in self.cells:
                self.cells[record.cell].add(record)

    def decision(self, key: CellKey) -> Decision | None:
        """The decision after the complete epochs of a cell; None if it is open, or if the cell cannot stop early."""
        return self.cells[key].decision() if key in self.cells else None

    def decided_before(self, key: CellKey, epoch: int) -> Decision | None:
        """The decision that makes this epoch of a cell unnecessary; None if the epoch has to run."""
        decision = self.decision(key) if epoch > 1 else None
        return decision if decision is not None and decision.look < epoch else None

    def decisions(self) -> dict[CellKey, Decision | None]:
        """The decision of every stoppable cell."""
        return {key: cell.decision() for key, cell in self.cells.items()}

    def savings(self, records: Iterable[Record]) -> str:
        """How many answers were not asked for, in one sentence."""
        return savings_message(self.cells, sum(record.cell in self.cells for record in records))
