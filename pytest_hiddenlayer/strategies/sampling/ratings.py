"""Ratings of candidates: by the run's judge from 1 to 10, or by a scorer of the task that needs no target."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...concurrency import gather_or_cancel
from ...errors import ParameterError
from ...protocols import Context
from ...types import GenerationConfig
from ..messages import request
from ..verdicts import read_verdict
from .candidates import Candidate, distinct
from .replies import read_rating

LOWEST, HIGHEST = 1, 10
"""The scale of the judge's ratings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rating:
    """How good one candidate is."""

    value: float | None  # of the judge from 1 to 10, of a scorer from 0 to 1; None: unknown
    why: str = ""  # why it is unknown


async def rate(context: Context, candidates: Sequence[Candidate], scorer: str = "") -> list[Rating]:
    """Returns a rating per candidate, asked at once and once per text; by the run's judge if `scorer` is empty.

    A judge that says only whether a sample is correct rates it with the end of the scale. Nobody who rates sees
    the target. Raises ProviderError, and UsageError if the task has no such scorer.
    """
    texts = distinct(candidates)
    ratings = await gather_or_cancel(
        _by_scorer(context, candidate, scorer) if scorer else _by_judge(context, candidate) for candidate in texts
    )
    by_text = {candidate.text: rating for candidate, rating in zip(texts, ratings, strict=True)}
    return [by_text[candidate.text] for candidate in candidates]


def check_scorer(params: Mapping[str, Any], choice: str) -> None:
    """Raises ParameterError if the parameter `choice` and the name of a scorer do not fit together."""
    if params[choice] == "scorer" and not params["scorer"]:
        raise ParameterError(
            f"{choice}=scorer needs the name of a scorer of the task that needs no target; write scorer=NAME",
            parameter="scorer",
        )
    if params[choice] != "scorer" and params["scorer"]:
        raise ParameterError(
            f"scorer={params['scorer']} belongs to {choice}=scorer, and {choice} is {params[choice]}; "
            f"write {choice}=scorer, or leave scorer out",
            parameter="scorer",
        )


def check_select(params: Mapping[str, Any], given: Collection[str]) -> None:
    """Raises ParameterError if `select_by` and `scorer` contradict each other."""
    check_scorer(params, "select_by")


async def _by_judge(context: Context, candidate: Candidate) -> Rating:
    text = context.render("best_of_n/rate", judge=True, task=context.prompt, response=candidate.text)
    reply = await context.ask(
        request(context, text),
        role=f"judge-{candidate.number}",
        round=1,
        judge=True,
        defaults=GenerationConfig(temperature=0.0),
    )
    value = read_rating(reply, LOWEST, HIGHEST)
    if value is None and (verdict := read_verdict(reply)) is not None:
        value = float(HIGHEST if verdict else LOWEST)
    why = "" if value is not None else f"no rating from {LOWEST} to {HIGHEST}: {reply.text[:100]!r}"
    return Rating(value=value, why=why)


async def _by_scorer(context: Context, candidate: Candidate, scorer: str) -> Rating:
    score = await context.feedback(candidate.completion.text, scorer=scorer)
    return Rating(value=score.value, why="" if score.value is not None else score.explanation or "no score")
