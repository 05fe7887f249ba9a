"""The judgment of one judge by one criterion: a weighted verdict, the mean of several, or a single one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ...concurrency import gather_or_cancel
from ...protocols import Ask
from .call import MAX_TOKENS, Verdict, ask_verdict, shorten
from .logprob_weighting import TOP_LOGPROBS, WeightedVerdict, weight_verdict
from .prompt import JudgePrompt
from .scale import Scale


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeConfig:
    """How often a judge is asked, and with which generation parameters."""

    samples: int = 1  # verdicts to draw if a judge returns no probabilities
    temperature: float | None = None  # None: 0 for one verdict, 1 for several, as in G-Eval
    max_tokens: int = MAX_TOKENS
    reasoning_effort: str | None = None  # one of REASONING_EFFORTS; None: the model's default
    logprobs: bool = True  # weight by the judge's probabilities if it returns them


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgment:
    """The judgment of one judge on one output by one criterion."""

    judge: str | None = None  # PROVIDER[:MODEL] as the scorer names it; None: the run's judge
    model: str = ""  # full name of the model that answered
    criterion: str | None = None  # None: there is only one
    scale: str  # its ends: `1-5`, `no-yes`
    verdict: str | None  # the most probable or most frequent; None: unreadable
    value: float | None  # on [0, 1]; None: unreadable, and `why` says why
    by: str  # probabilities, samples, or verdict
    explanation: str = ""  # the judge's reply, shortened
    why: str = ""
    shares: Mapping[str, float] | None = None  # verdict → probability, or share of the samples
    mass: float | None = None  # probability of all verdicts of the scale
    unreadable: int = 0  # samples that could not be read

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON for a score's details, without empty fields."""
        values = {**asdict(self), "shares": None if self.shares is None else dict(self.shares)}
        return {name: value for name, value in values.items() if value not in (None, "", 0) or name in _ALWAYS}


_ALWAYS = {"judge", "verdict", "value"}


async def form_judgment(
    ask: Ask,
    prompt: JudgePrompt,
    texts: Mapping[str, str],
    fields: Mapping[str, str],
    *,
    role: str,
    judge: str | None,
    criterion: str | None = None,
    config: JudgeConfig,
) -> Judgment:
    """Returns the judgment of one judge. Raises ProviderError if a call fails."""

    async def draw(number: int) -> Verdict:
        return await ask_verdict(
            ask,
            prompt,
            texts,
            fields,
            role=role,
            round=number,
            judge=judge or True,
            temperature=_temperature(config),
            max_tokens=config.max_tokens,
            reasoning_effort=config.reasoning_effort,
            top_logprobs=TOP_LOGPROBS if config.logprobs and number == 0 else 0,
        )

    first = await draw(0)
    weighted = _weigh(first, prompt) if config.logprobs else None
    if weighted is not None:
        judgment = _from_probabilities(weighted)
    elif config.samples == 1:
        judgment = _from_verdict(first, prompt.verdict_format.scale)
    else:
        others = await gather_or_cancel(draw(number) for number in range(1, config.samples))
        judgment = _from_samples([first, *others], prompt.verdict_format.scale)
    reply = first.completion
    return replace(judgment, judge=judge, model=reply.model, criterion=criterion, explanation=shorten(reply.text))


def _weigh(verdict: Verdict, prompt: JudgePrompt) -> WeightedVerdict | None:
    return weight_verdict(verdict.completion, verdict.parsed, prompt.verdict_format, verdict.prompt_text)


def _from_probabilities(weighted: WeightedVerdict) -> Judgment:
    return Judgment(
        verdict=max(weighted.shares, key=lambda label: weighted.shares[label]),
        value=weighted.value,
        by="probabilities",
        shares=weighted.shares,
        mass=weighted.mass,
        scale=weighted.scale,
    )


def _from_verdict(verdict: Verdict, scale: Scale) -> Judgment:
    value = None if verdict.verdict is None else scale.value(verdict.verdict)
    return Judgment(verdict=verdict.verdict, value=value, by="verdict", why=verdict.why, scale=scale.ends)


def _from_samples(samples: Sequence[Verdict], scale: Scale) -> Judgment:
    """The mean of the readable samples; unreadable if at least half of the samples are."""
    counts = Counter(sample.verdict for sample in samples if sample.verdict is not None)
    n_read = counts.total()
    unreadable = len(samples) - n_read
    if unreadable >= n_read:
        reason = next(sample.why for sample in samples if sample.verdict is None)
        why = f"{unreadable} of {len(samples)} verdicts are unreadable: {reason}"
        return Judgment(verdict=None, value=None, by="samples", why=why, unreadable=unreadable, scale=scale.ends)
    value = math.fsum(scale.value(verdict) * count for verdict, count in counts.items()) / n_read
    shares = {verdict: count / n_read for verdict, count in counts.most_common()}
    return Judgment(
        verdict=next(iter(shares)),
        value=min(1.0, value),
        by="samples",
        shares=shares,
        unreadable=unreadable,
        scale=scale.ends,
    )


def _temperature(config: JudgeConfig) -> float:
    if config.temperature is not None:
        return config.temperature
    return 0.0 if config.samples == 1 else 1.0
