"""Learns the threshold of a cascade or a router on some questions, and measures it on others."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from ...errors import UsageError
from ...stats.estimate.jackknife import jackknife
from ...stats.estimate.mean_interval import quantile
from ...stats.paired.compare import PairedTest, compare_pairs
from .questions import Question, Spent, StoredQuestions, is_feature

Unit: TypeAlias = Literal["usd", "tokens", "calls"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A paired difference of accuracies on the held-out questions."""

    difference: float
    ci95: tuple[float, float] | None  # None: a single sample or group


@dataclass(frozen=True, kw_only=True, slots=True)
class LearntThreshold:
    """A threshold and what it is worth on questions that it was not learnt on."""

    task: str
    strategy: Literal["cascade", "router"]
    models: tuple[str, str]
    signal: str
    threshold: float | None  # None: on the training half none saves anything, or is more accurate
    max_loss: float
    n_train: int  # samples
    n_test: int
    left_out: int  # questions without the scores that the threshold would need
    train_accuracy: float | None  # with the threshold, on the samples that it was learnt on
    train_last: float
    accuracy: float | None  # held out, as all figures below; None without a threshold
    accuracy_first: float | None  # None: not every answer of the first model is scored
    accuracy_last: float
    asked_last: float | None  # share of the questions that the last model answers
    unit: Unit  # of the cost
    saved: float | None  # 1 - cost / cost of the last model alone; below 0: it costs more
    saved_ci95: tuple[float, float] | None
    against_last: Difference | None
    against_first: Difference | None
    against_random: Difference | None  # with the mixture that asks the last model as often, at random

    def params(self) -> dict[str, Any]:
        """Returns the parameters of the strategy, as a task file has them. Raises ValueError without a threshold."""
        if self.threshold is None:
            raise ValueError("no threshold was learnt")
        measure = "route_by" if self.strategy == "router" else "confidence"
        params = {"models": "+".join(self.models), measure: self.signal, "threshold": self.threshold}
        return {**params, "temperature": 0.7} if self.signal == "agreement" else params

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values."""
        return asdict(self)


def learn_threshold(
    stored: StoredQuestions, *, max_loss: float = 0.0, train: float = 0.5, seed: int = 0
) -> LearntThreshold:
    """Returns the cheapest threshold whose training accuracy is at most `max_loss` below the last model's.

    If none is cheaper than the last model alone, it is the most accurate one, if that is more accurate than it.
    Samples, with all their epochs and those of their group, are drawn into the training part by `seed` until it
    has the share `train`. The accuracies, the cost and the intervals are those of the other part only. Raises
    UsageError if one of the parts has fewer than two samples.
    """
    training, held_out = split(stored.questions, train, seed)
    unit = _unit(stored.questions)
    router = is_feature(stored.signal)
    threshold = _learnt(training, router=router, unit=unit, max_loss=max_loss)
    figures = _figures(held_out, threshold, router=router, unit=unit) if threshold is not None else {}
    learnt = None if threshold is None else _mean_score(training, _policy(threshold, router=router))
    return LearntThreshold(
        task=stored.task,
        strategy="router" if router else "cascade",
        models=stored.models,
        signal=stored.signal,
        threshold=threshold,
        max_loss=max_loss,
        n_train=len({question.sample_id for question in training}),
        n_test=len({question.sample_id for question in held_out}),
        left_out=stored.left_out,
        train_accuracy=learnt,
        train_last=_mean_score(training, _always_last),
        accuracy_first=_first_accuracy(held_out),
        accuracy_last=_mean_score(held_out, _always_last),
        unit=unit,
        **{**dict.fromkeys(_FIGURES), **figures},
    )


def split(questions: Sequence[Question], train: float, seed: int) -> tuple[list[Question], list[Question]]:
    """Returns (training, held-out) questions that share no sample and no group. Raises UsageError if one is tiny."""
    groups = sorted({question.cluster for question in questions})
    random.Random(seed).shuffle(groups)
    chosen = set(groups[: round(train * len(groups))])
    parts = (
        [question for question in questions if question.cluster in chosen],
        [question for question in questions if question.cluster not in chosen],
    )
    if any(len({question.cluster for question in part}) < 2 for part in parts):
        raise UsageError(
            f"a threshold is learnt on one part of the samples and reported on the other, and {len(groups)} samples "
            f"or groups at --train {train:g} leave fewer than 2 in one part; run more samples"
        )
    return parts


_EQUAL = 1e-9
"""Differences of means below this are rounding."""
_FIGURES = ("accuracy", "asked_last", "saved", "saved_ci95", "against_last", "against_first", "against_random")
_Policy: TypeAlias = Callable[[Question], bool]  # whether the first model's answer is taken


def _policy(threshold: float, *, router: bool) -> _Policy:
    def takes_first(question: Question) -> bool:
        if question.signal is None or question.first_score is None:
            return False
        return question.signal < threshold if router else question.signal >= threshold

    return takes_first


def _always_last(question: Question) -> bool:
    return False


def _learnt(questions: Sequence[Question], *, router: bool, unit: Unit, max_loss: float) -> float | None:
    """The cheapest threshold that keeps the accuracy, if it is cheaper than the last model alone.

    Else the most accurate one, if it is more accurate than the last model; None if there is neither.
    """
    alone = _mean_score(questions, _always_last)
    last_cost = _mean_cost(questions, _always_last, unit=unit, router=True)
    measured = []
    for threshold in _candidates(questions, router=router):
        policy = _policy(threshold, router=router)
        cost = _mean_cost(questions, policy, unit=unit, router=router)
        measured.append((threshold, _mean_score(questions, policy), cost))
    kept = [entry for entry in measured if entry[1] >= alone - max_loss - _EQUAL and entry[2] < last_cost - _EQUAL]
    better = [entry for entry in measured if entry[1] > alone + _EQUAL]
    if kept:
        return min(kept, key=lambda entry: entry[2])[0]
    return max(better, key=lambda entry: entry[1])[0] if better else None


def _candidates(questions: Sequence[Question], *, router: bool) -> list[float]:
    """Thresholds between the values of the signal, the strictest first, rounded as far as they still separate."""
    values = sorted({question.signal for question in questions if question.signal is not None})
    if router:
        return [float(value + 1) for value in values]  # whole numbers: the last value + 1 always takes the first
    between = [_between(low, high) for low, high in pairwise(values)]
    return [*reversed(between), 0.0]


def _between(low: float, high: float) -> float:
    middle = (low + high) / 2
    return next((r for digits in range(2, 17) if low < (r := round(middle, digits)) <= high), high)


def _score(question: Question, policy: _Policy) -> float:
    if question.first_score is None or not policy(question):
        return question.last_score
    return question.first_score


def _by_sample(
    questions: Sequence[Question], value: Callable[[Question], float]
) -> tuple[list[float], list[str | None]]:
    """(mean value of each sample over its epochs, group of each sample)."""
    samples: dict[str, list[Question]] = {}
    for question in questions:
        samples.setdefault(question.sample_id, []).append(question)
    means = [math.fsum(map(value, epochs)) / len(epochs) for epochs in samples.values()]
    return means, [epochs[0].group for epochs in samples.values()]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _mean_score(questions: Sequence[Question], policy: _Policy) -> float:
    return _mean(_by_sample(questions, lambda question: _score(question, policy))[0])


def _first_accuracy(questions: Sequence[Question]) -> float | None:
    if any(question.first_score is None for question in questions):
        return None
    return _mean_score(questions, lambda question: True)


def _unit(questions: Sequence[Question]) -> Unit:
    """Dollars if all are known and not all 0, else tokens if all are known, else calls."""
    spent = [part for question in questions for part in (question.first, question.last)]
    if all(part.usd is not None for part in spent) and any(part.usd for part in spent):
        return "usd"
    return "tokens" if all(part.tokens is not None for part in spent) else "calls"


def _cost(question: Question, policy: _Policy, *, unit: Unit, router: bool) -> float:
    """What a question costs: a cascade pays for the first model also if the last one is asked."""
    first, last = _amount(question.first, unit), _amount(question.last, unit)
    if policy(question):
        return first
    return last if router else first + last


def _amount(spent: Spent, unit: Unit) -> float:
    amount = getattr(spent, unit)
    assert isinstance(amount, float | int)  # `_unit` chooses one that is known
    return amount


def _mean_cost(questions: Sequence[Question], policy: _Policy, *, unit: Unit, router: bool) -> float:
    return _mean(_by_sample(questions, lambda question: _cost(question, policy, unit=unit, router=router))[0])


def _figures(questions: Sequence[Question], threshold: float, *, router: bool, unit: Unit) -> dict[str, Any]:
    policy = _policy(threshold, router=router)
    asked_last = _mean(_by_sample(questions, lambda question: float(not policy(question)))[0])
    saved, saved_ci95 = _saved(questions, policy, router=router, unit=unit)
    scored = all(question.first_score is not None for question in questions)
    mixed: Callable[[Question], float] = lambda q: (  # noqa: E731
        asked_last * q.last_score + (1 - asked_last) * (q.first_score or 0.0)
    )
    return {
        "accuracy": _mean_score(questions, policy),
        "asked_last": asked_last,
        "saved": saved,
        "saved_ci95": saved_ci95,
        "against_last": _difference(questions, policy, lambda q: q.last_score),
        "against_first": _difference(questions, policy, lambda q: q.first_score or 0.0) if scored else None,
        "against_random": _difference(questions, policy, mixed) if scored else None,
    }


def _difference(questions: Sequence[Question], policy: _Policy, other: Callable[[Question], float]) -> Difference:
    new, groups = _by_sample(questions, lambda question: _score(question, policy))
    test: PairedTest = compare_pairs(_by_sample(questions, other)[0], new, groups)
    return Difference(difference=test.difference, ci95=test.ci95)


def _saved(
    questions: Sequence[Question], policy: _Policy, *, router: bool, unit: Unit
) -> tuple[float | None, tuple[float, float] | None]:
    """(share of the last model's cost that is saved, 95 % interval by the jackknife over groups)."""
    costs, groups = _by_sample(questions, lambda q: _cost(q, policy, unit=unit, router=router))
    alone, _ = _by_sample(questions, lambda q: _amount(q.last, unit))

    def share(kept: Sequence[int]) -> float | None:
        whole = math.fsum(alone[i] for i in kept)
        return 1 - math.fsum(costs[i] for i in kept) / whole if whole else None

    value = share(range(len(costs)))
    error, blocks = jackknife(len(costs), share, groups)
    if value is None or error is None:
        return value, None
    reach = quantile(blocks - 1) * error
    return value, (value - reach, min(1.0, value + reach))
