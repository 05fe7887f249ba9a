"""A manager plans, workers do the steps, each as soon as those that it waits for are done, the manager merges.

The pattern has no single paper; the loop is that of orchestrator and workers as agent frameworks have it. A plan
may say which steps need the results of others ("3. Add both results (after 1, 2)", or JSON with
`depends_on`): then every step has a worker of its own, who reads the results of the steps that it waits for.
Steps without dependencies are all independent: they are assigned to `n_workers` workers in rotation, and every
worker does all of its steps in one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from ...completions.finish_reasons import ended_normally
from ...concurrency import gather_or_cancel
from ...parameters import Range
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Models
from ..messages import request
from ..model_mix import ONE_MODEL, nth_model
from .plan_graph import PlanGraph, read_plan


async def manager_worker(
    context: Context,
    *,
    n_workers: Annotated[int, Range(1, 1000)] = 3,
    temperature: Annotated[float, Range(0)] = 0.0,
    manager: Annotated[Models, ONE_MODEL] = "",
    workers: Models = "",
) -> Answer:
    """Returns the manager's merged completion; its metadata contains the plan and the results.

    A plan is a numbered or bulleted list, headings, JSON (a list, or an object with `steps`), or several sentences
    in order. If it has more than `n_workers` steps, they are assigned to the workers in rotation. If steps wait for
    others, every step has a worker of its own. The outcome is `unscored`, with the reason, if the plan has no
    readable step, a cycle, or a dependency that does not exist, and if a worker returns nothing. What the scorer
    reads in a worker's reply is its result, also in a reply that was cut off, which may hold an intermediate one:
    the manager can correct it. `manager` names the model that plans and merges, `workers` the models that are
    assigned to the workers in rotation; empty is the candidate.

    Metadata: `plan` (one text per call of a worker), `results` (one per text; null: not done) and, if steps wait
    for others, `depends_on` (the numbers from 1 of the steps that each waits for).
    """
    team = _Team(context, manager, workers, GenerationConfig(temperature=temperature))
    plan = await team.ask_manager("plan", 0)
    graph = _readable(plan)
    if not graph.steps:
        return _without_steps(plan)
    metadata: dict[str, Any] = {"plan": list(graph.steps)}
    if graph.has_dependencies or graph.fault:
        metadata["depends_on"] = [[index + 1 for index in waits] for waits in graph.after]
    if graph.fault:
        return _unscored(plan, f"asked the workers to follow the plan, but {graph.fault}", metadata)
    if graph.has_dependencies:
        steps, results, n_rounds = list(graph.steps), *await _work_in_order(team, graph)
    else:
        steps = metadata["plan"] = deal(graph.steps, n_workers)
        results, n_rounds = await team.work(range(len(steps)), steps, 1), 1
    metadata["results"] = results
    if None in results:
        index = results.index(None)
        found = f"asked worker {index + 1} for step {steps[index][:80]!r}, but its reply is empty"
        return _unscored(plan, found, metadata)
    merged = await team.ask_manager("merge", n_rounds + 1, steps=steps, results=results)
    return Answer(output=merged.text, finish_reason=merged.finish_reason, metadata=metadata)


def deal(steps: Sequence[str], n_workers: int) -> list[str]:
    """Returns at most `n_workers` subtasks: worker i gets steps i, i + n, i + 2n, ..."""
    return ["; ".join(steps[i::n_workers]) for i in range(min(n_workers, len(steps)))]


@dataclass(frozen=True, slots=True)
class _Team:
    """Who is called, and how."""

    context: Context
    manager: Models
    workers: Models
    defaults: GenerationConfig

    async def ask_manager(self, prompt: str, number: int, **values: Any) -> Completion:
        """Returns the manager's reply to one of its prompts."""
        model = nth_model(self.manager, 0)
        text = self.context.render(f"manager_worker/{prompt}", model=model, task=self.context.prompt, **values)
        return await self.context.ask(
            request(self.context, text), role="manager", round=number, model=model, defaults=self.defaults
        )

    async def work(
        self,
        indices: Sequence[int],
        steps: Sequence[str],
        number: int,
        graph: PlanGraph | None = None,
        results: Sequence[str | None] = (),
    ) -> list[str | None]:
        """Returns the result of each of these steps, done at the same time; None for an empty reply."""
        completions = await gather_or_cancel(self._ask_worker(i, steps, number, graph, results) for i in indices)
        return [self._result(reply) for reply in completions]

    def _result(self, reply: Completion) -> str | None:
        """The answer of a worker, else its text; None for an empty reply.

        A reply that was cut off is read too. Passing its text on instead takes the bundled model from 22 to 13 of 24
        right answers in evals/errands.yaml: half a calculation confuses it more than an intermediate number.
        """
        return self.context.parse(reply.text) or reply.text.strip() or None

    async def _ask_worker(
        self, index: int, steps: Sequence[str], number: int, graph: PlanGraph | None, results: Sequence[str | None]
    ) -> Completion:
        model = nth_model(self.workers, index)
        needed = graph.after[index] if graph else ()
        text = self.context.render(
            "manager_worker/work",
            model=model,
            task=self.context.prompt,
            step=steps[index].rstrip("."),
            steps=[steps[i] for i in needed],
            results=[results[i] for i in needed],
        )
        return await self.context.ask(
            request(self.context, text),
            role=f"worker-{index + 1}",
            round=number,
            model=model,
            defaults=self.defaults,
        )


async def _work_in_order(team: _Team, graph: PlanGraph) -> tuple[list[str | None], int]:
    """The results of the steps, and how many rounds they took; it stops after a round with an empty reply."""
    results: list[str | None] = [None] * len(graph.steps)
    done: frozenset[int] = frozenset()
    number = 0
    while ready := graph.ready(done):
        number += 1
        for index, result in zip(ready, await team.work(ready, graph.steps, number, graph, results), strict=True):
            results[index] = result
        if any(results[index] is None for index in ready):
            break
        done |= set(ready)
    return results, number


def _readable(plan: Completion) -> PlanGraph:
    """The plan's steps; of a truncated plan all but the last line, which may be cut off."""
    complete = ended_normally(plan.finish_reason)
    return read_plan(plan.text if complete else plan.text.rpartition("\n")[0])


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


def _unscored(plan: Completion, found: str, metadata: dict[str, Any]) -> Answer:
    return Answer(
        output=plan.text,
        finish_reason=plan.finish_reason,
        outcome="unscored",
        error=f"manager_worker {found}; name another model as `manager` or `workers`",
        metadata=metadata,
    )
