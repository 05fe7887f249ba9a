"""Multi-agent debate with a judge.

Du et al. 2023, "Improving Factuality and Reasoning in Language Models through Multiagent
Debate", arXiv:2305.14325: agents answer independently, then read the other agents' answers and
answer again. This implementation differs in three ways: agents read the others' parsed answers
by default (`share="full"` shows whole completions, as in the paper); a judge's completion is
the result (`aggregation="majority"` votes, as in the paper); and every later prompt repeats the
task instead of continuing the chat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from ...completions.finish_reasons import ended_normally
from ...concurrency import gather_or_cancel
from ...parameters import Range
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Message, Models
from ..messages import request
from ..model_mix import nth_model
from ..voting import plurality


async def debate(
    context: Context,
    *,
    n_agents: Annotated[int, Range(2, 1000)] = 3,
    n_rounds: Annotated[int, Range(1, 1000)] = 2,
    aggregation: Literal["judge", "majority"] = "judge",
    early_stop: bool = True,
    share: Literal["answer", "full"] = "answer",
    temperature: Annotated[float, Range(0)] = 0.7,
    agents: Models = "",
) -> Answer:
    """Returns the judge's completion, or with `majority` the completion that first gave the winning answer.

    `n_rounds` includes the independent round 0. With `early_stop` a debate of three or more
    rounds ends when, after at least one exchange, all agents give the same answer. The metadata
    contains the majority of round 0 and every agent's answer in every round. `agents` names
    models that are assigned to the agents in rotation, instead of the candidate.
    """
    defaults = GenerationConfig(temperature=temperature)
    completions = await _round(context, [context.messages] * n_agents, 0, defaults, agents)
    rounds = [_answers(context, completions)]
    while len(rounds) < n_rounds and not (early_stop and len(rounds) > 1 and _agreed(rounds[-1])):
        shared = _shared(rounds[-1], completions, share)
        prompts = [
            request(
                context,
                context.render(
                    "debate/reconsider",
                    model=nth_model(agents, index),
                    task=context.prompt,
                    answers=shared[:index] + shared[index + 1 :],
                ),
            )
            for index in range(n_agents)
        ]
        completions = await _round(context, prompts, len(rounds), defaults, agents)
        rounds.append(_answers(context, completions))
    if aggregation == "majority":
        verdict = _majority(rounds[-1], completions)
    else:
        verdict = await _judge(context, _shared(rounds[-1], completions, share), len(rounds))
    metadata = {
        "round0_majority": plurality(rounds[0]).to_json(),
        "final_majority": plurality(rounds[-1]).to_json(),
        "answers": rounds,
    }
    return Answer(output=verdict.text, finish_reason=verdict.finish_reason, metadata=metadata)


async def _round(
    context: Context, prompts: Sequence[Sequence[Message]], number: int, defaults: GenerationConfig, agents: Models
) -> list[Completion]:
    return await gather_or_cancel(
        context.ask(
            prompt, role=f"agent-{index + 1}", round=number, model=nth_model(agents, index), defaults=defaults
        )
        for index, prompt in enumerate(prompts)
    )


async def _judge(context: Context, answers: Sequence[str], number: int) -> Completion:
    return await context.ask(
        request(context, context.render("debate/judge", judge=True, task=context.prompt, answers=answers)),
        role="judge",
        round=number,
        judge=True,
        defaults=GenerationConfig(temperature=0.0),
    )


def _answers(context: Context, completions: Sequence[Completion]) -> list[str | None]:
    """The parsed answers; None, which does not vote, for an answer that did not end normally."""
    return [context.parse(c.text) if ended_normally(c.finish_reason) else None for c in completions]


def _agreed(answers: Sequence[str | None]) -> bool:
    return answers[0] is not None and len(set(answers)) == 1


def _shared(answers: Sequence[str | None], completions: Sequence[Completion], share: str) -> list[str]:
    """The text of each agent that the others read; an answer that cannot be parsed is shown unparsed."""
    texts = [completion.text.strip() for completion in completions]
    if share == "full":
        return texts
    return [text if answer is None else answer for answer, text in zip(answers, texts, strict=True)]


def _majority(answers: Sequence[str | None], completions: Sequence[Completion]) -> Completion:
    winner = plurality(answers).winner
    return completions[answers.index(winner)] if winner is not None else completions[0]
