"""The score of several control samples: their mean, their plurality vote, and pass@k."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...stats.estimate.pass_at_k import pass_at_k
from ...strategies.voting import plurality
from ...types import Record


def mean_score(controls: Sequence[Record]) -> float | None:
    """The mean over the scored control samples; None if none is scored."""
    scores = [control.score for control in controls if control.score is not None]
    return math.fsum(scores) / len(scores) if scores else None


def plurality_score(controls: Sequence[Record]) -> float | None:
    """The score of the first scored control sample with the most frequent answer; None if none is scored.

    Ties go to the answer seen first; a control sample without an answer does not vote. If none
    has an answer, the first scored one counts, as in the strategy `self_consistency`.
    """
    winner = plurality([control.answer for control in controls]).winner
    scores = [c.score for c in controls if c.score is not None and (winner is None or c.answer == winner)]
    return scores[0] if scores else None


def oracle_score(controls: Sequence[Record], k: int) -> float | None:
    """pass@k over the scored control samples (see `pass_at_k`); None if none is scored.

    With fewer than k scored samples it is 1.0 if any of them is right, else 0.0: at most pass@k.
    """
    right = [control.outcome == "correct" for control in controls if control.score is not None]
    if not right:
        return None
    if len(right) < k:
        return float(any(right))
    return pass_at_k(len(right), sum(right), k)
