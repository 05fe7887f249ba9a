"""Weights a verdict by the judge's own probabilities.

Liu et al. 2023, "G-Eval: NLG Evaluation using GPT-4 with Better Human Alignment",
arXiv:2303.16634, section 2.3: score = Σ p(s)·s over the scale's verdicts s. This implementation
renormalizes p over the verdicts among the alternatives that a provider returns, and uses them
only if they carry at least MIN_MASS. The paper estimates p from 20 samples if a model returns
no probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from ...completions.reasoning import split_reasoning
from ...types import Completion
from .scale import Scale
from .verdict_parser import ParsedVerdict, VerdictFormat

TOP_LOGPROBS = 20
"""Alternatives to request for every token."""
MIN_MASS = 0.8
"""Minimum probability of the scale's verdicts at the verdict's token."""
SAME = 1e-3
"""Log-probabilities that differ by less belong to the same token."""
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_AROUND = " \t\n[](){}<>\"'`*:.,"


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightedVerdict:
    """The distribution over a scale's verdicts at the verdict's token."""

    value: float  # its mean, on [0, 1]
    shares: Mapping[str, float]  # verdict → probability, renormalized
    mass: float  # probability of all verdicts before renormalization
    scale: str  # its ends


def weight_verdict(
    completion: Completion, parsed: ParsedVerdict, verdict_format: VerdictFormat, prompt_text: str = ""
) -> WeightedVerdict | None:
    """Returns the weighted verdict, or None if the provider returns too little.

    That is: no probabilities; a verdict that is not a single token (`1`, `0` for 10); or
    verdicts with a probability below MIN_MASS.
    """
    tokens = _taken_tokens(completion)
    if tokens is None or completion.top_logprobs is None or parsed.verdict is None:
        return None
    # The joined tokens are parsed again: they may differ from the completion's text in white space and reasoning.
    joined = "".join(tokens)
    reply = split_reasoning(joined).text
    reparsed = verdict_format.parse(reply, prompt_text)
    if reparsed.verdict != parsed.verdict or reparsed.start is None or reply not in joined:
        return None
    start = joined.rindex(reply) + reparsed.start
    ends = accumulate(map(len, tokens))
    index = next((index for index, end in enumerate(ends) if start < end), None)
    if index is None:
        return None
    return _weigh(completion.top_logprobs[index], tokens[index], verdict_format.scale, parsed.verdict)


def _taken_tokens(completion: Completion) -> list[str] | None:
    """The text of each token taken: the alternative with the token's log-probability, else UNKNOWN."""
    logprobs, top_logprobs = completion.logprobs, completion.top_logprobs
    if logprobs is None or top_logprobs is None or len(logprobs) != len(top_logprobs):
        return None
    tokens: list[str] = []
    text = "" if completion.reasoning else completion.text  # of which the reasoning is not a part
    position = 0
    for logprob, alternatives in zip(logprobs, top_logprobs, strict=True):
        equal = [text for text in alternatives if abs(alternatives[text] - logprob) < SAME]
        # The completion's text decides between equally probable alternatives.
        matching = [alternative for alternative in equal if alternative and text.startswith(alternative, position)]
        tokens.append(max(matching, key=len) if matching else equal[0] if equal else UNKNOWN)
        position += len(tokens[-1]) if matching else 0
    return tokens


def _weigh(alternatives: Mapping[str, float], taken: str, scale: Scale, verdict: str) -> WeightedVerdict | None:
    probabilities: dict[str, float] = {}
    for text, logprob in alternatives.items():
        label = scale.canonical(text.strip(_AROUND))
        if label is not None:
            probabilities[label] = probabilities.get(label, 0.0) + math.exp(logprob)
    shares = {label: p for label, p in probabilities.items() if _is_whole(label, probabilities, scale)}
    mass = math.fsum(shares.values())
    if scale.canonical(taken.strip(_AROUND)) != verdict or verdict not in shares or mass < MIN_MASS:
        return None
    value = math.fsum(p * scale.value(label) for label, p in shares.items()) / mass
    shares = {label: p / mass for label, p in sorted(shares.items(), key=lambda item: -item[1])}
    return WeightedVerdict(value=min(1.0, value), shares=shares, mass=min(1.0, mass), scale=scale.ends)


def _is_whole(label: str, probabilities: Mapping[str, float], scale: Scale) -> bool:
    """Whether a token is certainly this verdict: `1` may start 10, unless a longer verdict is a token."""
    longer = [candidate for candidate in scale.labels if candidate != label and candidate.startswith(label)]
    return not longer or any(len(other) > len(label) for other in probabilities)
