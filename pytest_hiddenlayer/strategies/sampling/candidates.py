"""Samples of one prompt, and those among which a strategy chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...completions.finish_reasons import ended_normally
from ...concurrency import gather_or_cancel
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Models
from ..model_mix import nth_model


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A sample that ended normally and has a text."""

    number: int  # of the sample, from 1: its role is `sample-NUMBER`
    completion: Completion

    @property
    def text(self) -> str:
        """The whole completion, without spaces around it."""
        return self.completion.text.strip()


async def ask_samples(context: Context, n_samples: int, temperature: float, models: Models = "") -> list[Completion]:
    """Returns `n_samples` completions of the task's prompt, asked at once as `sample-1`, `sample-2`, ...

    `models` are assigned in rotation; empty is the candidate. Raises ProviderError.
    """
    return await gather_or_cancel(
        context.ask(
            context.messages,
            role=f"sample-{index + 1}",
            model=nth_model(models, index),
            defaults=GenerationConfig(temperature=temperature),
        )
        for index in range(n_samples)
    )


def candidates_of(completions: Sequence[Completion]) -> list[Candidate]:
    """Returns the samples that ended normally and have a text, in order."""
    return [
        Candidate(number=number, completion=completion)
        for number, completion in enumerate(completions, 1)
        if ended_normally(completion.finish_reason) and completion.text.strip()
    ]


def distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Returns the first candidate of each text, in order."""
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.text, candidate)
    return list(first.values())


def chosen(candidate: Candidate, metadata: Mapping[str, Any]) -> Answer:
    """Returns a candidate as the answer."""
    completion = candidate.completion
    return Answer(output=completion.text, finish_reason=completion.finish_reason, metadata=metadata)


def without_candidates(completions: Sequence[Completion], metadata: Mapping[str, Any]) -> Answer:
    """Returns the first sample, which is not scored: it did not end normally, or is empty."""
    first = completions[0]
    return Answer(output=first.text, finish_reason=first.finish_reason, metadata=metadata)


def unscored(name: str, asked: str, found: str, remedy: str, metadata: Mapping[str, Any]) -> Answer:
    """Returns the outcome `unscored` without output; its reason is what was asked, found and can be done."""
    return Answer(
        output="", outcome="unscored", error=f"{name} asked {asked}, but {found}; {remedy}", metadata=metadata
    )
