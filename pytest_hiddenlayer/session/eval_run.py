"""The result of one run, as Python and the command see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import HiddenLayerError
from ..results.metrics.cells import CellMetrics
from ..results.regression.gate import GateResult
from ..types import Record
from .answers.selection import failing_candidates, outcome_counts
from .outcomes import failures_of
from .session import Session


@dataclass(kw_only=True)
class EvalRun:
    """The result of one run."""

    session: Session
    errors: list[HiddenLayerError] = field(default_factory=list)  # files and cases that could not be used
    skips: Counter[str] = field(default_factory=Counter)  # reason → cases without an answer
    interrupted: bool = False  # by Ctrl-C: what was answered is in `records`, nothing is gated

    @property
    def run_id(self) -> str:
        """The id of the run: the name of its folder."""
        return self.session.run_id

    @property
    def folder(self) -> Path:
        """Where records, summary and manifest are."""
        return self.session.run_log.folder

    @property
    def records(self) -> Sequence[Record]:
        """One record per sample, epoch and cell, in the order of the task files.

        Those of a run of more than 20,000 answers are read from the run's `records.jsonl` when they are asked for.
        """
        return self.session.answered

    @property
    def metrics(self) -> list[CellMetrics]:
        """The metrics of every cell."""
        return self.session.metrics

    @property
    def gates(self) -> Mapping[tuple[str, ...], GateResult]:
        """The gate of every cell that has one."""
        return self.session.gates

    @property
    def failures(self) -> list[str]:
        """Why the run fails: wrong answers under `must_pass` or `strict`, and failed gates."""
        strict = self.session.options.strict
        return [
            *failures_of(failing_candidates(self.session, strict=strict), strict=strict),
            *(gate.message for gate in self.gates.values() if gate.outcome == "failed"),
        ]

    @property
    def exit_status(self) -> int:
        """As pytest's: 0 success; 1 a failure, an error, or every sample was skipped; 5 no samples."""
        if self.interrupted:
            return 2
        outcomes = outcome_counts(self.session)
        if self.errors or outcomes["error"] or self.failures or self.session.write_faults.failing:
            return 1
        answered = outcomes.total() > outcomes["skipped"]
        if self.skips or outcomes:
            return 0 if answered else 1
        return 5

    @property
    def ok(self) -> bool:
        """Whether nothing failed and something was measured."""
        return self.exit_status == 0
