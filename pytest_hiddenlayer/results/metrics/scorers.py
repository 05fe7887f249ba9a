"""The scores of every scorer of a cell, not of the first one alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.estimate.pass_at_k import reduce_epochs
from ...types import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class ScorerMetrics:
    """One scorer's scores of a cell."""

    scorer: str  # name and version; empty: unknown
    n_scored: int  # answers
    estimate: Estimate  # over samples
    unscored: Mapping[str, int] = field(default_factory=dict)  # explanation → scored answers that it gave no score

    def to_json(self) -> dict[str, Any]:
        """One value of `scorers` in `summary.json`."""
        return {
            "scorer": self.scorer,
            "n": self.n_scored,
            "n_samples": self.estimate.n,
            "score": self.estimate.mean,
            "stderr": self.estimate.stderr,
            "ci95": self.estimate.ci95,
            "n_groups": self.estimate.n_groups,
            "method": self.estimate.method,
            "unscored": dict(self.unscored),
        }


def scorer_names(records: Sequence[Record]) -> list[str]:
    """The names of all scores of the records, in order of first appearance."""
    return list(dict.fromkeys(name for record in records for name in record.scores))


def scores_by_name(records: Sequence[Record], reducer: str) -> dict[str, float]:
    """Name → the score of one sample, over the epochs that have one, from the records of its epochs."""
    values = {
        name: [v for record in records if (v := _value(record, name)) is not None] for name in scorer_names(records)
    }
    reduced = {name: reduced_scores(scores, reducer) for name, scores in values.items() if scores}
    return {name: score for name, score in reduced.items() if score is not None}


def reduced_scores(scores: Sequence[float], reducer: str) -> float | None:
    """The score of one sample and scorer over the epochs that have one.

    The reducers that count right epochs need the headline scorer's limit; the others are averaged instead.
    """
    return reduce_epochs(scores, "mean" if reducer.startswith("pass") else reducer, 1.0)


def other_scorers(
    records: Sequence[Record],
    samples: Mapping[str, Mapping[str, float]],
    groups: Mapping[str, str | None],
    scorers: Mapping[str, str],
) -> dict[str, ScorerMetrics]:
    """Name → metrics of every scorer but the first. `samples` has each sample's scores by name."""
    names = list(dict.fromkeys([*scorers, *scorer_names(records)]))
    return {name: _metrics(name, records, samples, groups, scorers.get(name, "")) for name in names[1:]}


def _metrics(
    name: str,
    records: Sequence[Record],
    samples: Mapping[str, Mapping[str, float]],
    groups: Mapping[str, str | None],
    scorer: str,
) -> ScorerMetrics:
    scores = {sample: values[name] for sample, values in samples.items() if name in values}
    without = Counter(
        record.scores[name]["explanation"] or "no reason given"
        for record in records
        if name in record.scores and record.scores[name]["value"] is None
    )
    return ScorerMetrics(
        scorer=scorer,
        n_scored=sum(_value(record, name) is not None for record in records),
        estimate=estimate(list(scores.values()), [groups[sample] for sample in scores]),
        unscored=dict(without.most_common()),
    )


def _value(record: Record, name: str) -> float | None:
    score = record.scores.get(name)
    value: float | None = None if score is None else score["value"]
    return value
