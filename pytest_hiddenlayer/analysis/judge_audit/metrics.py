"""The figures of a judge's audit, each with its n and 95 % interval, or why it has none.

Biases of position, length and kinship are those of Zheng et al. 2023, "Judging LLM-as-a-Judge
with MT-Bench and Chatbot Arena", arXiv:2306.05685, sections 3.3 and 3.4, and of Panickssery et
al. 2024, arXiv:2404.13076. Ours differ in that what a judge prefers is the mean of its votes in
both orders, so that a preferred place cannot pass for a preferred length or family. Error bars
are clustered by sample.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from ...scorers.judge.call import MASTER_KEYS
from ...stats.agreement import kappa_agreement
from ...stats.estimate.mean_interval import estimate
from ...stats.paired.compare import compare_pairs
from .master_keys import CONTROL, ECHO, MasterKeyResult
from .pairs import AuditPair, JudgedPair, Winner

NO_PAIR = "no pair was judged: two players must have given differing answers to one sample"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One measured thing."""

    name: str
    value: float | None  # None: not measured, and `why` says why
    ci95: tuple[float, float] | None
    n: int
    unit: str = "pairs"  # what n counts
    why: str = ""  # why there is no value or no interval


def position(judged: Sequence[JudgedPair]) -> Iterator[Figure]:
    """How often both orders name the same winner, and which place gains where they do not.

    The first three are shares of the pairs and sum to 1, as in table 2 of Zheng et al.; the
    last is the share of all votes for either answer that went to the one shown first.
    """
    read = [(said, sum(_to_first(said))) for said in judged if said.votes is not None]
    where = [said.pair.cluster for said, _ in read]
    why = "no verdict could be read in both orders" if judged else NO_PAIR
    yield _share("same winner in both orders", [lean == 0 for _, lean in read], where, why)
    yield _share("turns towards the answer shown first", [lean > 0 for _, lean in read], where, why)
    yield _share("turns towards the answer shown second", [lean < 0 for _, lean in read], where, why)
    votes = [(vote > 0, said.pair.cluster) for said, _ in read for vote in _to_first(said) if vote]
    places = [place for _, place in votes]
    why = "every readable vote was for a tie" if read else why
    yield _share("votes for the answer shown first", [first for first, _ in votes], places, why, "votes")


def length_bias(judged: Sequence[JudgedPair]) -> Iterator[Figure]:
    """What the longer answer wins, ties as halves, where both have the same score: nothing else favours it then."""
    equal = [said for said in judged if said.votes is not None and _equal(said.pair) and _longer(said.pair)]
    values = [said.preference(_longer(said.pair) or "a") for said in equal]
    why = "no pair with a verdict has equal scores and unequal lengths" if judged else NO_PAIR
    yield _mean("wins of the longer of two answers with equal scores", values, _clusters(equal), why)


def self_preference(judged: Sequence[JudgedPair], judge: str) -> Iterator[Figure]:
    """What answers of the judge's model or family win against others, and how much more than others give them."""
    found = [(said, own) for said in judged if said.votes is not None and (own := said.pair.own(judge))]
    why = f"no pair with a verdict has exactly one answer of the judge's model or family ({judge})"
    why = why if judged else NO_PAIR
    own_wins = [said.preference(own) for said, own in found]
    yield _mean("wins of its own kind, by the judge", own_wins, _clusters([said for said, _ in found]), why)
    for whom, given in (("scores", _by_scores), ("people", _by_people)):
        known = [(said, own) for said, own in found if given(said.pair, own) is not None]
        theirs = [given(said.pair, own) or 0.0 for said, own in known]
        where = _clusters([said for said, _ in known])
        why_not = why if not found else f"no {'label of such a pair' if whom == 'people' else 'such pair is scored'}"
        yield _mean(f"wins of its own kind, by {whom}", theirs, where, why_not)
        ours = [said.preference(own) for said, own in known]
        yield _difference(f"more than by {whom}", theirs, ours, where, why_not)


def agreement(judged: Sequence[JudgedPair]) -> Iterator[Figure]:
    """How often the judge's verdict over both orders is that of people, and that of the scores, and kappa of each."""
    labelled = "no pair with a verdict has a label; make some with `hiddenlayer label`, and name the file by --labels"
    yield from _agreement("people", judged, lambda pair: pair.people, labelled)
    apart = "no pair with a verdict has one right and one wrong answer"
    yield from _agreement("the scores, one right and one wrong", judged, lambda pair: pair.truth, apart)


def key_figures(said: Sequence[MasterKeyResult]) -> Iterator[Figure]:
    """How often each text without an answer is accepted, all of them together, and the right answer beside them."""
    for words in dict.fromkeys(verdict.form for verdict in said):
        ours = [verdict for verdict in said if verdict.form == words]
        for key in (*MASTER_KEYS, ECHO):
            yield _accepted(f"{words}: {shown(key)}", [verdict for verdict in ours if verdict.key == key])
        keys = [verdict for verdict in ours if verdict.key != CONTROL]
        yield _accepted(f"{words}: any of these", keys)
        yield _accepted(f"{words}: {CONTROL}", [verdict for verdict in ours if verdict.key == CONTROL])


def shown(key: str) -> str:
    """A key as people read it."""
    return "(empty)" if not key else key if key == ECHO else repr(key)


def _to_first(said: JudgedPair) -> tuple[int, int]:
    """Each order's vote: 1 for the answer shown first, -1 for the second, 0 for neither."""
    a_first, b_first = said.votes or (0.5, 0.5)
    return round(2 * a_first - 1), round(1 - 2 * b_first)


def _equal(pair: AuditPair) -> bool:
    return pair.scores is not None and abs(pair.scores[0] - pair.scores[1]) < 1e-9


def _longer(pair: AuditPair) -> Winner | None:
    one, other = len(pair.a.output), len(pair.b.output)
    return None if one == other else "a" if one > other else "b"


def _by_scores(pair: AuditPair, own: Winner) -> float | None:
    if pair.scores is None:
        return None
    mine, other = pair.scores if own == "a" else pair.scores[::-1]
    return 0.5 if _equal(pair) else float(mine > other)


def _by_people(pair: AuditPair, own: Winner) -> float | None:
    return None if pair.people is None else 0.5 if pair.people == "tie" else float(pair.people == own)


def _agreement(
    whom: str, judged: Sequence[JudgedPair], truth: Callable[[AuditPair], Winner | None], why: str
) -> Iterator[Figure]:
    both = [(said.winner, known, said.pair.cluster) for said in judged if said.winner and (known := truth(said.pair))]
    where = [place for _, _, place in both]
    why = why if judged else NO_PAIR
    yield _share(f"the same winner as {whom}", [ours == theirs for ours, theirs, _ in both], where, why)
    kappa = kappa_agreement([ours for ours, _, _ in both], [theirs for _, theirs, _ in both], groups=where)
    yield Figure(
        name=f"Cohen's kappa with {whom}",
        value=kappa.value,
        ci95=kappa.ci95,
        n=len(both),
        why=kappa.why if both else why,
    )


def _accepted(name: str, said: Sequence[MasterKeyResult]) -> Figure:
    read = [verdict for verdict in said if verdict.accepted is not None]
    why = next((verdict.why for verdict in said if verdict.accepted is None), "no sample to ask with")
    places = [verdict.cluster for verdict in read]
    return _share(name, [bool(verdict.accepted) for verdict in read], places, why, "verdicts")


def _share(name: str, found: Sequence[bool], where: Sequence[Hashable], why: str, unit: str = "pairs") -> Figure:
    return _mean(name, list(map(float, found)), where, why, unit)


def _mean(name: str, values: Sequence[float], where: Sequence[Hashable], why: str, unit: str = "pairs") -> Figure:
    found = estimate(values, where)
    reason = why if found.mean is None else found.method if found.ci95 is None else ""
    return Figure(name=name, value=found.mean, ci95=found.ci95, n=found.n, unit=unit, why=reason)


def _difference(name: str, theirs: Sequence[float], ours: Sequence[float], where: Sequence[str], why: str) -> Figure:
    if not ours:
        return Figure(name=name, value=None, ci95=None, n=0, why=why)
    found = compare_pairs(theirs, ours, where)
    lacking = "no interval: a single sample" if found.ci95 is None else ""
    return Figure(name=name, value=found.difference, ci95=found.ci95, n=found.n, why=lacking)


def _clusters(judged: Sequence[JudgedPair]) -> list[str]:
    return [said.pair.cluster for said in judged]
