"""Universal self-consistency: the model itself picks the most consistent of several answers.

Chen et al. 2023, "Universal Self-Consistency for Large Language Model Generation",
arXiv:2311.17311. Several samples of one prompt are shown, numbered, in one request, and the reply says
which of them agrees with most others. No answer is parsed, so that free texts can be voted on too. The
paper samples 8 responses, at a temperature that depends on the model (there is no public reference code);
0.8 here is that of `self_consistency`, so that both can be compared.

Differences: only samples that ended normally are shown. A pick that cannot be read is an outcome
with its reason; the paper does not say what becomes of it. If all texts are equal, nothing is asked. A
pick that names an answer instead of a number is that of the first sample with this answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from ...parameters import Range
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Models
from ..messages import request
from ..model_mix import ONE_MODEL, nth_model
from ..voting import plurality
from .candidates import Candidate, ask_samples, candidates_of, chosen, distinct, unscored, without_candidates
from .replies import read_pick


async def universal_self_consistency(
    context: Context,
    *,
    n_samples: Annotated[int, Range(1, 1000)] = 8,
    temperature: Annotated[float, Range(0)] = 0.8,
    models: Models = "",
    selector: Annotated[Models, ONE_MODEL] = "",
    fallback: Literal["none", "plurality"] = "none",
) -> Answer:
    """Returns the sample that the model picks as the most consistent of `n_samples`.

    `models` names models to sample in rotation, `selector` the model that picks; empty is the candidate. If the
    pick cannot be read, the outcome is `unscored`; with `fallback=plurality` the plurality of the parsed
    answers decides then, if there is one.

    Metadata: `candidates` (numbers of the samples that were shown), `pick` (number of the sample that was picked;
    null if it cannot be read), `unreadable_choices` (0 or 1), `fallback` (whether it decided) and `vote` (the
    plurality of the parsed answers, to compare).
    """
    completions = await ask_samples(context, n_samples, temperature, models)
    candidates = candidates_of(completions)
    metadata = _metadata(context, candidates)
    if not candidates:
        return without_candidates(completions, metadata)
    if len(distinct(candidates)) == 1:
        return chosen(candidates[0], metadata | {"pick": candidates[0].number})
    reply = await _pick(context, candidates, nth_model(selector, 0))
    pick = read_pick(context, reply, candidates)
    if pick is not None:
        return chosen(pick, metadata | {"pick": pick.number})
    metadata |= {"unreadable_choices": 1}
    voted = _voted(context, candidates) if fallback == "plurality" else None
    if voted is not None:
        return chosen(voted, metadata | {"fallback": True})
    return _without_pick(reply, len(candidates), metadata)


async def _pick(context: Context, candidates: Sequence[Candidate], selector: str) -> Completion:
    text = context.render(
        "universal_self_consistency/select",
        model=selector,
        task=context.prompt,
        responses=[candidate.text for candidate in candidates],
    )
    return await context.ask(
        request(context, text), role="selector", round=1, model=selector, defaults=GenerationConfig(temperature=0.0)
    )


def _metadata(context: Context, candidates: Sequence[Candidate]) -> dict[str, Any]:
    vote = plurality([context.parse(candidate.text) for candidate in candidates])
    return {
        "candidates": [candidate.number for candidate in candidates],
        "pick": None,
        "unreadable_choices": 0,
        "fallback": False,
        "vote": vote.to_json(),
    }


def _voted(context: Context, candidates: Sequence[Candidate]) -> Candidate | None:
    """The first candidate with the most frequent answer; None if no answer can be parsed."""
    answers = [context.parse(candidate.text) for candidate in candidates]
    winner = plurality(answers).winner
    return None if winner is None else candidates[answers.index(winner)]


def _without_pick(reply: Completion, n_candidates: int, metadata: dict[str, Any]) -> Answer:
    return unscored(
        "universal_self_consistency",
        f"for the number of the most consistent of {n_candidates} responses",
        f"the reply names none of them (a number from 1 to {n_candidates}), or is not complete: {reply.text[:200]!r}",
        "name another model as `selector`, or write fallback=plurality",
        metadata,
    )
