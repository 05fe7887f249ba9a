"""Mixture-of-agents: layers of proposers that read the proposals of the layer before, and one aggregator.

Wang et al. 2024, "Mixture-of-Agents Enhances Large Language Model Capabilities", arXiv:2406.04692: three layers, of
which the last is the aggregator alone, with six proposers. Without `proposers` every proposer is the candidate:
Self-MoA (Li et al. 2025, "Rethinking Mixture-of-Agents", arXiv:2502.00674). Differences: proposals are in a user
message that repeats the task, and not in the system message, which is the task's; and empty or truncated proposals
are left out. The reference code calls the number of proposer layers `rounds`, and its default is 1, which is
`n_layers=2` here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from ...completions.finish_reasons import ended_normally
from ...concurrency import gather_or_cancel
from ...parameters import Range
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Message, Models
from ..messages import request
from ..model_mix import ONE_MODEL, nth_model


async def mixture_of_agents(
    context: Context,
    *,
    n_layers: Annotated[int, Range(2, 20)] = 3,
    n_proposers: Annotated[int, Range(1, 100)] = 6,
    temperature: Annotated[float, Range(0)] = 0.7,
    proposers: Models = "",
    aggregator: Annotated[Models, ONE_MODEL] = "",
) -> Answer:
    """Returns the aggregator's synthesis of proposals; in every layer but the first, proposers read the last layer's.

    `n_layers` includes the aggregator, so that there are n_proposers * (n_layers - 1) + 1 calls. `proposers` names
    models that are assigned to the proposers in rotation, and `aggregator` the model that aggregates, instead of
    the candidate. Empty and truncated proposals are left out. If a layer has no other, the outcome is `unscored`.

    Metadata: `agents` (the proposers' roles), `answers` of every layer, and `left_out` ([layer, role] of the
    proposals that were left out).
    """
    roles = [f"proposer-{index + 1}" for index in range(n_proposers)]
    metadata: dict[str, Any] = {"agents": roles, "answers": [], "left_out": []}
    proposals: list[str] = []
    for layer in range(n_layers - 1):
        completions = await gather_or_cancel(
            context.ask(
                _prompt(context, proposals, nth_model(proposers, index)),
                role=role,
                round=layer,
                model=nth_model(proposers, index),
                defaults=GenerationConfig(temperature=temperature),
            )
            for index, role in enumerate(roles)
        )
        usable = [_is_usable(completion) for completion in completions]
        proposals = [c.text.strip() for c, keep in zip(completions, usable, strict=True) if keep]
        metadata["answers"].append(
            [context.parse(c.text) if keep else None for c, keep in zip(completions, usable, strict=True)]
        )
        metadata["left_out"] += [[layer, role] for role, keep in zip(roles, usable, strict=True) if not keep]
        if not proposals:
            return _without_proposals(completions, layer, metadata)
    final = await context.ask(
        _prompt(context, proposals, nth_model(aggregator, 0)),
        role="aggregator",
        round=n_layers - 1,
        model=nth_model(aggregator, 0),
        defaults=GenerationConfig(temperature=temperature),
    )
    return Answer(output=final.text, finish_reason=final.finish_reason, metadata=metadata)


def _prompt(context: Context, proposals: Sequence[str], model: str) -> Sequence[Message]:
    """The task; with proposals, the request to synthesize them."""
    if not proposals:
        return context.messages
    text = context.render("mixture_of_agents/aggregate", model=model, task=context.prompt, answers=proposals)
    return request(context, text)


def _is_usable(completion: Completion) -> bool:
    return ended_normally(completion.finish_reason) and bool(completion.text.strip())


def _without_proposals(completions: Sequence[Completion], layer: int, metadata: dict[str, Any]) -> Answer:
    first = completions[0]
    return Answer(
        output=first.text,
        finish_reason=first.finish_reason,
        outcome="unscored",
        error=(
            f"mixture_of_agents asked {len(completions)} proposers in layer {layer + 1}, but every proposal is empty "
            f"or did not end normally ({first.finish_reason}); raise generate.max_tokens, or name other models"
        ),
        metadata=metadata,
    )
