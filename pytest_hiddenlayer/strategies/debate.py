"""Multi-agent debate with a judge.

Du et al. 2023, "Improving Factuality and Reasoning in Language Models through Multiagent
Debate", arXiv:2305.14325: agents answer alone, then read what the others answered and
answer again. Ours differs in three ways: agents read the others' parsed answers by default
(`share="full"` shows whole completions, as in the paper); a judge's completion is the
verdict (`aggregation="majority"` votes, as in the paper); and every later prompt states the
task anew instead of continuing the chat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..concurrency import together
from ..errors import UsageError
from ..protocols import Context
from ..types import Answer, Completion, GenerationConfig, Message, Models
from .model_mix import nth
from .voting import plurality

RECONSIDER = "{task}\nOther agents said: {answers}.\nReconsider and give your answer."


async def debate(
    context: Context,
    *,
    n_agents: int = 3,
    n_rounds: int = 2,
    aggregation: Literal["judge", "majority"] = "judge",
    early_stop: bool = True,
    share: Literal["answer", "full"] = "answer",
    temperature: float = 0.7,
    agents: Models = "",
) -> Answer:
    """The judge's completion, or with `majority` the completion that first gave the winning answer.

    `n_rounds` counts the independent round 0. With `early_stop` a debate of three or more
    rounds ends when, after at least one exchange, all agents give the same answer. The
    majority of round 0, and every agent's answer in every round, are in the metadata. `agents`
    names models that are dealt to the agents in turn, instead of the candidate.
    """
    if n_agents < 2 or n_rounds < 1:
        raise UsageError(
            f"debate: n_agents={n_agents}, n_rounds={n_rounds}; at least 2 agents and 1 round are needed"
        )
    warm = GenerationConfig(temperature=temperature)
    turns = await _round(context, [context.messages] * n_agents, 0, warm, agents)
    rounds = [_answers(context, turns)]
    while len(rounds) < n_rounds and not (early_stop and len(rounds) > 1 and _agreed(rounds[-1])):
        said = _shared(rounds[-1], turns, share)
        prompts = [_reconsider(context, said[:i] + said[i + 1 :]) for i in range(n_agents)]
        turns = await _round(context, prompts, len(rounds), warm, agents)
        rounds.append(_answers(context, turns))
    metadata = {
        "round0_majority": plurality(rounds[0]).to_json(),
        "final_majority": plurality(rounds[-1]).to_json(),
        "answers": rounds,
    }
    verdict = (
        _majority(rounds[-1], turns)
        if aggregation == "majority"
        else await context.ask(
            _reconsider(context, _shared(rounds[-1], turns, share)),
            role="judge",
            round=len(rounds),
            judge=True,
            defaults=GenerationConfig(temperature=0.0),
        )
    )
    return Answer(output=verdict.text, finish_reason=verdict.finish_reason, metadata=metadata)


async def _round(
    context: Context, prompts: Sequence[Sequence[Message]], number: int, warm: GenerationConfig, agents: Models
) -> list[Completion]:
    return await together(
        context.ask(prompt, role=f"agent-{i + 1}", round=number, model=nth(agents, i), defaults=warm)
        for i, prompt in enumerate(prompts)
    )


def _answers(context: Context, turns: Sequence[Completion]) -> list[str | None]:
    return [context.parse(turn.text) for turn in turns]


def _agreed(answers: Sequence[str | None]) -> bool:
    return answers[0] is not None and len(set(answers)) == 1


def _shared(answers: Sequence[str | None], turns: Sequence[Completion], share: str) -> list[str]:
    """What the others may read of each agent; an answer that could not be parsed is shown as it was written."""
    if share == "full":
        return [turn.text.strip() for turn in turns]
    return [turn.text.strip() if a is None else a for a, turn in zip(answers, turns, strict=True)]


def _reconsider(context: Context, said: Sequence[str]) -> tuple[Message, ...]:
    content = RECONSIDER.format(task=context.prompt, answers=", ".join(said))
    system = [message for message in context.messages if message.role == "system"]
    return (*system, Message(role="user", content=content))


def _majority(answers: Sequence[str | None], turns: Sequence[Completion]) -> Completion:
    winner = plurality(answers).winner
    return turns[answers.index(winner)] if winner is not None else turns[0]
