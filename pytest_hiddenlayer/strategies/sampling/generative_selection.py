"""Generative selection: the model compares several candidates in writing and selects the best.

Toshniwal et al. 2025, "GenSelect: A Generative Approach to Best-of-N", arXiv:2507.17797: all candidates
are in one prompt, the model reasons about them and ends with the number of the best
(`method=joint`). The paper names comparisons of pairs as the alternative that scales worse: `knockout`
(the winner of each pair goes on) and `round_robin` (every pair; most wins). A pair is always shown in both
orders, because models prefer a position (Zheng et al. 2023, arXiv:2306.05685). 4 candidates at
temperature 0.7 are the defaults of public code for it.

Differences: the candidates are the whole answers, not summaries of reasoning, and equal texts are one candidate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from ...parameters import Range
from ...protocols import Context
from ...types import Answer, GenerationConfig, Models
from ..messages import request
from ..model_mix import ONE_MODEL, nth_model
from .candidates import Candidate, ask_samples, candidates_of, chosen, distinct, unscored, without_candidates
from .pairwise import Selection, knockout, round_robin
from .replies import read_pick


async def generative_selection(
    context: Context,
    *,
    n_samples: Annotated[int, Range(1, 1000)] = 4,
    temperature: Annotated[float, Range(0)] = 0.7,
    models: Models = "",
    method: Literal["joint", "knockout", "round_robin"] = "joint",
    selector: Annotated[Models, ONE_MODEL] = "",
) -> Answer:
    """Returns the sample that the model selects by comparing all of them, together or in pairs.

    `models` names models to sample in rotation, `selector` the model that compares; empty is the candidate. With
    `joint` all are compared in one prompt. With `knockout` and `round_robin` pairs are, in both orders: if
    the orders disagree, the sample seen first goes on, and the tie is counted. A reply that cannot be read
    is no vote. If no reply on a pair (with `joint`: on all) can be read, the outcome is `unscored`.

    Metadata: `method`, `candidates` (numbers of the samples that were compared), `pick` (number of the selected
    one; null without one), `comparisons` (per reply: `round`, `shown` and `choice`, null if it cannot be
    read), `ties` and `unreadable_choices` (their numbers).
    """
    completions = await ask_samples(context, n_samples, temperature, models)
    candidates = distinct(candidates_of(completions))
    if len(candidates) < 2:
        selection = Selection(winner=candidates[0] if candidates else None)
    else:
        compare = {"joint": _joint, "knockout": knockout, "round_robin": round_robin}[method]
        selection = await compare(context, candidates, nth_model(selector, 0))
    metadata = _metadata(method, candidates, selection)
    if selection.winner is not None:
        return chosen(selection.winner, metadata)
    if not candidates:
        return without_candidates(completions, metadata)
    return unscored(
        "generative_selection",
        f"for the better of {len(candidates)} samples (method={method})",
        f"the reply names none of them: {selection.reply[:200]!r}",
        "name another model as `selector`, or raise max_tokens if it was cut off",
        metadata,
    )


async def _joint(context: Context, candidates: Sequence[Candidate], selector: str) -> Selection:
    text = context.render(
        "generative_selection/select",
        model=selector,
        task=context.prompt,
        responses=[candidate.text for candidate in candidates],
    )
    reply = await context.ask(
        request(context, text), role="selector", round=1, model=selector, defaults=GenerationConfig(temperature=0.0)
    )
    winner = read_pick(context, reply, candidates)
    numbers = [candidate.number for candidate in candidates]
    comparison = {"round": 1, "shown": numbers, "choice": None if winner is None else winner.number}
    return Selection(winner=winner, comparisons=[comparison], reply=reply.text)


def _metadata(method: str, candidates: Sequence[Candidate], selection: Selection) -> dict[str, Any]:
    return {
        "method": method,
        "candidates": [candidate.number for candidate in candidates],
        "pick": None if selection.winner is None else selection.winner.number,
        "comparisons": list(selection.comparisons),
        "ties": selection.ties,
        "unreadable_choices": sum(comparison["choice"] is None for comparison in selection.comparisons),
    }
