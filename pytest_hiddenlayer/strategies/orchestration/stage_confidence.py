"""How confident a stage of a cascade is of its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

from ...completions.finish_reasons import ended_normally
from ...confidence import token_measures, vote_share
from ...protocols import Context
from ...types import Completion, GenerationConfig
from ..elicitation import ElicitedConfidence, ask_p_true, ask_verbalized
from ..messages import request
from ..verbal_confidence import read_confidence
from ..votes.confidences import confidences_of
from ..voting import plurality

StageMeasure: TypeAlias = Literal["mean_logprob", "p_true", "verbalized", "agreement", "judge"]
_NOT_RETURNED = "the provider returned no"
"""How the reason begins if a model can never have a confidence, whatever it answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageAnswer:
    """The answer of one stage."""

    completion: Completion
    confidence: float | None = None  # in [0, 1]; None: unknown, and `why` says why
    why: str = ""

    @property
    def can_never_know(self) -> bool:
        """Whether the model returns nothing from which its confidence could be known."""
        return self.why.startswith(_NOT_RETURNED)


async def rated(
    context: Context, measure: StageMeasure, completions: Sequence[Completion], model: str, number: int
) -> StageAnswer:
    """Returns a stage's answer with its confidence: the first of its completions that gave the most frequent answer.

    An answer that did not end normally has no confidence. Raises ProviderError if a call fails.
    """
    first, agreement = _chosen(context, completions)
    if not ended_normally(first.finish_reason):
        return StageAnswer(completion=first, why=f"the answer did not end normally ({first.finish_reason})")
    if measure == "agreement":
        why = "" if agreement is not None else "no sample has an answer that can be read"
        return StageAnswer(completion=first, confidence=agreement, why=why)
    if measure == "mean_logprob":
        value = confidences_of(token_measures(first.logprobs, None)).get("mean_logprob")
        why = "" if value is not None else f"{_NOT_RETURNED} log-probabilities"
        return StageAnswer(completion=first, confidence=value, why=why)
    elicited = await _elicited(context, measure, first.text, model, number)
    return StageAnswer(completion=first, confidence=elicited.value, why=elicited.why)


def _chosen(context: Context, completions: Sequence[Completion]) -> tuple[Completion, float | None]:
    """(the completion that first gave the most frequent answer, the share of votes that the answer has)."""
    answers = [context.parse(c.text) if ended_normally(c.finish_reason) else None for c in completions]
    winner = plurality(answers).winner
    complete = [c for c in completions if ended_normally(c.finish_reason)]
    first = completions[answers.index(winner)] if winner is not None else (complete or list(completions))[0]
    return first, vote_share(answers, winner)


async def _elicited(context: Context, measure: str, text: str, model: str, number: int) -> ElicitedConfidence:
    ask, render = partial(context.ask, model=model), partial(context.render, model=model)
    if measure == "p_true":
        return await ask_p_true(ask, render, context.prompt, text, round=number)
    if measure == "verbalized":
        return await ask_verbalized(ask, render, context.messages, text, round=number)
    prompt = context.render("cascade/judge", judge=True, task=context.prompt, answer=text.strip())
    reply = await context.ask(
        request(context, prompt), role="judge", round=number, judge=True, defaults=GenerationConfig(temperature=0.0)
    )
    value = read_confidence(reply.text) if ended_normally(reply.finish_reason) else None
    why = "" if value is not None else f"the judge's reply is not one number from 0 to 100: {reply.text[:80]!r}"
    return ElicitedConfidence(value=value, reply=reply.text, why=why)
