"""Multi-agent debate of a society of minds, with a judge or a vote.

Du et al. 2023, "Improving Factuality and Reasoning in Language Models through Multiagent
Debate", arXiv:2305.14325: agents answer independently, then read the other agents' answers and
answer again; the most frequent last answer wins. The defaults here differ from the paper, and
`share=full,history=true,aggregation=majority,early_stop=false` is its debate:

- Agents read the others' parsed answers (`share`), and every later prompt repeats the task instead of
  continuing the agent's chat (`history`).
- A judge's completion is the result (`aggregation`).
- A debate ends when all agents agree after an exchange (`early_stop`).
- There are at least two agents. The reference code asks a single one to check its answer again.

The reference code counts a reply without a readable answer as right on GSM8K. Here such a reply does not vote, and
the others read it as it was written.

With `history` or `share=full` the requests grow with every round. If one no longer fits, the outcome is `error` with
the provider's words; `summarize` keeps them short.

`topology`, `summarize` and `agreement` are variants: the sparse and centralized topologies of Li et al. 2024,
arXiv:2406.11776, the summaries for many agents in section 3.3 of the paper, and the agreement intensity of Smit et
al. 2023, "Should we be going MAD?", arXiv:2311.17371, whose prompts say how often to agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from ...parameters import UNLESS_SET, Range
from ...protocols import Context
from ...types import Answer, GenerationConfig, Models
from ..voting import plurality
from .agents import Share, agreed, ask_agents, ask_judge, parsed_answers, shown_texts, voted_answer
from .exchange import Exchange
from .topology import Topology, read_agents, reads_json


async def debate(
    context: Context,
    *,
    n_agents: Annotated[int, Range(2, 1000)] = 3,
    n_rounds: Annotated[int, Range(1, 1000)] = 2,
    aggregation: Literal["judge", "majority"] = "judge",
    early_stop: bool = True,
    share: Share = "answer",
    temperature: Annotated[float, Range(0)] = 0.7,
    agents: Models = "",
    topology: Annotated[Topology, UNLESS_SET] = "all",
    history: Annotated[bool, UNLESS_SET] = False,
    summarize: Annotated[bool, UNLESS_SET] = False,
    agreement: Annotated[int | None, Range(0, 10), UNLESS_SET] = None,
) -> Answer:
    """Returns the judge's completion, or with `majority` the completion that first gave the winning answer.

    If a majority has no readable answer to count, the outcome is `unscored`. `n_rounds` includes the independent
    round 0. With `early_stop` a debate of three or more rounds ends when, after at least one exchange, all agents
    give the same answer. `share` says what others read of an agent: its parsed answer, or its full completion.
    `agents` names models that are assigned to the agents in rotation, instead of the candidate.

    `topology` says whom an agent reads: `all` others, its two neighbours in a `ring`, or in a `star` the hub,
    agent-1, which reads all. With `history` an agent continues its own chat. With `summarize` its model first
    summarizes the whole completions of those that it reads, if they are two or more (roles `summarizer-1`, ...). An
    empty or truncated summary is not used. `agreement` says in the prompt in how many of 10 cases an agent should
    agree with the others.

    Metadata: `answers` of every agent by round, `round0_majority` and `final_majority`; except with `topology=all`
    also `reads` (the agents that each agent reads), and with `summarize` `unusable_summaries` (their number).
    """
    defaults = GenerationConfig(temperature=temperature)
    exchange = Exchange(
        context=context,
        reads=read_agents(topology, n_agents),
        agents=agents,
        share=share,
        history=history,
        summarize=summarize,
        agreement=agreement,
    )
    prompts = [context.messages] * n_agents
    completions = await ask_agents(context, prompts, 0, defaults, agents)
    rounds = [parsed_answers(context, completions)]
    while len(rounds) < n_rounds and not (early_stop and len(rounds) > 1 and agreed(rounds[-1])):
        prompts = await exchange.prompts(prompts, rounds[-1], completions, len(rounds))
        completions = await ask_agents(context, prompts, len(rounds), defaults, agents)
        rounds.append(parsed_answers(context, completions))
    metadata = _metadata(rounds, exchange, topology)
    if aggregation == "majority":
        return voted_answer("debate", rounds[-1], completions, metadata)
    verdict = await ask_judge(context, shown_texts(rounds[-1], completions, share), len(rounds))
    return Answer(output=verdict.text, finish_reason=verdict.finish_reason, metadata=metadata)


def _metadata(rounds: Sequence[Sequence[str | None]], exchange: Exchange, topology: Topology) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "round0_majority": plurality(rounds[0]).to_json(),
        "final_majority": plurality(rounds[-1]).to_json(),
        "answers": rounds,
    }
    if topology != "all":
        metadata["reads"] = reads_json(exchange.reads)
    if exchange.summarize:
        metadata["unusable_summaries"] = exchange.unusable_summaries
    return metadata
