"""What a rule would have answered and saved, by the code that votes in a run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from ...strategies.votes.decision import decide
from ...strategies.votes.rule import ELICITED, VoteRule
from ...strategies.votes.stopping import sampling_stop
from .stored_samples import StoredQuestion, StoredSample


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayedVote:
    """One question answered by a rule; means if several orders were replayed."""

    answer: str | None  # in the stored order; None: no answer, or no confidence that the rule needs
    score: float | None  # None: the winning sample has no score
    samples: float  # asked
    tokens: float | None  # None: unknown


def replay_vote(question: StoredQuestion, rule: VoteRule, *, orders: int = 0, seed: int = 0) -> ReplayedVote:
    """Returns what the rule does with the samples in the stored order; with `orders`, the mean over random ones."""
    stored = _replay(question.samples, rule)
    if not orders:
        return stored
    shuffler = random.Random(f"{seed}:{question.record.key}")
    runs = [_replay(shuffler.sample(question.samples, len(question.samples)), rule) for _ in range(orders)]
    scores = [run.score for run in runs if run.score is not None]
    tokens = [run.tokens for run in runs if run.tokens is not None]
    return ReplayedVote(
        answer=stored.answer,
        score=fsum(scores) / len(scores) if scores else None,
        samples=fsum(run.samples for run in runs) / orders,
        tokens=fsum(tokens) / orders if len(tokens) == orders else None,
    )


def _replay(samples: Sequence[StoredSample], rule: VoteRule) -> ReplayedVote:
    n_asked = 0
    stopped = None
    while stopped is None:
        n_asked += rule.step(len(samples) - n_asked)
        stopped = sampling_stop([s.vote.answer for s in samples[:n_asked]], rule, len(samples))
    used = samples[:n_asked]
    decision = decide([sample.vote for sample in used], rule)
    if decision.winner is not None:
        score = used[decision.winner].score
    else:
        scored = (sample.score for sample in used if sample.score is not None)
        score = None if decision.unknown else next(scored, None)
    return ReplayedVote(answer=decision.answer, score=score, samples=n_asked, tokens=_tokens(used, rule))


def _tokens(used: Sequence[StoredSample], rule: VoteRule) -> int | None:
    counts = [sample.tokens for sample in used]
    if set(rule.measures) & set(ELICITED):
        counts += [sample.confidence_tokens for sample in used]
    return None if None in counts else sum(count for count in counts if count is not None)
