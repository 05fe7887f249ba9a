"""The figures of a cell, from its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from ...stats.calibration.calibration import Calibration
from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.estimate.pass_at_k import reduce_epochs
from ...types import Outcome, Record, Usage
from .calls import call_figures
from .confidence import cell_calibration
from .judges import judge_figures
from .pass_at_k import passes, wavering


@dataclass(frozen=True, kw_only=True, slots=True)
class CellConfig:
    """What is known of a cell before it runs; plain values, so that it crosses processes as JSON."""

    task: str
    task_hash: str
    strategy: str
    strategy_params: Mapping[str, Any]
    label: str
    provider: str
    model: str  # full name
    slug: str
    params: str  # what stands in the brackets of its items
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
    selected: tuple[str, ...] = ()  # sample ids that this run will answer
    self_judged: bool = False  # the strategy's or scorer's judge is the candidate itself
    gate_id: str | None = None  # node id of the cell's gate, where it is selected

    @property
    def key(self) -> tuple[str, str, str, str]:
        """As in `Record.cell`."""
        return (self.task, self.label, self.provider, self.slug)


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleResult:
    """One sample over its epochs."""

    score: float | None  # reduced over the scored epochs
    outcome: Outcome
    answer: str | None  # of the first scored epoch
    hash: str
    must_pass: bool
    group: str | None = None  # cluster, for error bars
    epochs: tuple[float, ...] = ()  # scores of the scored epochs, in order


@dataclass(frozen=True, kw_only=True, slots=True)
class CellMetrics:
    """What the table, the summary, the snapshot and the gate say of a cell."""

    plan: CellConfig
    samples: Mapping[str, SampleResult]
    estimate: Estimate
    outcomes: Mapping[str, int]  # outcome → records
    usage: Usage
    cost_usd: float | None  # None: unknown for at least one record
    wall_s: float  # from the first question to the last answer
    passes: Mapping[str, Estimate] = field(default_factory=dict)  # pass@k and pass^k, where epochs were repeated
    flaky: tuple[str, ...] = ()  # samples that were right in some epochs and not in others
    calibration: Calibration | None = None  # None: fewer than 10 scored answers have a confidence
    confidence: str | None = None  # what the calibrated confidence is
    judging: Mapping[str, Any] = field(default_factory=dict)  # what judges did, see `judge_figures`
    calls: Mapping[str, Any] = field(default_factory=dict)  # what was unusual about calls, see `call_figures`

    @property
    def n_selected(self) -> int:
        """Samples that the run was to answer."""
        return max(len(self.plan.selected), len(self.samples))

    @property
    def partial(self) -> bool:
        """Whether only a part of the task's samples was selected."""
        return self.n_selected < self.plan.total

    @property
    def whole(self) -> bool:
        """Whether every sample of the task was answered; after -k, --limit or -x some were not."""
        return len(self.samples) >= self.plan.total

    def to_json(self) -> dict[str, Any]:
        """One object of `summary.json`."""
        plan = self.plan
        return {
            "task": plan.task,
            "strategy": plan.strategy,
            "label": plan.label,
            "provider": plan.provider,
            "model": plan.model,
            "slug": plan.slug,
            "scorer": plan.scorer,
            "n": self.estimate.n,
            "n_selected": self.n_selected,
            "n_total": plan.total,
            "score": self.estimate.mean,
            "stderr": self.estimate.stderr,
            "ci95": self.estimate.ci95,
            "n_groups": self.estimate.n_groups,
            "method": self.estimate.method,
            "outcomes": dict(self.outcomes),
            "usage": asdict(self.usage),
            "cost_usd": self.cost_usd,
            "wall_s": round(self.wall_s, 3),
            "self_judged": plan.self_judged,
            "passes": {name: asdict(found) for name, found in self.passes.items()},
            "flaky": list(self.flaky),
            "judging": dict(self.judging),
            "calls": dict(self.calls),
            "calibration": self.calibration and {"confidence": self.confidence, **self.calibration.to_json()},
        }


def compute_metrics(plan: CellConfig, records: Sequence[Record], *, bootstrap: int = 0) -> CellMetrics:
    """The figures of one cell. A sample counts as scored when at least one of its epochs is.

    Epochs are repeats within a sample: they are reduced to one score first, and the score's
    error is that over samples, clustered by their group. With `bootstrap` draws the score's
    interval is that of a cluster bootstrap, seeded as the cell.
    """
    by_sample: dict[str, list[Record]] = {}
    for record in records:
        by_sample.setdefault(record.sample_id, []).append(record)
    samples = {name: _sample(plan, found) for name, found in by_sample.items()}
    scored = {name: result for name, result in samples.items() if result.score is not None}
    groups = {name: result.group for name, result in scored.items()}
    epochs = {name: result.epochs for name, result in scored.items()}
    scores = [result.score for result in scored.values() if result.score is not None]
    calibrated = cell_calibration(records, plan.pass_score)
    costs = [record.cost_usd for record in records if record.transcript]
    return CellMetrics(
        plan=plan,
        samples=samples,
        estimate=estimate(scores, list(groups.values()), bootstrap=bootstrap, seed=plan.seed),
        outcomes=Counter(record.outcome for record in records),
        usage=_usage(records),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
        wall_s=_wall_s(records),
        passes=passes(epochs, groups, plan.pass_score),
        flaky=wavering(epochs, plan.pass_score),
        calibration=calibrated and calibrated[0],
        confidence=calibrated and calibrated[1],
        judging=judge_figures(records),
        calls=call_figures(records),
    )


def by_cell(records: Iterable[Record]) -> dict[tuple[str, str, str, str], list[Record]]:
    """Records by cell, in order of first appearance; of an item answered twice the last record counts."""
    found: dict[tuple[str, str, str, str], dict[tuple[str, int], Record]] = {}
    for record in records:
        found.setdefault(record.cell, {})[(record.sample_id, record.epoch)] = record
    return {cell: list(items.values()) for cell, items in found.items()}


def config_from_records(records: Sequence[Record]) -> CellConfig:
    """A plan for records whose task file is not at hand: what they themselves tell."""
    first = records[0]
    ids = tuple(dict.fromkeys(record.sample_id for record in records))
    return CellConfig(
        task=first.task,
        task_hash="",
        strategy=first.strategy,
        strategy_params=first.strategy_params,
        label=first.label,
        provider=first.provider,
        model=first.model,
        slug=first.slug,
        params=f"{first.label}-{first.provider}",
        scorer=next((name for record in records for name in record.scores), ""),
        seed=first.seed,
        epochs=max(record.epoch for record in records),
        reducer="mean",
        pass_score=1.0,
        threshold=None,
        min_scored=0.0,
        margin=0.0,
        min_effect=0.05,
        total=len(ids),
        selected=ids,
    )


def _sample(plan: CellConfig, records: Sequence[Record]) -> SampleResult:
    graded = [(record, score) for record in records if (score := record.score) is not None]
    scored, values = [record for record, _ in graded], [score for _, score in graded]
    score = reduce_epochs(values, plan.reducer, plan.pass_score) if values else None
    return SampleResult(
        score=score,
        outcome=_outcome(scored, score, plan.pass_score) if score is not None else records[0].outcome,
        answer=scored[0].answer if scored else None,
        hash=records[0].sample_hash,
        must_pass=records[0].must_pass,
        group=records[0].group,
        epochs=tuple(values),
    )


def _outcome(scored: Sequence[Record], score: float, pass_score: float) -> Outcome:
    """The only epoch's own outcome; over several epochs the reduced score is graded anew."""
    if len(scored) == 1:
        return scored[0].outcome
    return "correct" if score >= pass_score else "incorrect" if score == 0 else "partial"


def _usage(records: Sequence[Record]) -> Usage:
    """The sum, as that of `Usage`, in one pass: a record without any call adds nothing."""
    asked = [record.usage for record in records if record.usage["calls"]]
    if not asked:
        return Usage()
    columns = {part.name: [usage.get(part.name) for usage in asked] for part in fields(Usage)}
    totals: dict[str, Any] = {name: None if None in column else sum(column) for name, column in columns.items()}
    return Usage(**totals)


def _wall_s(records: Sequence[Record]) -> float:
    if not records:
        return 0.0
    starts = [datetime.fromisoformat(record.started_at).timestamp() for record in records]
    ends = [start + record.latency_s for start, record in zip(starts, records, strict=True)]
    return max(ends) - min(starts)
