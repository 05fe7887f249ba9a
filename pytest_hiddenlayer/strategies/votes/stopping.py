"""When to stop sampling: adaptive consistency and early-stopping self-consistency.

- `adaptive`: Aggarwal et al. 2023, "Let's Sample Step by Step", arXiv:2305.11860, Beta criterion: with v1
  votes for the most frequent answer and v2 for the second, P(it stays ahead) = P(Beta(v1+1, v2+1) > 1/2),
  and sampling stops at 0.95. The paper asks for one sample at a time.
- `early`: Li et al. 2024, "Escape Sky-high Cost", arXiv:2401.10480: samples come in windows, and
  sampling stops after a window whose answers are all equal.

Both count votes without weights. A sample without an answer is no vote; a window with one is not unanimous.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..voting import plurality
from .rule import VoteRule


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplingStop:
    """When sampling stopped, and why."""

    asked: int
    of: int
    why: str
    probability: float | None = None  # of adaptive, after the last sample

    def to_json(self) -> dict[str, object]:
        """Returns plain JSON values; `probability` only if it is known."""
        values: dict[str, object] = {"asked": self.asked, "of": self.of, "why": self.why}
        return values if self.probability is None else values | {"probability": self.probability}


def sampling_stop(answers: Sequence[str | None], rule: VoteRule, n_samples: int) -> SamplingStop | None:
    """Returns why sampling stops after these answers; None if sampling goes on."""
    n_asked = len(answers)
    probability = majority_probability(answers) if rule.stop == "adaptive" else None
    if probability is not None and probability >= rule.stop_threshold:
        why = f"the most frequent answer stays ahead with probability {probability:.3f} >= {rule.stop_threshold:g}"
        return SamplingStop(asked=n_asked, of=n_samples, why=why, probability=probability)
    if rule.stop == "early" and n_asked >= rule.window and _unanimous(answers[-rule.window :]):
        return SamplingStop(asked=n_asked, of=n_samples, why=f"the last {rule.window} answers are equal")
    if n_asked >= n_samples:
        return SamplingStop(asked=n_asked, of=n_samples, why="all samples were asked", probability=probability)
    return None


def majority_probability(answers: Sequence[str | None]) -> float:
    """Returns P(Beta(v1+1, v2+1) > 1/2) for the two most frequent answers; 0.5 without an answer.

    With whole numbers this is exact: P(X > v2) for X ~ Binomial(v1 + v2 + 1, 1/2).
    """
    first, second = (*plurality(answers).votes.values(), 0, 0)[:2]
    n = first + second + 1
    behind = term = 1  # ways to get at most k heads of n, and exactly k
    for k in range(1, second + 1):
        term = term * (n - k + 1) // k
        behind += term
    return float((2**n - behind) / 2**n)


def _unanimous(answers: Sequence[str | None]) -> bool:
    return answers[0] is not None and len(set(answers)) == 1
