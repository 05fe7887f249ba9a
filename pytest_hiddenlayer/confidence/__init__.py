"""Measures of how sure a model is, from the log-probabilities of one completion or from several answers.

Pure functions of plain numbers: no model is asked. `docs/confidence.md` explains each measure.
"""

from __future__ import annotations

from .answers import discrete_semantic_entropy, vote_share
from .groups import (
    WINDOW,
    K,
    bottom_confidence,
    group_confidences,
    is_known,
    lowest_group_confidence,
    tail_confidence,
    token_confidences,
)
from .measures import MEASURES, Measure
from .tokens import entropy, margin, negentropy, token_measures

__all__ = [
    "MEASURES",
    "WINDOW",
    "K",
    "Measure",
    "bottom_confidence",
    "discrete_semantic_entropy",
    "entropy",
    "group_confidences",
    "is_known",
    "lowest_group_confidence",
    "margin",
    "negentropy",
    "tail_confidence",
    "token_confidences",
    "token_measures",
    "vote_share",
]
