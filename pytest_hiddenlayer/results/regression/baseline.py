"""A baseline: the samples of one cell, from a snapshot or a run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..metrics.cells import MIN_SCORED

CellKey: TypeAlias = tuple[str, str, str, str]
"""(task, strategy label, provider, model slug), as in `Record.cell`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineSample:
    """One sample of a baseline."""

    score: float | None
    outcome: str
    answer: str | None
    hash: str
    group: str | None = None  # cluster; None: the sample has none, or the source does not contain it
    output: str | None = None  # the complete text; None: from a snapshot, which has no texts
    n_scored: int = 1  # scored epochs; 0 if there is no score
    epoch_scores: tuple[float, ...] | None = None  # of the scored epochs, in order; None: unknown
    lost: int = 0  # epochs that were answered and have no score
    scores: Mapping[str, float] = field(default_factory=dict)  # of other scorers, by name
    worst: float | None = None  # the score if the lost epochs count as wrong; None: no epoch is scored
    confidence: float | None = None  # of the answer, in [0, 1]; None: unknown


class BaselineTable(Mapping[str, BaselineSample]):
    """The samples of a baseline that are kept as columns, with counts that need no sample."""

    @property
    @abstractmethod
    def n_scored(self) -> int:
        """The number of answers with a score."""

    @property
    @abstractmethod
    def n_lost(self) -> int:
        """The number of answers without a score."""

    @abstractmethod
    def shared_scores(self, old: BaselineTable, name: str, *, by_hash: bool) -> list[tuple[float, float, str | None]]:
        """(old score, score, group) of the samples that one scorer scored on both sides."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """One cell of a reference, to compare with."""

    name: str  # the source, as in messages
    scorer: str | None  # name/version; None: the source does not contain it
    samples: Mapping[str, BaselineSample]
    key: CellKey = ("", "", "", "")
    model: str = ""  # full name
    epochs: int = 1
    usage: Mapping[str, int | None] | None = None  # None: unknown
    cost_usd: float | None = None  # None: unknown
    other_scorers: Mapping[str, str] = field(default_factory=dict)  # name → scorer and version; empty: unknown
    prompts: Mapping[str, str] = field(default_factory=dict)  # name → hash of the user's own prompts that were used
    warning: str = ""  # such as that the baseline is of another model; empty: no warning
    min_scored: float = MIN_SCORED  # share of the answers that must be scored
    pass_score: float | None = None  # from which score on an epoch is right; None: the source does not contain it
    seed: int | None = None  # of the run; None: the source does not contain it
    answers_only: bool = False  # from a snapshot, which has no outputs
    outcomes: Mapping[str, int] | None = None  # outcome → answers; None: unknown
    wall_s: float | None = None  # from the first request to the last response; None: unknown
    run_id: str | None = None  # of the run; None: a snapshot

    @property
    def n_scored(self) -> int:
        """The number of answers with a score."""
        if isinstance(self.samples, BaselineTable):
            return self.samples.n_scored
        return sum(sample.n_scored for sample in self.samples.values())

    @property
    def n_answers(self) -> int:
        """The number of answers."""
        if isinstance(self.samples, BaselineTable):
            return self.samples.n_scored + self.samples.n_lost
        return self.n_scored + sum(sample.lost for sample in self.samples.values())


def with_prompts_warning(baseline: Baseline, prompts: Mapping[str, str]) -> Baseline:
    """Return the baseline, with a warning if the cell that is compared with it used other prompts of strategies."""
    names = sorted({*baseline.prompts, *prompts})
    changed = [name for name in names if baseline.prompts.get(name) != prompts.get(name)]
    if not changed:
        return baseline
    sides = (f"{name} ({_wording(baseline.prompts, name)}, now {_wording(prompts, name)})" for name in changed)
    warning = f"prompts changed: {', '.join(sides)}"
    return replace(baseline, warning="; ".join(filter(None, (baseline.warning, warning))))


def _wording(prompts: Mapping[str, str], name: str) -> str:
    return f"own wording {prompts[name]}" if name in prompts else "built-in wording"
