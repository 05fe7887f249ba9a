"""The decision of a vote: who votes, with which weight, and which answer wins.

- `softmax`, `linear`, `tie_break`, `max`: Taubenfeld et al. 2025, "Confidence Improves Self-Consistency"
  (CISC), arXiv:2502.06233. Weights are normalized WITHIN a question: softmax(c / T), or 1 + T (c - min c).
  `tie_break` is the plurality, and confidences (by softmax) decide between answers with equally many votes; the
  reference then lets all answers compete. `max` takes the answer of the most confident sample.
- `raw` and `keep_top`: Fu et al. 2025, "Deep Think with Confidence" (DeepConf), arXiv:2508.15260, offline:
  the weight is the confidence itself; of all samples with an answer those vote whose confidence is at
  least the percentile (1 - keep_top) * 100, interpolated linearly, so ties may keep more.

A sample without an answer, or without a confidence that the rule needs, does not vote.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..voting import Vote, plurality
from .rule import VoteRule


@dataclass(frozen=True, kw_only=True, slots=True)
class VoteSample:
    """One sample: its parsed answer, and how sure the model is of it."""

    answer: str | None  # None: it has none, or did not end normally
    confidences: Mapping[str, float] = field(default_factory=dict)  # measure → confidence, higher is more confident
    why_unknown: str = ""  # why a confidence is missing


@dataclass(frozen=True, kw_only=True, slots=True)
class Ballot:
    """What became of one sample in a vote."""

    answer: str | None
    confidences: Mapping[str, float]
    weight: float  # 0: it does not vote
    why: str = ""  # why it does not vote

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values; the confidences only if the rule needs some."""
        values: dict[str, Any] = {"answer": self.answer, "weight": self.weight}
        if self.confidences:
            values["confidences"] = dict(self.confidences)
        return values | ({"why": self.why} if self.why else {})


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The result of a vote."""

    winner: int | None  # index of the first sample that voted for the winning answer; None: no sample voted
    vote: Vote  # the answers of those who voted, counted without weights
    weights: Mapping[str, float]  # answer → share of all weights
    ballots: tuple[Ballot, ...]
    unknown: str = ""  # why no confidence is known, although the rule needs one and there are answers

    @property
    def answer(self) -> str | None:
        """The winning answer."""
        return None if self.winner is None else self.ballots[self.winner].answer


def decide(samples: Sequence[VoteSample], rule: VoteRule) -> Decision:
    """Returns the decision of a rule over samples; ties go to the answer seen first."""
    exclusions = [_exclusion(sample, rule) for sample in samples]
    voters = _kept([i for i, why in enumerate(exclusions) if not why], samples, rule)
    weights = dict(zip(voters, _weights([samples[i] for i in voters], rule), strict=True))
    vote = plurality([samples[i].answer for i in voters])
    totals = {a: math.fsum(weights[i] for i in voters if samples[i].answer == a) for a in vote.votes}
    answer = _winner(voters, samples, weights, totals, vote, rule)
    total = math.fsum(totals.values())
    ballots = tuple(
        Ballot(
            answer=sample.answer,
            confidences={name: sample.confidences[name] for name in rule.measures if name in sample.confidences},
            weight=weights.get(i, 0.0),
            why=exclusions[i] or ("" if i in weights else _filtered(rule)),
        )
        for i, sample in enumerate(samples)
    )
    return Decision(
        winner=None if answer is None else next(i for i in voters if samples[i].answer == answer),
        vote=Vote(winner=answer, votes=vote.votes, tie=_tie(vote, totals, answer, rule)),
        weights={name: value / total if total else 0.0 for name, value in totals.items()},
        ballots=ballots,
        unknown=_unknown(samples, rule) if not voters else "",
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """Returns the percentile with linear interpolation, numpy's default; `values` is not empty."""
    ordered = sorted(values)
    position = round((len(ordered) - 1) * percent / 100, 9)  # (1 - 0.7) * 100 is a little more than 30
    low = min(int(position), len(ordered) - 1)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def _exclusion(sample: VoteSample, rule: VoteRule) -> str:
    if sample.answer is None:
        return "no answer"
    missing = [measure for measure in rule.measures if measure not in sample.confidences]
    return f"no {missing[0]}: {sample.why_unknown or 'unknown'}" if missing else ""


def _kept(voters: list[int], samples: Sequence[VoteSample], rule: VoteRule) -> list[int]:
    if rule.keep_top == 1 or not voters:
        return voters
    confidences = {i: samples[i].confidences[rule.filter_measure] for i in voters}
    bar = percentile(list(confidences.values()), (1 - rule.keep_top) * 100)
    return [i for i in voters if confidences[i] >= bar]


def _filtered(rule: VoteRule) -> str:
    return f"filtered: not in the top {rule.keep_top * 100:g} % by {rule.filter_measure}"


def _weights(voters: Sequence[VoteSample], rule: VoteRule) -> list[float]:
    """The weight of each voter."""
    if rule.weights == "none" or not voters:
        return [1.0] * len(voters)
    values = [sample.confidences[rule.weights] for sample in voters]
    if rule.weighting == "raw":
        return values
    if rule.weighting == "linear":
        return [1 + rule.vote_temperature * (value - min(values)) for value in values]
    powers = [math.exp((value - max(values)) / rule.vote_temperature) for value in values]
    return [power / math.fsum(powers) for power in powers]


def _winner(
    voters: Sequence[int],
    samples: Sequence[VoteSample],
    weights: Mapping[int, float],
    totals: Mapping[str, float],
    vote: Vote,
    rule: VoteRule,
) -> str | None:
    if not voters:
        return None
    if rule.weights != "none" and rule.weighting == "max":
        return samples[max(voters, key=lambda i: weights[i])].answer
    tied = [a for a in vote.votes if vote.votes[a] == max(vote.votes.values())]
    candidates = set(tied if rule.weights == "none" or rule.weighting == "tie_break" else totals)
    seen = dict.fromkeys(samples[i].answer for i in voters)
    return max((a for a in seen if a in candidates), key=lambda a: totals[a or ""])


def _tie(vote: Vote, totals: Mapping[str, float], answer: str | None, rule: VoteRule) -> bool:
    """Whether another answer has as much weight, and the winner was seen first."""
    if rule.weights == "none":
        return vote.tie
    return rule.weighting != "max" and sum(t == totals.get(answer or "") for t in totals.values()) > 1


def _unknown(samples: Sequence[VoteSample], rule: VoteRule) -> str:
    """Why no sample with an answer has the confidence; empty if none has an answer."""
    reasons = [_exclusion(sample, rule) for sample in samples if sample.answer is not None]
    return reasons[0] if reasons else ""
