"""The metrics of a cell from its columns: the same values as `compute_metrics` has from the records."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from ...stats.calibration.calibration import Calibration
from ...stats.estimate.mean_interval import estimate
from ...types import OUTCOMES, SCORED, Record, Usage
from ..cell_config import CellConfig
from ..metrics.calls import call_warnings, unusual_calls
from ..metrics.cells import CellMetrics
from ..metrics.confidence import answers_calibration, measure_calibrations
from ..metrics.judges import judge_metrics
from ..metrics.samples import SampleResult, pass_estimates
from ..metrics.scorers import ScorerMetrics
from .answer_columns import AnswerColumns, counts_of
from .sample_results import SampleResults


def streamed_metrics(config: CellConfig, columns: AnswerColumns, read: Callable[[int], Record]) -> CellMetrics:
    """The metrics of one cell. `read` gives the record of a slot from the log."""
    samples = SampleResults(columns, read, reducer=config.reducer, pass_score=config.pass_score)
    totals = _Totals()
    for name, result in samples.pairs():
        totals.add(name, result, config.pass_score)
    whole = [columns.whole[slot] for slot in sorted(columns.whole)]
    calibrated = _calibration(columns, config.pass_score)
    return CellMetrics(
        config=config,
        samples=samples,
        estimate=estimate(totals.scores, totals.groups),
        outcomes=counts_of(columns.outcomes),
        usage=Usage(**columns.usage),  # type: ignore[arg-type]  # `calls` is never unknown
        cost_usd=_cost_usd(columns),
        wall_s=columns.ended_s - columns.started_s if columns.n_records else 0.0,
        passes=pass_estimates(samples, config.pass_score, config.min_scored, reducer=config.reducer)
        if columns.epochs > 1
        else {},
        flaky=tuple(totals.flaky),
        calibration=calibrated and calibrated[0],
        confidence=calibrated and calibrated[1],
        measures=measure_calibrations(whole, config.pass_score),
        judging=judge_metrics(whole),
        calls=unusual_calls(
            columns.n_calls,
            cached=columns.n_cached,
            repeated=columns.n_repeated,
            warnings=call_warnings(whole),
        ),
        prompts=dict(sorted(columns.prompts.items())),
        other_scorers=_other_scorers(config, columns, totals),
    )


@dataclass(slots=True)
class _Totals:
    """What one pass over the samples collects."""

    scores: array[float] = field(default_factory=lambda: array("d"))  # of the scored samples
    groups: list[str | None] = field(default_factory=list)
    flaky: list[str] = field(default_factory=list)
    by_scorer: dict[str, tuple[array[float], list[str | None]]] = field(default_factory=dict)

    def add(self, name: str, result: SampleResult, pass_score: float) -> None:
        """Add a sample."""
        if result.score is not None:
            self.scores.append(result.score)
            self.groups.append(result.group)
            if len(result.epochs) > 1 and len({score >= pass_score for score in result.epochs}) > 1:
                self.flaky.append(name)
        for scorer, score in result.scores.items():
            if scorer not in self.by_scorer:
                self.by_scorer[scorer] = (array("d"), [])
            scores, groups = self.by_scorer[scorer]
            scores.append(score)
            groups.append(result.group)


def _cost_usd(columns: AnswerColumns) -> float | None:
    """The sum of the costs; None if one is unknown."""
    if any(cost is None for cost in columns.costs):
        return None
    return sum(cost for cost in columns.costs if cost is not None)


def _other_scorers(config: CellConfig, columns: AnswerColumns, totals: _Totals) -> dict[str, ScorerMetrics]:
    names = list(dict.fromkeys([*config.scorers, *columns.scores]))
    return {name: _scorer(name, config.scorers.get(name, ""), columns, totals) for name in names[1:]}


def _scorer(name: str, scorer: str, columns: AnswerColumns, totals: _Totals) -> ScorerMetrics:
    scores, groups = totals.by_scorer.get(name, (array("d"), []))
    unscored = columns.unscored.get(name)
    return ScorerMetrics(
        scorer=scorer,
        n_scored=columns.scores[name].n_known if name in columns.scores else 0,
        estimate=estimate(scores, groups),
        unscored=dict(unscored.most_common()) if unscored else {},
    )


def _calibration(columns: AnswerColumns, pass_score: float) -> tuple[Calibration, str] | None:
    if columns.confidence is None:
        return None
    values, right, clusters, questions = array("d"), [], [], []
    scored = [bool(code) and OUTCOMES[code - 1] in SCORED for code in range(len(OUTCOMES) + 1)]
    for slot, code in enumerate(columns.outcomes):
        score, confidence = columns.score.get(slot), columns.confidence.get(slot)
        if scored[code] and score is not None and confidence is not None:
            sample, group = columns.ids[slot // columns.epochs], columns.group(slot)
            values.append(confidence)
            right.append(score >= pass_score)
            clusters.append(f"sample {sample}" if group is None else f"group {group}")
            questions.append(sample)
    return answers_calibration(values, right, clusters, questions, columns.confidence_kinds)
