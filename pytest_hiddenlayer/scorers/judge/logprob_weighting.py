"""A verdict weighted by the judge's own probabilities.

Liu et al. 2023, "G-Eval: NLG Evaluation using GPT-4 with Better Human Alignment",
arXiv:2303.16634, section 2.3: score = Σ p(s)·s over the scale's verdicts s. Ours renormalises
p over the verdicts that are among the alternatives a provider returns, and uses them only
where these carry at least MIN_MASS; the paper estimates p from 20 samples where a model tells
no probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from ...types import Completion
from .scale import Scale
from .verdict_parser import ParsedVerdict, VerdictFormat

TOP = 20
"""Alternatives asked for at every token."""
MIN_MASS = 0.8
"""Probability that the scale's verdicts must carry at the verdict's place."""
SAME = 1e-3
"""Log-probabilities nearer than this are one token's."""
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_AROUND = " \t\n[](){}<>\"'`*:.,"


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """The distribution over a scale's verdicts at the place of the verdict."""

    value: float  # its mean, on [0, 1]
    shares: Mapping[str, float]  # verdict → probability, renormalised
    mass: float  # what the verdicts carried before that
    scale: str  # its ends


def weigh(completion: Completion, reading: ParsedVerdict, marking: VerdictFormat, shown: str = "") -> Weights | None:
    """The weights of a read verdict; None where the provider tells too little.

    That is: no probabilities; a verdict that is no token of its own (`1`, `0` for 10); or
    verdicts that carry less than MIN_MASS.
    """
    taken = _taken(completion)
    if taken is None or completion.top_logprobs is None or reading.verdict is None:
        return None
    # The texts of the tokens are read anew: joined they may differ from the completion's text in white space.
    again = marking.read("".join(taken), shown)
    if again.verdict != reading.verdict or again.at is None:
        return None
    place = next((i for i, end in enumerate(accumulate(map(len, taken))) if again.at < end), None)
    if place is None:
        return None
    return _weights(completion.top_logprobs[place], taken[place], marking.scale, reading.verdict)


def _taken(completion: Completion) -> list[str] | None:
    """The text of each token that was taken: the alternative with its log-probability, UNKNOWN where none has it."""
    logs, tops = completion.logprobs, completion.top_logprobs
    if logs is None or tops is None or len(logs) != len(tops):
        return None
    texts: list[str] = []
    at = 0
    for log, top in zip(logs, tops, strict=True):
        same = [text for text in top if abs(top[text] - log) < SAME]
        # Equally probable ones are told apart by how the completion goes on.
        on = [text for text in same if text and completion.text.startswith(text, at)]
        texts.append(max(on, key=len) if on else same[0] if same else UNKNOWN)
        at += len(texts[-1]) if on else 0
    return texts


def _weights(top: Mapping[str, float], taken: str, scale: Scale, verdict: str) -> Weights | None:
    found: dict[str, float] = {}
    for text, log in top.items():
        label = scale.canonical(text.strip(_AROUND))
        if label is not None:
            found[label] = found.get(label, 0.0) + math.exp(log)
    shares = {label: p for label, p in found.items() if _whole(label, found, scale)}
    mass = math.fsum(shares.values())
    if scale.canonical(taken.strip(_AROUND)) != verdict or verdict not in shares or mass < MIN_MASS:
        return None
    value = math.fsum(p * scale.value(label) for label, p in shares.items()) / mass
    shares = {label: p / mass for label, p in sorted(shares.items(), key=lambda item: -item[1])}
    return Weights(value=min(1.0, value), shares=shares, mass=min(1.0, mass), scale=scale.ends)


def _whole(label: str, found: Mapping[str, float], scale: Scale) -> bool:
    """Whether a token surely is this verdict: `1` may begin 10, unless 10 is a token that was found too."""
    longer = [other for other in scale.labels if other != label and other.startswith(label)]
    return not longer or any(len(other) > len(label) for other in found)
