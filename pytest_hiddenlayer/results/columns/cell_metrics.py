"""The metrics of cells from columns: the numbers of `compute_metrics`, without a record per answer in memory.

Only records with what no column holds are read: judges' details, warnings, and measures of confidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...stats.calibration.calibration import Calibration
from ...stats.estimate.mean_interval import estimate
from ...types import OUTCOMES, Usage
from ..log.lean_records import without_texts
from ..metrics.calls import call_warnings, unusual_calls
from ..metrics.cells import CellMetrics, config_from_first
from ..metrics.confidence import answers_calibration, measure_calibrations
from ..metrics.judges import judge_metrics
from ..metrics.run_metrics import cell_settings
from ..metrics.samples import flaky_samples, pass_estimates
from ..metrics.scorers import ScorerMetrics
from ..regression.baseline import Baseline
from ..regression.measured_cell import measured_baseline
from .cell_columns import CellColumns, ScorerColumn, own_prompts
from .row import CELL, USAGE
from .run_columns import CellRows, RunColumns
from .sample_tables import ColumnBaseline, ColumnResults, SampleColumns


def column_metrics(run: RunColumns, *, bootstrap: int = 0, replaced: bool = True) -> Iterator[CellMetrics]:
    """The metrics of every cell, as `metrics_of_run` has them; `replaced`: as `with_replaced_answers` has them.

    Raises UsageError if there is a summary that cannot be read.
    """
    settings = cell_settings(run.folder)
    for cell in run.cells():
        yield _Measured(run, cell, settings.get(cell.key, {})).metrics(bootstrap, replaced=replaced)


COMPARED = (
    *CELL,
    *("sample_id", "epoch", "outcome", "scorer", "score", "scores", "sample_hash", "group"),
    *USAGE,
    *("cost_usd", "asked", "latency_s", "started_at", "confidence", "own_prompts"),
)
"""The columns that `column_baselines` needs."""


def column_baselines(run: RunColumns) -> Iterator[Baseline]:
    """Every cell as one side of a comparison, as `RunRecords.read` has them."""
    settings, kept = cell_settings(run.folder), run.only(("sample_hash", "group", "confidence"))
    for cell in run.cells():
        yield _Measured(run, cell, settings.get(cell.key, {})).baseline(kept)


class _Measured:
    """One cell, measured."""

    def __init__(self, run: RunColumns, cell: CellRows, known: Mapping[str, Any]) -> None:
        self.run, self.cell, self.known = run, cell, known
        self.columns = CellColumns.of(run, cell)
        first = run.records[int(cell.rows[0])]
        self.scorers = self.columns.scorers(known.get("reducer", "mean"))
        config = config_from_first(
            first, known, names=list(self.scorers), n_samples=self.columns.n_samples, n_answers=len(cell.rows)
        )
        self.config = replace(config, epochs=int(run.numbers("epoch")[cell.rows].max()))
        self.samples = SampleColumns.of(self.columns, self.config, self.scorers)

    def baseline(self, kept: RunColumns) -> Baseline:
        """The cell as one side of a comparison, which holds the columns of `kept`."""
        names = list(dict.fromkeys([*self.config.scorers, *self.scorers]))
        return measured_baseline(
            f"run {self.run.folder.name}",
            self.config,
            ColumnBaseline(self.samples.of_run(kept)),
            usage=self._usage(self.cell.rows),
            cost_usd=self._cost(self.cell.rows),
            prompts=self._prompts(),
            outcomes=self._outcomes(),
            wall_s=self._wall_s(),
            other_scorers={name: self.config.scorers.get(name, "") for name in names[1:]},
        )

    def metrics(self, bootstrap: int, *, replaced: bool) -> CellMetrics:
        """The metrics of the cell; with `replaced`, with the cost of answers that were made again."""
        config, samples = self.config, self.samples
        known = ~np.isnan(samples.score)
        groups = samples.groups()
        results = ColumnResults(samples)
        repeated = len(self.cell.rows) > len(samples)
        rows = self.cell.rows
        calibrated = self._calibration()
        return CellMetrics(
            config=config,
            samples=results,
            estimate=estimate(
                samples.score[known].tolist(), _chosen(groups, known), bootstrap=bootstrap, seed=config.seed
            ),
            outcomes=self._outcomes(),
            usage=self._usage_of_all() if replaced else self._usage(rows),
            cost_usd=self._cost_of_all() if replaced else self._cost(rows),
            wall_s=self._wall_s(),
            passes=pass_estimates(results, config.pass_score, config.min_scored, reducer=config.reducer)
            if repeated
            else {},
            flaky=flaky_samples(results, config.pass_score) if repeated else (),
            calibration=calibrated and calibrated[0],
            confidence=calibrated and calibrated[1],
            measures=measure_calibrations(self._flagged("measured", rows), config.pass_score),
            judging=judge_metrics(self._flagged("judged", rows)),
            calls=self._calls(self.cell.every if replaced else rows),
            prompts=self._prompts(),
            other_scorers=self._other_scorers(groups),
        )

    def _other_scorers(self, groups: Sequence[str | None]) -> dict[str, ScorerMetrics]:
        names = list(dict.fromkeys([*self.config.scorers, *self.scorers]))
        nothing = ScorerColumn(records=np.array([]), samples=np.full(len(groups), np.nan), unscored=())
        return {
            name: _scorer_metrics(self.scorers.get(name, nothing), groups, self.config.scorers.get(name, ""))
            for name in names[1:]
        }

    def _outcomes(self) -> dict[str, int]:
        codes, first, counts = np.unique(self.columns.outcomes, return_index=True, return_counts=True)
        return {OUTCOMES[codes[i]]: int(counts[i]) for i in np.argsort(first)}

    def _usage(self, rows: Any) -> Usage:
        called = rows[self.run.numbers("calls")[rows] > 0]
        if not len(called):
            return Usage()
        return Usage(**{name: self._total(name, called) for name in USAGE})

    def _total(self, name: str, rows: Any) -> Any:
        """The sum of a column of counts over these rows; None if one is unknown."""
        column = self.run.array(name).take(rows)
        return None if column.null_count else int(np.sum(column.to_numpy()))

    def _usage_of_all(self) -> Usage:
        columns = [self.run.array(name).take(self.cell.replaced).to_pylist() for name in USAGE]
        usages = (Usage(**dict(zip(USAGE, values, strict=True))) for values in zip(*columns, strict=True))
        return sum(usages, self._usage(self.cell.rows))

    def _cost(self, rows: Any) -> float | None:
        costs = self.run.numbers("cost_usd")[rows][self.run.numbers("asked")[rows].astype(bool)]
        return None if np.isnan(costs).any() else sum(costs.tolist())

    def _cost_of_all(self) -> float | None:
        kept = self._cost(self.cell.rows)
        replaced = self.cell.replaced
        costs = self.run.numbers("cost_usd")[replaced][self.run.numbers("asked")[replaced].astype(bool)]
        if kept is None or np.isnan(costs).any():
            return None
        return sum([kept, *costs.tolist()]) if len(replaced) else kept

    def _wall_s(self) -> float:
        starts = self.run.numbers("started_at")[self.cell.rows]
        ends = starts + self.run.numbers("latency_s")[self.cell.rows]
        return float(ends.max() - starts.min())

    def _calls(self, rows: Any) -> dict[str, Any]:
        n_calls, cached, repeated = (
            int(self.run.numbers(name)[rows].sum()) for name in ("n_calls", "n_cached", "n_repeated")
        )
        flagged = rows[self.run.numbers("remarks")[rows].astype(bool)]
        warnings = call_warnings(self.run.records.each(flagged))
        return unusual_calls(n_calls, cached=cached, repeated=repeated, warnings=warnings)

    def _prompts(self) -> Mapping[str, str]:
        return own_prompts(self.run.names("own_prompts").take(self.cell.rows))

    def _flagged(self, name: str, rows: Any) -> list[Any]:
        """The records of the rows with this flag, without their texts."""
        flagged = rows[self.run.numbers(name)[rows].astype(bool)]
        return [without_texts(record) for record in self.run.records.each(flagged)]

    def _calibration(self) -> tuple[Calibration, str] | None:
        confidences = self.run.numbers("confidence")[self.cell.rows]
        chosen = ~np.isnan(confidences) & ~np.isnan(self.columns.scores)
        positions = np.flatnonzero(chosen)
        ids = self.columns.ids.take(self.columns.position[positions]).to_pylist()
        groups = self.columns.groups()
        codes = groups.codes[positions].tolist()
        clusters = [
            f"sample {name}" if code < 0 else f"group {groups.values[code]}"
            for name, code in zip(ids, codes, strict=True)
        ]
        kinds = self.run.names("confidence_kind").take(self.cell.rows).take(positions)
        return answers_calibration(
            confidences[positions].tolist(),
            (self.columns.scores[positions] >= self.config.pass_score).tolist(),
            clusters,
            ids,
            set(kinds.used()),
        )


def _scorer_metrics(column: ScorerColumn, groups: Sequence[str | None], scorer: str) -> ScorerMetrics:
    known = ~np.isnan(column.samples)
    return ScorerMetrics(
        scorer=scorer,
        n_scored=int((~np.isnan(column.records)).sum()),
        estimate=estimate(column.samples[known].tolist(), _chosen(groups, known)),
        unscored=dict(Counter(column.unscored).most_common()),
    )


def _chosen(groups: Sequence[str | None], known: Any) -> list[str | None]:
    return [group for group, chosen in zip(groups, known.tolist(), strict=True) if chosen]
