"""Agents with roles answer in rounds, rate each other, and the best of them stay.

Liu et al. 2023, "A Dynamic LLM-Powered Agent Network for Task-Oriented Agent Collaboration" (DyLAN),
arXiv:2310.02170. Round 1: every agent answers. Later rounds: each reads all replies of the
last round in random order, rates each from 1 to 5, and answers. As soon as more than two thirds of the agents of
a round agree, the rest is not asked, and their answer is the result. Before round 3 and later
a ranker keeps the best `top_k` of more than three agents. Ratings, passed back from the winners, say how
important each agent was. Differences: answers are equal if the headline scorer reads them as equal
(the reference code compares texts by BLEU, or letters). As many agents as a consensus needs are asked at the
same time, which costs no further call. Ratings come before the answer in a reply, and a ranking that cannot be
read keeps all agents. The ranker is greedy. The agents that it ranks best are those that stay; the reference code
keeps random ones, because it looks up their numbers in a shuffled list.
"""

from __future__ import annotations

from typing import Annotated, Any

from ...completions.finish_reasons import ended_normally
from ...parameters import Range, checked_together
from ...protocols import Context
from ...types import Answer, GenerationConfig, Models
from ..model_mix import ONE_MODEL, nth_model
from ..voting import plurality
from .network.importance import importance
from .network.rounds import Network, Reply, agent_name
from .roles import check_roles, role_names

FIRST_RANKED_ROUND = 2  # counted from 0


@checked_together(check_roles)
async def dylan(
    context: Context,
    *,
    roles: str = "assistant+mathematician+programmer+scientist",
    max_rounds: Annotated[int, Range(1, 1000)] = 3,
    top_k: Annotated[int, Range(1, 1000)] = 2,
    temperature: Annotated[float, Range(0)] = 1.0,
    agents: Models = "",
    ranker: Annotated[Models, ONE_MODEL] = "",
) -> Answer:
    """Returns the answer on which agents with roles agree early, or the most frequent one of the last round.

    `roles` are joined by `+`: `assistant`, `mathematician`, `programmer`, `scientist`, `economist`, `doctor`,
    `lawyer`, `historian`, `psychologist`, or a role in your own words. Before round 3 and later the `ranker` keeps
    the best `top_k` of more than three agents. `agents` names models that are assigned to the agents in
    rotation, and `ranker` the model that ranks, instead of the candidate. A reply that was cut off is not shown to
    others. If no answer of the last round can be read, the outcome is `unscored`.

    Metadata: `roles`, `answers` of each round (null: not asked or unreadable), `asked` (the agents of each round,
    in order), `stopped` (`consensus` or `max_rounds`), `vote` of the last round, `rankings` (round, ranked, kept;
    `readable` is null if there was nothing to rank), `ratings` of each round after the first (agent → {rated agent:
    1 to 5}; null: unreadable), `importance` of each agent (sum over the rounds), `importance_by_round`,
    `unreadable_answers`, `unreadable_ratings` and `unreadable_rankings`.
    """
    network = Network(
        context=context,
        roles=role_names(roles),
        models=agents,
        ranker=nth_model(ranker, 0),
        defaults=GenerationConfig(temperature=temperature),
    )
    active = list(range(len(network.roles)))
    for number in range(max_rounds):
        if number >= FIRST_RANKED_ROUND and len(active) > max(3, top_k):
            active = await network.rank(number, active, top_k)
        if await network.play_round(number, active):
            break
    return _result(network)


def _result(network: Network) -> Answer:
    last = network.rounds[-1]
    replies = [last[agent] for agent in sorted(last)]
    vote = plurality([reply.answer for reply in replies])
    metadata = {**network.to_json(), "vote": vote.to_json()}
    if vote.winner is None:
        return _unscored(replies[0], metadata)
    chosen = next(reply for reply in replies if reply.answer == vote.winner)
    metadata |= _importance(network, vote.winner)
    return Answer(output=chosen.text, finish_reason=chosen.completion.finish_reason, metadata=metadata)


def _importance(network: Network, winner: str) -> dict[str, Any]:
    winners = [agent for agent, reply in sorted(network.rounds[-1].items()) if reply.answer == winner]
    read = [
        [agent for agent, reply in replies.items() if ended_normally(reply.completion.finish_reason) and reply.text]
        for replies in network.rounds[:-1]
    ]
    ratings = [{agent: reply.ratings for agent, reply in replies.items()} for replies in network.rounds[1:]]
    by_round = importance(winners, read, ratings)
    total = {agent: sum(shares.get(agent, 0.0) for shares in by_round) for agent in range(len(network.roles))}
    return {
        "importance": {agent_name(agent): round(value, 6) for agent, value in total.items()},
        "importance_by_round": [
            {agent_name(agent): round(value, 6) for agent, value in sorted(shares.items())} for shares in by_round
        ],
    }


def _unscored(first: Reply, metadata: dict[str, Any]) -> Answer:
    return Answer(
        output="",
        outcome="unscored",
        error=(
            "dylan asked its agents for an answer, but no reply of the last round has one, as in "
            f"{first.completion.text[-200:]!r} (finish reason {first.completion.finish_reason}); raise max_tokens if "
            "replies were cut off, or say in the task how an answer is written"
        ),
        metadata=metadata,
    )
