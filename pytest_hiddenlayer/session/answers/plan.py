"""The cases that a run asks for, made one by one when they are needed."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ...engine.cases import Case, Cell, cases, unit_of

PlannedCase: TypeAlias = tuple[int, Case]
"""The position of a sample among the selected samples of its cell, and the case."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The cases of cells, in order; of a shard, those of its units only."""

    cells: Sequence[Cell]
    units: Container[tuple[str, ...]] | None = None  # None: all
    selected: dict[tuple[str, str, str, str], tuple[str, ...]] = field(default_factory=dict)  # samples of `units`

    def __iter__(self) -> Iterator[PlannedCase]:
        """Yield the cases: of a cell, all samples of the first epoch, then of the next."""
        for cell in self.cells:
            position = 0
            epoch = 1
            for case in cases(cell):
                if case.epoch != epoch:
                    position, epoch = 0, case.epoch
                if self.units is None or unit_of(case) in self.units:
                    yield position, case
                    position += 1

    def __len__(self) -> int:
        return sum(self._n_samples(cell) * cell.epochs for cell in self.cells)

    def _n_samples(self, cell: Cell) -> int:
        return len(cell.task.samples) if self.units is None else len(self.selected[cell.key])

    @property
    def epochs(self) -> int:
        """The highest epoch."""
        return max((cell.epochs for cell in self.cells), default=0)

    def of_units(self, units: Container[tuple[str, ...]]) -> Plan:
        """The cases of these units: samples with all their epochs, in one cell."""
        selected = {
            cell.key: tuple(sample.id for sample in cell.task.samples if (*cell.key, sample.id) in units)
            for cell in self.cells
        }
        return Plan(self.cells, units, selected)
