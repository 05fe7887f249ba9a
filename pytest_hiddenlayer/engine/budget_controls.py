"""Compute-matched baseline: the same model answers the plain prompt with the budget that a strategy used.

A strategy with many calls must beat its own model with the same budget: Huang et al. 2023,
"Large Language Models Cannot Self-Correct Reasoning Yet", arXiv:2310.01798, section 4, at the
same number of calls; Wang et al. 2024, "Reasoning in Token Economies", arXiv:2406.06461, at
the same number of tokens.

After a record with N calls, N control samples are drawn, then more until their tokens reach
the record's, at most 4 × N. Each is a record in its own cell, with the label
`single.control=LABEL` and the number of the control sample as its epoch. Its seed depends on
the task, the sample and that number, so that all strategies of a run share the same samples.
`SharedControls` draws each of them once, in one cell for all strategies.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from ..identifiers import SHARED_CONTROLS, control_label
from ..protocols import Context
from ..strategies.bind import BoundStrategy
from ..strategies.sampling.self_consistency import self_consistency
from ..types import Answer, GenerationConfig, ModelName, Record
from ..usage import BudgetUnit, usage_of
from .cases import Case

MAX_SAMPLES_PER_CALL = 4
"""Maximum number of control samples, as a multiple of the strategy's calls."""
TEMPERATURE: float = (self_consistency.__kwdefaults__ or {})["temperature"]
"""Temperature of the control samples if neither an option nor the task file sets one."""


async def control_sample(context: Context, *, control: str, temperature: float) -> Answer:
    """Return one completion of the task's prompt; `control` is the label of the strategy it is compared with."""
    completion = await context.ask(
        context.messages, role="control", defaults=GenerationConfig(temperature=temperature)
    )
    return Answer(output=completion.text, finish_reason=completion.finish_reason)


def control_case(case: Case, number: int, *, shared: bool = False) -> Case:
    """Return the case of control sample `number`, from 1, for `case`, or for all strategies if it is shared."""
    label = SHARED_CONTROLS if shared else case.cell.strategy.label
    strategy = BoundStrategy(
        name="single",
        run=control_sample,
        params={"control": label, "temperature": TEMPERATURE},
        given=frozenset(),
        label=control_label(label),
    )
    return replace(case, epoch=number, cell=replace(case.cell, strategy=strategy))


def wants_controls(record: Record) -> bool:
    """Return whether a record needs control samples: it has several calls, a score and epoch 1."""
    return record.epoch == 1 and record.score is not None and usage_of(record).calls > 1


@dataclass(slots=True)
class SharedControls:
    """Control samples that all strategies of a run share: each is asked once and logged once."""

    unit: BudgetUnit
    _tasks: dict[tuple[str, ModelName, str, int], asyncio.Future[Record]] = field(default_factory=dict)

    async def draw(self, case: Case, record: Record, answer: Callable[[Case], Awaitable[Record]]) -> list[Record]:
        """Return the control samples that this record needs and no other record asked for before.

        An answer without a score needs them too: counted as wrong, it may undo an improvement.
        """
        if record.epoch > 1 or record.outcome in ("error", "skipped") or record.strategy == "single":
            return []
        new: list[int] = []

        async def run_control(number: int) -> Record:
            key = (case.cell.task.name, case.cell.model, case.sample.id, number)
            if key not in self._tasks:
                new.append(number)
                self._tasks[key] = asyncio.ensure_future(answer(control_case(case, number, shared=True)))
            return await self._tasks[key]

        drawn = await draw_controls(record, run_control, self.unit)
        return [control for control in drawn if control.epoch in new]


async def draw_controls(
    record: Record, run_control: Callable[[int], Awaitable[Record]], unit: BudgetUnit = "tokens"
) -> list[Record]:
    """Return a record's control samples in order; `run_control` runs the one of a number. Runs them concurrently.

    As many as the record has calls, and more until they reach its tokens or cost, if that is the unit.
    """
    budget = usage_of(record)
    drawn = list(await asyncio.gather(*map(run_control, range(1, budget.calls + 1))))
    while more := samples_due(drawn, budget.amount(unit), MAX_SAMPLES_PER_CALL * budget.calls, unit):
        drawn += await asyncio.gather(*map(run_control, range(len(drawn) + 1, len(drawn) + more + 1)))
    return drawn


def samples_due(drawn: Sequence[Record], amount: float | None, limit: int, unit: BudgetUnit = "tokens") -> int:
    """Return the smallest number of further control samples that may reach `amount`; 0 once `limit` are drawn.

    Assumes that each uses as much as the largest so far, so that few are superfluous. Also 0 if
    the amounts are unknown or no control sample was answered.
    """
    used = [usage_of(record).amount(unit) for record in drawn]
    known = [value for value in used if value is not None]
    if amount is None or len(known) < len(used) or not any(known) or sum(known) >= amount:
        return 0
    return min(limit - len(drawn), math.ceil((amount - sum(known)) / max(known)))
