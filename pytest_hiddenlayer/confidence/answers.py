"""Agreement of several parsed answers to one question."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence


def discrete_semantic_entropy(answers: Sequence[str | None]) -> float | None:
    """The entropy, in nats, of how often each answer was given; None if no text has an answer.

    −Σ_c f_c · ln f_c over the distinct answers c with frequency f_c: 0 if all agree, ln n if all n
    differ. High means uncertain. None in `answers` is a text without an answer, which does not count.
    Answers are equal if their parsed texts are: no model decides about meaning. Farquhar, Kossen,
    Kuhn & Gal 2024, "Detecting hallucinations in large language models using semantic entropy",
    Nature 630, the discrete variant with clusters of meaning replaced by parsed answers. The
    estimate is biased downwards for few answers.
    """
    counts = Counter(answer for answer in answers if answer is not None)
    total = counts.total()
    if not total:
        return None
    # max: a single answer gives -0.0
    return max(0.0, -math.fsum(n / total * math.log(n / total) for n in counts.values()))


def vote_share(answers: Sequence[str | None], answer: str | None) -> float | None:
    """The share, in [0, 1], of the answers that equal `answer`; None if `answer` is None or nobody answered.

    None in `answers` is a text without an answer, which does not vote. Wang et al. 2022,
    "Self-Consistency Improves Chain of Thought Reasoning in Language Models", arXiv:2203.11171.
    """
    given = [other for other in answers if other is not None]
    if answer is None or not given:
        return None
    return given.count(answer) / len(given)
