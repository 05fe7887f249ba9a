"""The metrics of a judge's audit, each with its n and 95 % interval, or the reason why it has none.

Position, length and self-preference bias follow Zheng et al. 2023, "Judging LLM-as-a-Judge with
MT-Bench and Chatbot Arena", arXiv:2306.05685, sections 3.3 and 3.4, and Panickssery et al. 2024,
arXiv:2404.13076. One thing differs: a judge's preference is the mean of its votes in both orders, so
that position bias is not counted as length bias or self-preference. Error bars are clustered by sample.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from ...scorers.judge.call import MASTER_KEYS
from ...stats.agreement import kappa_agreement
from ...stats.estimate.mean_interval import estimate
from ...stats.paired.compare import compare_pairs
from ..answers import Winner
from .master_keys import CONTROL, ECHO, MasterKeyResult
from .pairs import AuditPair, JudgedPair

NO_PAIR = "no pair was judged: two players must have given differing answers to one sample"


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """One measured quantity."""

    name: str
    value: float | None  # None: not measured, see `why`
    ci95: tuple[float, float] | None
    n: int
    unit: str = "pairs"  # what n counts
    why: str = ""  # why there is no value or no interval


def position_bias(judged: Sequence[JudgedPair]) -> Iterator[Metric]:
    """Order consistency, and which position is preferred if the orders disagree.

    The first three are shares of the pairs and sum to 1, as in table 2 of Zheng et al. The last is
    the share of all votes for either answer that went to the answer shown first.
    """
    net_votes = [(pair, sum(_votes_by_position(pair))) for pair in judged if pair.votes is not None]
    clusters = _clusters([pair for pair, _ in net_votes])
    why = "no verdict could be read in both orders" if judged else NO_PAIR
    yield _share("order consistency", [net == 0 for _, net in net_votes], clusters, why)
    yield _share("position bias (prefers first)", [net > 0 for _, net in net_votes], clusters, why)
    yield _share("position bias (prefers second)", [net < 0 for _, net in net_votes], clusters, why)
    votes = [(vote > 0, pair.pair.cluster) for pair, _ in net_votes for vote in _votes_by_position(pair) if vote]
    clusters = [cluster for _, cluster in votes]
    why = "every readable vote was for a tie" if net_votes else why
    yield _share("votes for the answer shown first", [first for first, _ in votes], clusters, why, "votes")


def length_bias(judged: Sequence[JudgedPair]) -> Iterator[Metric]:
    """The share that the longer answer wins, ties as halves, among pairs with equal scores.

    If the scores are equal, only its length favours the longer answer.
    """
    measured = [
        (pair, longer)
        for pair in judged
        if pair.votes is not None and _equal_scores(pair.pair) and (longer := _longer(pair.pair))
    ]
    values = [pair.preference(longer) for pair, longer in measured]
    why = "no pair with a verdict has equal scores and unequal lengths" if judged else NO_PAIR
    clusters = _clusters([pair for pair, _ in measured])
    yield _mean("wins of the longer of two answers with equal scores", values, clusters, why)


def self_preference(judged: Sequence[JudgedPair], judge: str) -> Iterator[Metric]:
    """The share that answers of the judge's model family win by the judge, and the excess over scores and people."""
    measured = [
        (pair, own) for pair in judged if pair.votes is not None and (own := pair.pair.same_family_answer(judge))
    ]
    why = f"no pair with a verdict has exactly one answer of the judge's model family ({judge})"
    why = why if judged else NO_PAIR
    by_judge = [pair.preference(own) for pair, own in measured]
    yield _mean("wins of the same model family, by the judge", by_judge, _clusters([p for p, _ in measured]), why)
    for rater, preference in (("scores", _preference_of_scores), ("people", _preference_of_people)):
        rated = [(pair, own) for pair, own in measured if preference(pair.pair, own) is not None]
        by_rater = [preference(pair.pair, own) or 0.0 for pair, own in rated]
        clusters = _clusters([pair for pair, _ in rated])
        missing = "no label of such a pair" if rater == "people" else "no such pair is scored"
        yield _mean(f"wins of the same model family, by {rater}", by_rater, clusters, missing if measured else why)
        by_judge = [pair.preference(own) for pair, own in rated]
        yield _difference(f"more than by {rater}", by_rater, by_judge, clusters, missing if measured else why)


def agreement(judged: Sequence[JudgedPair]) -> Iterator[Metric]:
    """Agreement of the judge's verdict over both orders with people and with the scores: the share, and kappa."""
    no_label = "no pair with a verdict has a label; add some with `hiddenlayer label`, and name the file by --labels"
    yield from _agreement("people", judged, lambda pair: pair.people, no_label)
    no_truth = "no pair with a verdict has one right and one wrong answer"
    yield from _agreement("the scores, one right and one wrong", judged, lambda pair: pair.truth, no_truth)


def key_metrics(results: Sequence[MasterKeyResult]) -> Iterator[Metric]:
    """The acceptance rate of each master key, of all of them together, and of the right answer."""
    for form in dict.fromkeys(result.form for result in results):
        of_form = [result for result in results if result.form == form]
        for key in (*MASTER_KEYS, ECHO):
            yield _acceptance(f"{form}: {format_key(key)}", [result for result in of_form if result.key == key])
        attacks = [result for result in of_form if result.key != CONTROL]
        yield _acceptance(f"{form}: any of these", attacks)
        yield _acceptance(f"{form}: {CONTROL}", [result for result in of_form if result.key == CONTROL])


def format_key(key: str) -> str:
    """A master key in readable form."""
    return "(empty)" if not key else key if key == ECHO else repr(key)


def _votes_by_position(pair: JudgedPair) -> tuple[int, int]:
    """Each order's vote: 1 for the answer shown first, -1 for the second, 0 for a tie."""
    a_first, b_first = pair.votes or (0.5, 0.5)
    return round(2 * a_first - 1), round(1 - 2 * b_first)


def _equal_scores(pair: AuditPair) -> bool:
    return pair.scores is not None and abs(pair.scores[0] - pair.scores[1]) < 1e-9


def _longer(pair: AuditPair) -> Winner | None:
    length_a, length_b = len(pair.a.output), len(pair.b.output)
    return None if length_a == length_b else "a" if length_a > length_b else "b"


def _preference_of_scores(pair: AuditPair, own: Winner) -> float | None:
    if pair.scores is None:
        return None
    own_score, other_score = pair.scores if own == "a" else pair.scores[::-1]
    return 0.5 if _equal_scores(pair) else float(own_score > other_score)


def _preference_of_people(pair: AuditPair, own: Winner) -> float | None:
    return None if pair.people is None else 0.5 if pair.people == "tie" else float(pair.people == own)


def _agreement(
    rater: str, judged: Sequence[JudgedPair], verdict: Callable[[AuditPair], Winner | None], why: str
) -> Iterator[Metric]:
    """The agreement of the judge with one other rater, whose verdict on a pair is `verdict`."""
    verdicts = [
        (pair.winner, by_rater, pair.pair.cluster)
        for pair in judged
        if pair.winner and (by_rater := verdict(pair.pair))
    ]
    clusters = [cluster for _, _, cluster in verdicts]
    why = why if judged else NO_PAIR
    equal = [by_judge == by_rater for by_judge, by_rater, _ in verdicts]
    yield _share(f"the same winner as {rater}", equal, clusters, why)
    kappa = kappa_agreement(
        [winner for winner, _, _ in verdicts], [winner for _, winner, _ in verdicts], groups=clusters
    )
    yield Metric(
        name=f"Cohen's kappa with {rater}",
        value=kappa.value,
        ci95=kappa.ci95,
        n=len(verdicts),
        why=kappa.why if verdicts else why,
    )


def _acceptance(name: str, results: Sequence[MasterKeyResult]) -> Metric:
    judged = [result for result in results if result.accepted is not None]
    why = next((result.why for result in results if result.accepted is None), "no sample to attack")
    clusters = [result.cluster for result in judged]
    return _share(name, [bool(result.accepted) for result in judged], clusters, why, "verdicts")


def _share(name: str, hits: Sequence[bool], clusters: Sequence[Hashable], why: str, unit: str = "pairs") -> Metric:
    return _mean(name, list(map(float, hits)), clusters, why, unit)


def _mean(name: str, values: Sequence[float], clusters: Sequence[Hashable], why: str, unit: str = "pairs") -> Metric:
    mean = estimate(values, clusters)
    reason = why if mean.mean is None else mean.method if mean.ci95 is None else ""
    return Metric(name=name, value=mean.mean, ci95=mean.ci95, n=mean.n, unit=unit, why=reason)


def _difference(
    name: str, by_rater: Sequence[float], by_judge: Sequence[float], clusters: Sequence[str], why: str
) -> Metric:
    if not by_judge:
        return Metric(name=name, value=None, ci95=None, n=0, why=why)
    paired = compare_pairs(by_rater, by_judge, clusters)
    reason = "no interval: a single sample" if paired.ci95 is None else ""
    return Metric(name=name, value=paired.difference, ci95=paired.ci95, n=paired.n, why=reason)


def _clusters(judged: Sequence[JudgedPair]) -> list[str]:
    return [pair.pair.cluster for pair in judged]
