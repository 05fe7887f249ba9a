"""Whether a confidence distinguishes right from wrong answers to the same question."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import replace

from ..estimate.mean_interval import Estimate, linearised, quantile, wilson


def within_question(
    confidences: Sequence[float],
    right: Sequence[bool],
    questions: Sequence[Hashable],
    groups: Sequence[Hashable | None] | None = None,
) -> Estimate | None:
    """The share of (right, wrong) answer pairs per question in which the right one is more confident; ties count ½.

    None if no question has both a right and a wrong answer. WQD of Taubenfeld et al. 2025,
    "Confidence Improves Self-Consistency in LLMs", arXiv:2502.06233. Every pair counts the same, so a
    question with many answers weighs more. `n` counts the questions with a pair; the standard error
    is that of the influence function over these questions, or over their `groups`. If all pairs are won, or
    all lost, the interval is Wilson's over the questions or groups, at the quantile of Student's t, as in `auroc`.
    """
    by_question: dict[Hashable, list[int]] = {}
    for index, question in enumerate(questions):
        by_question.setdefault(question, []).append(index)
    counts: list[tuple[float, int]] = []  # (pairs won, pairs) of each question
    clusters: list[Hashable | None] = []
    for indices in by_question.values():
        sides = [[confidences[i] for i in indices if right[i] == side] for side in (True, False)]
        if sides[0] and sides[1]:
            won = math.fsum((a > b) + (a == b) / 2 for a in sides[0] for b in sides[1])
            counts.append((won, len(sides[0]) * len(sides[1])))
            clusters.append(None if groups is None else groups[indices[0]])
    if not counts:
        return None
    pairs = sum(n for _, n in counts)
    value = math.fsum(won for won, _ in counts) / pairs
    influences = [len(counts) * (won - value * n) / pairs for won, n in counts]
    found = linearised(value, influences, None if groups is None else clusters)
    n_units = found.n_groups or found.n
    if 0 < value < 1 or n_units < 2:
        return found
    # all pairs won, or all lost: nothing varies
    return replace(
        found, ci95=wilson(value, n_units, quantile(n_units - 1)), method="score interval over questions with a pair"
    )
