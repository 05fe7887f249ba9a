"""A manager plans, workers work at the same time, the manager merges."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..concurrency import together
from ..errors import UsageError
from ..protocols import Context
from ..types import Answer, GenerationConfig, Message, Models
from .model_mix import names, nth

PLAN = "Split into steps: {task}"
WORK = "{task}\nDo only this step: {step}."
MERGE = "{task}\nWorker result: {results}\nGive the final answer."
_STEP = re.compile(r"^[ \t]*(?:\d{1,3}[.):]|[-*•])[ \t]++(\S.*)$", re.MULTILINE)


async def manager_worker(
    context: Context, *, n_workers: int = 3, temperature: float = 0.0, manager: Models = "", workers: Models = ""
) -> Answer:
    """The manager's merged completion; plan and results are in its metadata.

    A plan is a numbered or dashed list. Steps beyond `n_workers` are dealt to the workers in
    turn. Where no step can be read, the answer ends as `unscored` with the plan as the reason.
    `manager` names the model that plans and merges, `workers` those that are dealt to the
    workers in turn; empty is the candidate.
    """
    if len(names(manager)) > 1:
        raise UsageError(f"manager_worker: manager={manager!r} names several models; one manages")
    if n_workers < 1:
        raise UsageError(f"manager_worker: n_workers={n_workers}; at least 1 is needed")
    cool = GenerationConfig(temperature=temperature)
    plan = await context.ask(
        _chat(context, PLAN.format(task=context.prompt)), role="manager", model=nth(manager, 0), defaults=cool
    )
    steps = parse_plan(plan.text)
    if not steps:
        return Answer(
            output=plan.text,
            finish_reason=plan.finish_reason,
            outcome="unscored",
            error=f"the manager's plan holds no numbered step: {plan.text[:200]!r}",
            metadata={"plan": []},
        )
    subtasks = deal(steps, n_workers)
    results = await together(
        context.ask(
            _chat(context, WORK.format(task=context.prompt, step=subtask.rstrip("."))),
            role=f"worker-{i + 1}",
            round=1,
            model=nth(workers, i),
            defaults=cool,
        )
        for i, subtask in enumerate(subtasks)
    )
    answers = [context.parse(result.text) or result.text.strip() for result in results]
    merged = await context.ask(
        _chat(context, MERGE.format(task=context.prompt, results=_results(subtasks, answers))),
        role="manager",
        round=2,
        model=nth(manager, 0),
        defaults=cool,
    )
    return Answer(
        output=merged.text,
        finish_reason=merged.finish_reason,
        metadata={"plan": subtasks, "results": answers},
    )


def parse_plan(text: str) -> list[str]:
    """The steps of a numbered or dashed list, in order; empty where there is none."""
    return [step.rstrip() for step in _STEP.findall(text)]


def deal(steps: Sequence[str], n_workers: int) -> list[str]:
    """At most `n_workers` subtasks: worker i gets steps i, i + n, i + 2n, ..."""
    hands = [steps[i::n_workers] for i in range(min(n_workers, len(steps)))]
    return ["; ".join(hand) for hand in hands]


def _results(subtasks: Sequence[str], answers: Sequence[str]) -> str:
    return ", ".join(f"{subtask}={answer}" for subtask, answer in zip(subtasks, answers, strict=True))


def _chat(context: Context, content: str) -> tuple[Message, ...]:
    system = [message for message in context.messages if message.role == "system"]
    return (*system, Message(role="user", content=content))
