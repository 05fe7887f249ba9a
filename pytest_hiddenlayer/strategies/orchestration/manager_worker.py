"""A manager plans, workers run at the same time, the manager merges their results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from ...concurrency import gather_or_cancel
from ...parameters import Range
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Models
from ..messages import request
from ..model_mix import ONE_MODEL, nth_model
from .plan import parse_plan


async def manager_worker(
    context: Context,
    *,
    n_workers: Annotated[int, Range(1, 1000)] = 3,
    temperature: Annotated[float, Range(0)] = 0.0,
    manager: Annotated[Models, ONE_MODEL] = "",
    workers: Models = "",
) -> Answer:
    """Returns the manager's merged completion; its metadata contains the plan and the results.

    `plan` says what a plan may look like. If it has more than `n_workers` steps, they are assigned
    to the workers in rotation. Without a readable step the outcome is `unscored`, with the plan
    as the reason. `manager` names the model that plans and merges, `workers` the models that
    are assigned to the workers in rotation; empty is the candidate.
    """
    defaults = GenerationConfig(temperature=temperature)
    plan = await context.ask(
        request(context, context.render("manager_worker/plan", model=nth_model(manager, 0), task=context.prompt)),
        role="manager",
        model=nth_model(manager, 0),
        defaults=defaults,
    )
    steps = parse_plan(plan.text)
    if not steps:
        return _without_steps(plan)
    subtasks = deal(steps, n_workers)
    answers = await _work(context, subtasks, workers, defaults)
    merged = await context.ask(
        request(
            context,
            context.render(
                "manager_worker/merge",
                model=nth_model(manager, 0),
                task=context.prompt,
                steps=subtasks,
                results=answers,
            ),
        ),
        role="manager",
        round=2,
        model=nth_model(manager, 0),
        defaults=defaults,
    )
    return Answer(
        output=merged.text,
        finish_reason=merged.finish_reason,
        metadata={"plan": subtasks, "results": answers},
    )


def _without_steps(plan: Completion) -> Answer:
    return Answer(
        output=plan.text,
        finish_reason=plan.finish_reason,
        outcome="unscored",
        error=(
            "manager_worker asked the manager for steps, but its reply has none (no list, JSON or sentences "
            f"in order): {plan.text[:200]!r}; name another model as `manager`, or ask for a numbered list"
        ),
        metadata={"plan": []},
    )


def deal(steps: Sequence[str], n_workers: int) -> list[str]:
    """Returns at most `n_workers` subtasks: worker i gets steps i, i + n, i + 2n, ..."""
    return ["; ".join(steps[i::n_workers]) for i in range(min(n_workers, len(steps)))]


async def _work(context: Context, subtasks: Sequence[str], workers: Models, defaults: GenerationConfig) -> list[str]:
    """The parsed answer of one worker per subtask; the whole completion if it cannot be parsed."""
    completions = await gather_or_cancel(
        context.ask(
            request(
                context,
                context.render(
                    "manager_worker/work",
                    model=nth_model(workers, index),
                    task=context.prompt,
                    step=subtask.rstrip("."),
                ),
            ),
            role=f"worker-{index + 1}",
            round=1,
            model=nth_model(workers, index),
            defaults=defaults,
        )
        for index, subtask in enumerate(subtasks)
    )
    return [context.parse(completion.text) or completion.text.strip() for completion in completions]
