"""The configuration of a cell: what is known before it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class CellConfig:
    """The configuration of a cell, known before it runs; plain values, so that it can be sent as JSON."""

    task: str
    task_hash: str
    strategy: str
    strategy_params: Mapping[str, Any]
    label: str
    provider: str
    model: str  # full name
    slug: str
    params: str  # in the brackets of its items' ids
    scorer: str  # the headline scorer
    seed: int
    epochs: int
    reducer: str
    pass_score: float
    threshold: float | None
    min_scored: float
    margin: float
    min_effect: float
    total: int  # samples in the task file
    scorers: Mapping[str, str] = field(
        default_factory=dict
    )  # name of a score → scorer and version, the first one first
    expect: Mapping[str, str] = field(default_factory=dict)  # as in `Task.expect`
    selected: Sequence[str] = ()  # sample ids that this run will answer
    must_pass: tuple[str, ...] = ()  # the selected ones that must be right; those of a streamed file are not listed
    answers: int | None = None  # selected answers; None: every epoch of every selected sample
    stopped_after: int | None = None  # epochs after which early stopping ended the cell; None: it did not
    tags: tuple[str, ...] = ()  # of the task
    preset: str = ""  # of the strategy; empty: none
    self_judged: bool = False  # whether a judge of the strategy or of a scorer is the candidate itself
    gate_id: str | None = None  # node id of the cell's gate; None: not selected
    gate_deselected: bool = False  # whether samples of the cell are selected and its gate is not

    @property
    def key(self) -> tuple[str, str, str, str]:
        """As in `Record.cell`."""
        return (self.task, self.label, self.provider, self.slug)

    @property
    def selected_answers(self) -> int:
        """How many answers the user selected: one per sample and epoch."""
        return len(self.selected) * self.epochs if self.answers is None else self.answers

    @property
    def planned_answers(self) -> int:
        """The selected answers without those that early stopping made unnecessary."""
        if self.stopped_after is None:
            return self.selected_answers
        return min(self.selected_answers, len(self.selected) * self.stopped_after)
