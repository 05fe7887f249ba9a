"""Agents discuss until enough of them give the same answer, or until the last round.

The decision protocols unanimity, supermajority and majority consensus of MALLM (Becker et al. 2025, "MALLM:
Multi-Agent Large Language Models Framework", arXiv:2509.11656), compared with votes by Kaesberg et al. 2025,
"Voting or Consensus? Decision-Making in Multi-Agent Debate", arXiv:2502.19130. Defaults are theirs: three agents, at
most ten rounds. Differences: agents agree if the task's scorer reads the same answer in their completions (MALLM's
agents write whether they agree with one draft), and all agents of a round answer at the same time, without personas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from ...completions.finish_reasons import ended_normally
from ...concurrency import gather_or_cancel
from ...parameters import Range
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Message, Models
from ..messages import request
from ..model_mix import nth_model
from ..voting import plurality

Rule = Literal["unanimity", "supermajority", "majority"]


async def consensus(
    context: Context,
    *,
    n_agents: Annotated[int, Range(2, 1000)] = 3,
    rule: Rule = "unanimity",
    max_rounds: Annotated[int, Range(1, 1000)] = 10,
    on_deadlock: Literal["vote", "unscored"] = "vote",
    temperature: Annotated[float, Range(0)] = 0.7,
    agents: Models = "",
) -> Answer:
    """Returns the completion that first gave the agreed answer, once enough agents agree.

    Unanimity needs all agents, supermajority two thirds of them, majority more than half; an agent without a
    readable answer agrees with nobody. `max_rounds` includes the independent round 0. Without a consensus the
    last round votes, ties to the answer seen first, or the outcome is `unscored` (`on_deadlock`). It is also
    `unscored` if no agent's last answer can be read. `agents` names models that are assigned to the agents in
    rotation, instead of the candidate.

    Metadata: `consensus` (reached, round, needed, agreeing, rule), `answers` by round and `final_majority`.
    """
    names = [nth_model(agents, index) for index in range(n_agents)]
    defaults = GenerationConfig(temperature=temperature)
    needed = agents_needed(rule, n_agents)
    completions = await _round(context, [context.messages] * n_agents, 0, defaults, names)
    rounds = [_answers(context, completions)]
    while len(rounds) < max_rounds and _agreeing(rounds[-1]) < needed:
        prompts = [_discuss(context, completions, index, name) for index, name in enumerate(names)]
        completions = await _round(context, prompts, len(rounds), defaults, names)
        rounds.append(_answers(context, completions))
    return _result(completions, rounds, rule, needed, on_deadlock)


def agents_needed(rule: Rule, n_agents: int) -> int:
    """Returns how many agents must agree: all, at least two thirds, or more than half of them."""
    if rule == "unanimity":
        return n_agents
    return -(-2 * n_agents // 3) if rule == "supermajority" else n_agents // 2 + 1


async def _round(
    context: Context,
    prompts: Sequence[Sequence[Message]],
    number: int,
    defaults: GenerationConfig,
    names: Sequence[str],
) -> list[Completion]:
    return await gather_or_cancel(
        context.ask(prompt, role=f"agent-{index + 1}", round=number, model=names[index], defaults=defaults)
        for index, prompt in enumerate(prompts)
    )


def _discuss(context: Context, completions: Sequence[Completion], index: int, name: str) -> Sequence[Message]:
    texts = [completion.text.strip() for completion in completions]
    others = texts[:index] + texts[index + 1 :]
    text = context.render(
        "consensus/discuss", model=name, task=context.prompt, own_answer=texts[index], answers=others
    )
    return request(context, text)


def _answers(context: Context, completions: Sequence[Completion]) -> list[str | None]:
    """The parsed answers; None, which agrees with nobody, for one that did not end normally."""
    return [context.parse(c.text) if ended_normally(c.finish_reason) else None for c in completions]


def _agreeing(answers: Sequence[str | None]) -> int:
    """How many agents give the most frequent answer."""
    return max(Counter(answer for answer in answers if answer is not None).values(), default=0)


def _result(
    completions: Sequence[Completion], rounds: list[list[str | None]], rule: Rule, needed: int, on_deadlock: str
) -> Answer:
    vote, agreeing = plurality(rounds[-1]), _agreeing(rounds[-1])
    reached = agreeing >= needed
    state = {
        "reached": reached,
        "round": len(rounds) - 1 if reached else None,
        "rule": rule,
        "needed": needed,
        "agreeing": agreeing,
    }
    metadata: dict[str, Any] = {"consensus": state, "answers": rounds, "final_majority": vote.to_json()}
    chosen = completions[0] if vote.winner is None else completions[rounds[-1].index(vote.winner)]
    if reached or (on_deadlock == "vote" and vote.winner is not None):
        return Answer(output=chosen.text, finish_reason=chosen.finish_reason, metadata=metadata)
    found = f"the largest group in the last of {len(rounds)} rounds has {agreeing}"
    remedy = "raise max_rounds, or use a weaker rule or on_deadlock=vote"
    if vote.winner is None:
        found = f"the last of {len(rounds)} rounds has no readable answer, the first being {chosen.text[:80]!r}"
        remedy = "ask for a form that the scorer reads, or raise max_tokens"
    return Answer(
        output=chosen.text,
        finish_reason=chosen.finish_reason,
        outcome="unscored",
        error=f"consensus by {rule} needs {needed} of {len(completions)} agents, but {found}; {remedy}",
        metadata=metadata,
    )
