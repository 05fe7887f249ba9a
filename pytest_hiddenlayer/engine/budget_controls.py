"""Equal budget: the same model, asked the plain prompt as often as a strategy asked it.

A strategy of many calls has to be better than its own model asked as often: Huang et al. 2023,
"Large Language Models Cannot Self-Correct Reasoning Yet", arXiv:2310.01798, section 4, at the
same number of calls; Wang et al. 2024, "Reasoning in Token Economies", arXiv:2406.06461, at
the same number of tokens.

After a record that took N calls, N single answers are drawn, and more until their tokens reach
the record's, at most 4 × N. Each is an ordinary record of a cell of its own, with the label
`single.control=LABEL` and the number of the draw as its epoch. The seeds of the draws depend
on task, sample and number of the draw, so that the strategies of a run meet the same draws.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from ..identifiers import control_label
from ..strategies.bind import BoundStrategy
from ..strategies.self_consistency import self_consistency
from ..types import Answer, Context, GenerationConfig, Record
from ..usage import usage_of
from .cases import Case

MOST = 4
"""Draws at most, as a multiple of the strategy's calls."""
TEMPERATURE: float = (self_consistency.__kwdefaults__ or {})["temperature"]
"""Of the draws, where neither option nor task file says another."""


async def draw(context: Context, *, control: str, temperature: float) -> Answer:
    """One completion of the task's prompt; `control` is the label of the strategy that it is held against."""
    completion = await context.ask(
        context.messages, role="control", defaults=GenerationConfig(temperature=temperature)
    )
    return Answer(output=completion.text, finish_reason=completion.finish_reason)


def control_case(case: Case, number: int) -> Case:
    """The case of a draw, numbered from 1, for what `case` asked."""
    label = case.cell.strategy.label
    strategy = BoundStrategy(
        name="single",
        run=draw,
        params={"control": label, "temperature": TEMPERATURE},
        given=frozenset(),
        label=control_label(label),
    )
    return replace(case, epoch=number, cell=replace(case.cell, strategy=strategy))


def wants_controls(record: Record) -> bool:
    """Whether draws could tell something of an answer: it took several calls, is scored, and is of epoch 1."""
    return record.epoch == 1 and record.score is not None and usage_of(record).calls > 1


async def draw_controls(record: Record, answer: Callable[[int], Awaitable[Record]]) -> list[Record]:
    """The draws for a record, in order; `answer` makes the one of a number. All that are due run at once."""
    budget = usage_of(record)
    drawn = list(await asyncio.gather(*map(answer, range(1, budget.calls + 1))))
    while more := draws_due(drawn, budget.tokens, MOST * budget.calls):
        drawn += await asyncio.gather(*map(answer, range(len(drawn) + 1, len(drawn) + more + 1)))
    return drawn


def draws_due(drawn: Sequence[Record], tokens: int | None, most: int) -> int:
    """How many more draws are certainly needed to reach `tokens`, as far as one can tell; 0 at `most` draws.

    As many as it takes when each is as long as the longest so far, so that hardly ever one is
    drawn in vain. 0 also where tokens are unknown, and where no draw was answered at all.
    """
    used = [usage_of(record).tokens for record in drawn]
    known = [value for value in used if value is not None]
    if tokens is None or len(known) < len(used) or not any(known) or sum(known) >= tokens:
        return 0
    return min(most - len(drawn), -(-(tokens - sum(known)) // max(known)))
