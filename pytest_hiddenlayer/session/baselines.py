"""The baseline of each cell, looked up once per session."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..errors import HiddenLayerError, UsageError
from ..results.cell_config import CellConfig
from ..results.regression.baseline import CellKey
from ..results.regression.references import BaselineLookup, Reference, find_baseline, open_reference


@dataclass(kw_only=True, slots=True)
class _Opened:
    reference: Reference | None = None
    fault: str | None = None


@dataclass(slots=True)
class Baselines:
    """What `--baseline` names, or else the committed snapshots."""

    name: str | None
    root: Path = field(kw_only=True)
    cwd: Path = field(kw_only=True)
    run_id: str = field(kw_only=True)  # `last` never means the run itself
    reports: Path | None = field(default=None, kw_only=True)  # where runs are; None: in the root
    _opened: _Opened | None = None
    _lookups: dict[CellKey, BaselineLookup] = field(default_factory=dict)

    def find(self, config: CellConfig) -> BaselineLookup:
        """The baseline of a cell; a reference that does not exist is a fault of every cell."""
        if config.key not in self._lookups:
            opened = self._open()
            self._lookups[config.key] = (
                BaselineLookup(fault=opened.fault)
                if opened.reference is None
                else find_baseline(config, opened.reference)
            )
        return self._lookups[config.key]

    def check(self) -> None:
        """Raise UsageError if the user named a reference and it names nothing."""
        if self.name is not None and (fault := self._open().fault) is not None:
            raise UsageError(f"--baseline {self.name}: {fault}")

    def _open(self) -> _Opened:
        if self._opened is None:
            try:
                reference = open_reference(
                    self.name, root=self.root, cwd=self.cwd, current_run=self.run_id, reports=self.reports
                )
                self._opened = _Opened(reference=reference)
            except HiddenLayerError as error:
                self._opened = _Opened(fault=f"the baseline cannot be used: {error}")
        return self._opened
