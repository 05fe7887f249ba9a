"""Agents that answer at the same time: their calls, what can be read in them, and what others see of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from ...completions.finish_reasons import ended_normally
from ...concurrency import gather_or_cancel
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Message, Models
from ..messages import request
from ..model_mix import nth_model
from ..voting import plurality

Share = Literal["answer", "full"]


async def ask_agents(
    context: Context,
    prompts: Sequence[Sequence[Message]],
    number: int,
    defaults: GenerationConfig,
    agents: Models,
    *,
    first: int = 0,
    top_logprobs: int = 0,
) -> list[Completion]:
    """Returns the completions of one round, asked at once; `first` is the index of the first agent."""
    return await gather_or_cancel(
        context.ask(
            prompt,
            role=f"agent-{index + 1}",
            round=number,
            model=nth_model(agents, index),
            defaults=defaults,
            top_logprobs=top_logprobs,
        )
        for index, prompt in enumerate(prompts, first)
    )


async def ask_judge(context: Context, answers: Sequence[str], number: int) -> Completion:
    """Returns the completion of the run's judge, who reads the task and these answers."""
    return await context.ask(
        request(context, context.render("debate/judge", judge=True, task=context.prompt, answers=answers)),
        role="judge",
        round=number,
        judge=True,
        defaults=GenerationConfig(temperature=0.0),
    )


def parsed_answer(context: Context, completion: Completion) -> str | None:
    """Returns the parsed answer; None, which does not vote, for a completion that did not end normally."""
    return context.parse(completion.text) if ended_normally(completion.finish_reason) else None


def parsed_answers(context: Context, completions: Sequence[Completion]) -> list[str | None]:
    """Returns the parsed answer of each completion, as `parsed_answer`."""
    return [parsed_answer(context, completion) for completion in completions]


def agreed(answers: Sequence[str | None]) -> bool:
    """Returns whether all agents gave the same answer."""
    return answers[0] is not None and len(set(answers)) == 1


def shown_texts(answers: Sequence[str | None], completions: Sequence[Completion], share: Share) -> list[str]:
    """Returns the text of each agent that others read; an answer that cannot be parsed is shown unparsed."""
    texts = [completion.text.strip() for completion in completions]
    if share == "full":
        return texts
    return [text if answer is None else answer for answer, text in zip(answers, texts, strict=True)]


def voted_answer(
    strategy: str, answers: Sequence[str | None], completions: Sequence[Completion], metadata: Mapping[str, Any]
) -> Answer:
    """Returns the completion that first gave the most frequent answer.

    If no answer can be read, the outcome is that of the first completion if it was cut off, else `unscored`.
    """
    winner = plurality(answers).winner
    chosen = completions[0] if winner is None else completions[answers.index(winner)]
    answer = Answer(output=chosen.text, finish_reason=chosen.finish_reason, metadata=metadata)
    if winner is not None or not ended_normally(chosen.finish_reason):
        return answer
    error = (
        f"{strategy} asked {len(completions)} agents for an answer, but none of their last replies has one that can "
        f"be read: {chosen.text[:200]!r}; use another model, or aggregation=judge"
    )
    return replace(answer, outcome="unscored", error=error)
