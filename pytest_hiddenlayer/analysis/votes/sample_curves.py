"""What k of the n samples of a question achieve: one of them right (pass@k), and their majority right."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import fsum
from typing import Any

from ...results.metrics.samples import cluster_of
from ...stats.estimate.mean_interval import Estimate, estimate
from ...stats.estimate.pass_at_k import pass_at_k
from ...types import NO_TEXT, RECORDED_COUNTS, SAMPLE_SCORES, Record
from ...usage import strategy_calls

MAX_SUBSETS = 1000
"""Sets of k samples that are all looked at; if there are more, DRAWS of them are drawn."""
DRAWS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class SampledQuestion:
    """One record's samples: how many are right, and what each answered."""

    key: str  # of the record: the seed of its draws
    cluster: str
    right: int
    scored: int
    of: int  # samples; those without a score are in no figure
    votes: tuple[tuple[str | None, float], ...] | None  # (answer, 1 if right) of the scored samples; None: unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplePoint:
    """The figures for k samples, over the questions with at least k scored ones."""

    k: int
    questions: int
    pass_at_k: Estimate  # at least one of k is right
    majority_at_k: Estimate | None  # the most frequent of k answers is right; None: no answers are known
    exact: bool  # False: the majority is the mean over drawn sets


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleCurve:
    """pass@k and the majority of k over the questions of a cell."""

    questions: int
    samples: tuple[int, int]  # the fewest and the most of a question
    unscored: int  # samples without a score
    oracle: Estimate  # any sample is right
    points: tuple[SamplePoint, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values."""
        return asdict(self)


def sampled_question(record: Record) -> SampledQuestion | None:
    """Returns the samples of a record, recorded counts included; None if it has none with a score."""
    counts = record.answer_metadata.get(RECORDED_COUNTS)
    if isinstance(counts, Mapping):
        right, of = counts["correct"], counts["of"]
        return SampledQuestion(key=record.key, cluster=cluster_of(record), right=right, scored=of, of=of, votes=None)
    scores = record.answer_metadata.get(SAMPLE_SCORES)
    samples = list(scores.values()) if isinstance(scores, Mapping) else []
    known = [s for s in samples if isinstance(s, Mapping) and isinstance(s.get("right"), bool)]
    if not known:
        return None
    return SampledQuestion(
        key=record.key,
        cluster=cluster_of(record),
        right=sum(sample["right"] for sample in known),
        scored=len(known),
        of=len(samples),
        votes=tuple((s.get("answer"), float(s["right"])) for s in known) if has_texts(record) else None,
    )


def has_texts(record: Record) -> bool:
    """Whether a text of at least one sample is known, so that samples can vote."""
    calls = (call for call in strategy_calls(record) if call.get("role", "").startswith("sample-"))
    return any(call.get("completion", NO_TEXT) != NO_TEXT for call in calls)


def sample_curve(records: Sequence[Record], *, seed: int = 0) -> SampleCurve | None:
    """Returns the curve of a cell; None if no record has scored samples.

    k is 1, 2, 5, 10, 20, 50, ... up to the number of samples of most questions, which is included.
    """
    questions = [q for record in records if (q := sampled_question(record)) is not None]
    if not questions:
        return None
    sizes = Counter(question.scored for question in questions)
    usual = max(sizes, key=lambda size: (sizes[size], size))
    ks = sorted({*itertools.takewhile(lambda k: k < usual, _round_numbers()), usual})
    majorities = {id(q): majority_at(q, ks, seed=seed) for q in questions}
    return SampleCurve(
        questions=len(questions),
        samples=(min(q.of for q in questions), max(q.of for q in questions)),
        unscored=sum(q.of - q.scored for q in questions),
        oracle=_mean(questions, [float(q.right > 0) for q in questions]),
        points=tuple(_point(k, questions, majorities) for k in ks),
    )


def majority_at(question: SampledQuestion, ks: Sequence[int], *, seed: int = 0) -> dict[int, float]:
    """Returns the chance that the most frequent answer of k samples is right, for each k of at most all samples.

    Samples are drawn without replacement. A tie counts as the mean of the tied answers, and a set without a
    readable answer as not right. Empty if no answers are known.
    """
    if question.votes is None:
        return {}
    votes = question.votes
    right = _right_by_answer(votes)
    answers = [answer for answer, _ in votes]
    drawn = [k for k in ks if k <= len(answers) and not _is_counted(len(answers), k)]
    chances = _drawn(answers, right, drawn, random.Random(f"{seed}:{question.key}")) if drawn else {}
    for k in ks:
        if k <= len(answers) and k not in chances:
            subsets = itertools.combinations(answers, k)
            chances[k] = _mean_of([_winner_right(Counter(s), right) for s in subsets])
    return chances


def _is_counted(n: int, k: int) -> bool:
    """Whether all sets of k of n samples are looked at: single samples always, so that majority@1 is pass@1."""
    return k == 1 or math.comb(n, k) <= MAX_SUBSETS


def _round_numbers() -> Iterator[int]:
    for power in itertools.count():
        yield from (factor * 10**power for factor in (1, 2, 5))


def _point(
    k: int, questions: Sequence[SampledQuestion], majorities: Mapping[int, Mapping[int, float]]
) -> SamplePoint:
    enough = [q for q in questions if q.scored >= k]
    voting = [q for q in enough if k in majorities[id(q)]]
    return SamplePoint(
        k=k,
        questions=len(enough),
        pass_at_k=_mean(enough, [pass_at_k(q.scored, q.right, k) for q in enough]),
        majority_at_k=_mean(voting, [majorities[id(q)][k] for q in voting]) if voting else None,
        exact=all(_is_counted(q.scored, k) for q in voting),
    )


def _mean(questions: Sequence[SampledQuestion], values: Sequence[float]) -> Estimate:
    return estimate([min(1.0, value) for value in values], [question.cluster for question in questions])


def _right_by_answer(votes: Sequence[tuple[str | None, float]]) -> dict[str, float]:
    """How often each answer is right; verdicts that people gave to equal answers may differ."""
    by_answer: dict[str, list[float]] = {}
    for answer, right in votes:
        if answer is not None:
            by_answer.setdefault(answer, []).append(right)
    return {answer: _mean_of(rights) for answer, rights in by_answer.items()}


def _winner_right(counts: Mapping[str | None, int], right: Mapping[str, float]) -> float:
    known = {answer: count for answer, count in counts.items() if answer is not None}
    if not known:
        return 0.0
    most = max(known.values())
    return _mean_of([right[answer] for answer, count in known.items() if count == most])


def _drawn(
    answers: Sequence[str | None], right: Mapping[str, float], ks: Sequence[int], shuffler: random.Random
) -> dict[int, float]:
    """The means over random orders; the first k of one order are one set of k."""
    values: dict[int, list[float]] = {k: [] for k in ks}
    for _ in range(DRAWS):
        order = shuffler.sample(answers, max(ks))
        counts: Counter[str | None] = Counter()
        done = 0
        for k in ks:
            counts.update(order[done:k])
            done = k
            values[k].append(_winner_right(counts, right))
    return {k: _mean_of(sets) for k, sets in values.items()}


def _mean_of(values: Sequence[float]) -> float:
    return fsum(values) / len(values)
