"""One judge's opinion by one criterion: a weighted verdict, the mean of several, or just one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ...protocols import Ask
from .call import MAX_TOKENS, Verdict, ask_verdict, shorten, together
from .logprob_weighting import TOP, Weights, weigh
from .prompt import JudgePrompt
from .scale import Scale


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeConfig:
    """How often and how a judge is asked."""

    samples: int = 1  # verdicts drawn where a judge tells no probabilities
    temperature: float | None = None  # None: 0 for one verdict, 1 for several, as in G-Eval
    max_tokens: int = MAX_TOKENS
    logprobs: bool = True  # weigh by the judge's probabilities where it tells them


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgment:
    """What one judge thinks of one output by one criterion."""

    judge: str | None = None  # PROVIDER[:MODEL] as the scorer names it; None: the run's judge
    model: str = ""  # full name of what answered
    criterion: str | None = None  # None: there is only one
    scale: str  # its ends: `1-5`, `no-yes`
    verdict: str | None  # the most probable or most frequent; None: unreadable
    value: float | None  # on [0, 1]; None: unreadable, and `why` says why
    by: str  # probabilities, samples, or verdict
    explanation: str = ""  # the judge's words, shortened
    why: str = ""
    shares: Mapping[str, float] | None = None  # verdict → probability, or share of the samples
    mass: float | None = None  # probability that the scale's verdicts carried
    unreadable: int = 0  # samples that could not be read

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for a score's details; what says nothing is left out."""
        found = {**asdict(self), "shares": None if self.shares is None else dict(self.shares)}
        return {name: value for name, value in found.items() if value not in (None, "", 0) or name in _KEPT}


_KEPT = {"judge", "verdict", "value"}


async def form_judgment(
    ask: Ask,
    prompt: JudgePrompt,
    texts: Mapping[str, str],
    words: Mapping[str, str],
    *,
    role: str,
    judge: str | None,
    criterion: str | None = None,
    terms: JudgeConfig,
) -> Judgment:
    """The opinion of one judge. Raises ProviderError where a call of it failed."""

    async def draw(number: int) -> Verdict:
        return await ask_verdict(
            ask,
            prompt,
            texts,
            words,
            role=role,
            round=number,
            judge=judge or True,
            temperature=_temperature(terms),
            max_tokens=terms.max_tokens,
            top_logprobs=TOP if terms.logprobs and number == 0 else 0,
        )

    first = await draw(0)
    marking = prompt.marking
    weights = weigh(first.completion, first.reading, marking, first.shown) if terms.logprobs else None
    if weights is not None:
        found = _weighted(weights)
    elif terms.samples == 1:
        found = _single(first, marking.scale)
    else:
        rest = await together(draw(number) for number in range(1, terms.samples))
        found = _sampled([first, *rest], marking.scale)
    said = first.completion
    return replace(found, judge=judge, model=said.model, criterion=criterion, explanation=shorten(said.text))


def _weighted(weights: Weights) -> Judgment:
    top = max(weights.shares, key=lambda label: weights.shares[label])
    return Judgment(
        verdict=top,
        value=weights.value,
        by="probabilities",
        shares=weights.shares,
        mass=weights.mass,
        scale=weights.scale,
    )


def _single(one: Verdict, scale: Scale) -> Judgment:
    value = None if one.verdict is None else scale.value(one.verdict)
    return Judgment(verdict=one.verdict, value=value, by="verdict", why=one.why, scale=scale.ends)


def _sampled(drawn: Sequence[Verdict], scale: Scale) -> Judgment:
    """Unreadable where at least half of the draws are."""
    read = Counter(one.verdict for one in drawn if one.verdict is not None)
    n = read.total()
    unreadable = len(drawn) - n
    if unreadable >= n:
        reason = next(one.why for one in drawn if one.verdict is None)
        why = f"{unreadable} of {len(drawn)} verdicts are unreadable: {reason}"
        return Judgment(verdict=None, value=None, by="samples", why=why, unreadable=unreadable, scale=scale.ends)
    value = math.fsum(scale.value(verdict) * count for verdict, count in read.items()) / n
    shares = {verdict: count / n for verdict, count in read.most_common()}
    top = next(iter(shares))
    return Judgment(
        verdict=top, value=min(1.0, value), by="samples", shares=shares, unreadable=unreadable, scale=scale.ends
    )


def _temperature(terms: JudgeConfig) -> float:
    if terms.temperature is not None:
        return terms.temperature
    return 0.0 if terms.samples == 1 else 1.0
