"""The metrics of a cell, computed from its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from ...stats.calibration.calibration import Calibration
from ...stats.estimate.mean_interval import Estimate, estimate
from ...types import OWN_PROMPTS, SCORED, Record, Usage
from ...usage import costs_of
from ..cell_config import CellConfig
from .calls import call_metrics
from .confidence import cell_calibration, measure_calibrations
from .judges import judge_metrics
from .samples import SampleResult, SampleTable, flaky_samples, pass_estimates, sample_result
from .scorers import ScorerMetrics, other_scorers, scorer_names

MIN_SCORED = 0.95
"""`min_scored` of a run whose summary does not state it: the default of a task."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CellMetrics:
    """The metrics of a cell, for the table, the summary, the snapshot and the gate."""

    config: CellConfig
    samples: Mapping[str, SampleResult]
    estimate: Estimate
    outcomes: Mapping[str, int]  # outcome → records
    usage: Usage
    cost_usd: float | None  # None: unknown for at least one record
    wall_s: float  # from the first request to the last response
    passes: Mapping[str, Estimate] = field(default_factory=dict)  # pass@k and pass^k; empty without repeated epochs
    flaky: tuple[str, ...] = ()  # samples that were right in some epochs and not in others
    calibration: Calibration | None = None  # None: fewer than 10 scored answers have a confidence
    confidence: str | None = None  # kinds of the calibrated confidence
    measures: Mapping[str, Calibration] = field(default_factory=dict)  # of each measure that `Record.confidence` has
    judging: Mapping[str, Any] = field(default_factory=dict)  # see `judge_metrics`
    calls: Mapping[str, Any] = field(default_factory=dict)  # see `call_metrics`
    other_scorers: Mapping[str, ScorerMetrics] = field(default_factory=dict)  # by name: all but the first scorer
    prompts: Mapping[str, str] = field(default_factory=dict)  # name → hash of the user's own prompts that were used
    not_run: Mapping[str, int] = field(default_factory=dict)  # reason → cases that were skipped without a record

    @property
    def n_scored(self) -> int:
        """The number of answers with a score: each epoch of a sample is an answer."""
        return sum(count for outcome, count in self.outcomes.items() if outcome in SCORED)

    @property
    def n_selected(self) -> int:
        """The number of answers that the run was to make."""
        return max(self.config.planned_answers, sum(self.outcomes.values()))

    @property
    def n_samples(self) -> int:
        """The number of samples that the run was to answer."""
        return max(len(self.config.selected), len(self.samples))

    @property
    def n_total(self) -> int:
        """The number of answers to all samples of the task."""
        return max(self.config.total * self.config.epochs, self.config.selected_answers)

    @property
    def partial(self) -> bool:
        """Whether only some of the task's answers were selected."""
        return max(self.config.selected_answers, sum(self.outcomes.values())) < self.n_total

    @property
    def headline(self) -> str:
        """The name of the first scorer's score, which the gate judges."""
        return next(iter(self.config.scorers), self.config.scorer.partition("/")[0])

    @property
    def scorers(self) -> dict[str, ScorerMetrics]:
        """Name → metrics of every scorer, the first one first."""
        first = ScorerMetrics(scorer=self.config.scorer, n_scored=self.n_scored, estimate=self.estimate)
        return {self.headline: first, **self.other_scorers}

    @property
    def lost(self) -> dict[str, int]:
        """Sample → its epochs without a score, for the samples that have epochs with one."""
        if isinstance(self.samples, SampleTable):
            return self.samples.lost_epochs()
        return {name: sample.lost for name, sample in self.samples.items() if sample.lost and sample.epochs}

    @property
    def complete(self) -> bool:
        """Whether every sample of the task was answered; -k, --limit and -x can leave some out."""
        return len(self.samples) >= self.config.total

    def to_json(self) -> dict[str, Any]:
        """One object of `summary.json`."""
        config = self.config
        return {
            "task": config.task,
            "strategy": config.strategy,
            "label": config.label,
            "provider": config.provider,
            "model": config.model,
            "slug": config.slug,
            "scorer": config.scorer,
            "n": self.n_scored,
            "n_selected": self.n_selected,
            "n_total": self.n_total,
            "n_samples": self.estimate.n,
            "n_samples_selected": self.n_samples,
            "lost_epochs": self.lost,
            "epochs": config.epochs,
            "reducer": config.reducer,
            "pass_score": config.pass_score,
            "min_scored": config.min_scored,
            "score": self.estimate.mean,
            "stderr": self.estimate.stderr,
            "ci95": self.estimate.ci95,
            "n_groups": self.estimate.n_groups,
            "method": self.estimate.method,
            "scorers": {name: scorer.to_json() for name, scorer in self.scorers.items()},
            "outcomes": dict(self.outcomes),
            "usage": asdict(self.usage),
            "cost_usd": self.cost_usd,
            "wall_s": round(self.wall_s, 3),
            "tags": list(config.tags),
            "self_judged": config.self_judged,
            "passes": {name: asdict(value) for name, value in self.passes.items()},
            "flaky": list(self.flaky),
            "judging": dict(self.judging),
            "calls": dict(self.calls),
            "calibration": self.calibration and {"confidence": self.confidence, **self.calibration.to_json()},
            "confidence_measures": {name: value.to_json() for name, value in self.measures.items()},
            **({"preset": config.preset} if config.preset else {}),
            **({"prompts": dict(self.prompts)} if self.prompts else {}),
        }


def compute_metrics(config: CellConfig, records: Sequence[Record], *, bootstrap: int = 0) -> CellMetrics:
    """The metrics of one cell. A sample counts as scored if at least one of its epochs is.

    The scored epochs of a sample are reduced to one score first; the standard error is that over
    samples, clustered by their group. With `bootstrap` draws, the interval of the score is that
    of a cluster bootstrap with the cell's seed.
    """
    by_sample: dict[str, list[Record]] = {}
    for record in records:
        by_sample.setdefault(record.sample_id, []).append(record)
    samples = {
        name: sample_result(epochs, reducer=config.reducer, pass_score=config.pass_score)
        for name, epochs in by_sample.items()
    }
    scored = {name: sample for name, sample in samples.items() if sample.score is not None}
    scores = [sample.score for sample in scored.values() if sample.score is not None]
    groups = [sample.group for sample in scored.values()]
    calibrated = cell_calibration(records, config.pass_score)
    costs = costs_of(records)
    return CellMetrics(
        config=config,
        samples=samples,
        estimate=estimate(scores, groups, bootstrap=bootstrap, seed=config.seed),
        outcomes=Counter(record.outcome for record in records),
        usage=_usage(records),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
        wall_s=_wall_s(records),
        passes=pass_estimates(samples, config.pass_score, config.min_scored, reducer=config.reducer),
        flaky=flaky_samples(scored, config.pass_score),
        calibration=calibrated and calibrated[0],
        confidence=calibrated and calibrated[1],
        measures=measure_calibrations(records, config.pass_score),
        judging=judge_metrics(records),
        calls=call_metrics(records),
        prompts=_own_prompts(records),
        other_scorers=other_scorers(
            records,
            {name: sample.scores for name, sample in samples.items()},
            {name: sample.group for name, sample in samples.items()},
            config.scorers,
        ),
    )


def _own_prompts(records: Sequence[Record]) -> dict[str, str]:
    """Name → hash of the user's own prompts, sorted by name."""
    used = (record.answer_metadata.get(OWN_PROMPTS) for record in records)
    prompts = {name: str(value) for one in used if isinstance(one, Mapping) for name, value in one.items()}
    return dict(sorted(prompts.items()))


def by_cell(records: Iterable[Record]) -> dict[tuple[str, str, str, str], list[Record]]:
    """Records by cell, in order of first appearance; if an item was answered twice, only its last record is kept."""
    cells: dict[tuple[str, str, str, str], dict[tuple[str, int], Record]] = {}
    for record in records:
        cells.setdefault(record.cell, {})[(record.sample_id, record.epoch)] = record
    return {cell: list(items.values()) for cell, items in cells.items()}


def config_from_records(records: Sequence[Record], settings: Mapping[str, Any] | None = None) -> CellConfig:
    """The configuration that the records themselves show, without the task file.

    `settings` is the cell's object in the run's `summary.json`; without it, defaults are assumed.
    """
    ids = tuple(dict.fromkeys(record.sample_id for record in records))
    config = config_from_first(
        records[0], settings or {}, names=scorer_names(records), n_samples=len(ids), n_answers=len(records)
    )
    return replace(config, selected=ids, epochs=max(record.epoch for record in records))


def config_from_first(
    first: Record, known: Mapping[str, Any], *, names: Sequence[str], n_samples: int, n_answers: int
) -> CellConfig:
    """The configuration of a cell, from its first record and the `names` of all its scores."""
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
        scorer=known.get("scorer") or next(iter(names), ""),
        scorers=known_scorers(names, known),
        seed=first.seed,
        epochs=first.epoch,
        reducer=known.get("reducer", "mean"),
        pass_score=known.get("pass_score", 1.0),
        threshold=None,
        min_scored=known.get("min_scored", MIN_SCORED),
        margin=0.0,
        min_effect=0.05,
        total=n_samples,
        answers=n_answers,
    )


def known_scorers(names: Sequence[str], settings: Mapping[str, Any]) -> dict[str, str]:
    """Name → scorer and version of every score; the version is empty if no summary states it."""
    stated = settings.get("scorers")
    if isinstance(stated, Mapping) and all(isinstance(value, Mapping) for value in stated.values()):
        return {name: str(value.get("scorer", "")) for name, value in stated.items()}
    return dict.fromkeys(names, "")


def _usage(records: Sequence[Record]) -> Usage:
    """The sum of the usages, as `Usage` adds them, in one pass; a record without calls adds nothing."""
    usages = [record.usage for record in records if record.usage["calls"]]
    if not usages:
        return Usage()
    columns = {part.name: [usage.get(part.name) for usage in usages] for part in fields(Usage)}
    totals: dict[str, Any] = {name: None if None in column else sum(column) for name, column in columns.items()}
    return Usage(**totals)


def _wall_s(records: Sequence[Record]) -> float:
    if not records:
        return 0.0
    starts = [datetime.fromisoformat(record.started_at).timestamp() for record in records]
    ends = [start + record.latency_s for start, record in zip(starts, records, strict=True)]
    return max(ends) - min(starts)
