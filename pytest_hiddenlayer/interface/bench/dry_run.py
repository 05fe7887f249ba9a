"""Strategies on the first sample of a task, without a model: how many calls they make, and whether they can run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from ...calls.cost.price_file import read_own_prices
from ...calls.cost.price_listing import VENDORS
from ...calls.cost.prices import Prices
from ...calls.event_loop import EventLoopThread
from ...engine.cases import Case, cases, cells
from ...engine.run_case import run_case
from ...errors import HiddenLayerError, ProviderError
from ...model_names import full_name
from ...options import RunOptions
from ...scorers.capabilities import capabilities_of
from ...types import Completion, Message, ModelName, Request, Spec, Task, Usage
from ...usage import strategy_calls

REPLY = "1. Answer: 1\nChoice: 1\nAnswer: 1"
"""What every call of a dry run gets: a text that many strategies can read as a plan, a choice or an answer."""
MAX_CALLS = 2_000
"""A dry run ends after so many calls."""
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class DryRun:
    """What one strategy did on the first sample: a run with a model may need more calls."""

    calls: int  # of the strategy, without the scorers' calls
    input_tokens: int  # of these calls, about
    cost_usd: Decimal | None  # the most that these calls may cost, about; None: no listed price


@dataclass
class _Placeholder:
    """A provider that answers every call with the same text."""

    model: str
    prompts: list[tuple[Message, ...]] = field(default_factory=list)
    limits: list[int | None] = field(default_factory=list)

    async def complete(self, request: Request) -> Completion:
        if len(self.prompts) >= MAX_CALLS:
            raise ProviderError(f"more than {MAX_CALLS:,} calls")
        self.prompts.append(tuple(request.messages))
        self.limits.append(request.params.max_tokens)
        usage = Usage(input_tokens=0, output_tokens=0, calls=1)
        return Completion(
            text=REPLY, finish_reason="stop", usage=usage, latency_s=0.0, model=self.model, cost_usd=0.0
        )


def dry_run(task: Task, written: Spec, model: ModelName, options: RunOptions) -> DryRun | str:
    """Returns what a strategy does on the task's first sample, or why it cannot run there. Asks no model."""
    try:
        cell = next(c for c in cells(task, _first_only(options, written, model)))
        case = next(cases(cell), None)
        if case is None:
            return "the task has no samples"
        return _counted(case, model, options)
    except HiddenLayerError as error:
        return str(error)


def _first_only(options: RunOptions, written: Spec, model: ModelName) -> RunOptions:
    return replace(options, strategies=(written,), providers=(model,), limit=1)


def _counted(case: Case, model: ModelName, options: RunOptions) -> DryRun:
    candidate, judge = _Placeholder(full_name(model)), _Placeholder("judge")
    judges = [name for scorer in case.cell.scorers for name in capabilities_of(scorer).judges]
    loop = EventLoopThread()
    try:
        record = loop.run(
            run_case(
                case,
                candidate,
                judge if case.cell.judge else candidate,
                overrides=options.generate,
                run_id="dry-run",
                named_models={name: _Placeholder(name) for name in (*case.cell.strategy.models, *judges)},
            )
        )
    finally:
        loop.stop(_nothing())
    prompts = [call["messages"] for call in strategy_calls(record)]
    size = sum(len(str(message["content"])) for prompt in prompts for message in prompt)
    return DryRun(
        calls=len(prompts),
        input_tokens=-(-size // _CHARACTERS_PER_TOKEN),
        cost_usd=_cost(candidate, model, options.prices),
    )


async def _nothing() -> None:
    """A loop's thread ends with something to await."""


def _cost(candidate: _Placeholder, model: ModelName, own: Path | None) -> Decimal | None:
    prices = Prices(read_own_prices(own) if own is not None else ())
    ceilings = [
        prices.ceiling(model.provider, VENDORS.get(model.provider), candidate.model, prompt, limit)
        for prompt, limit in zip(candidate.prompts, candidate.limits, strict=True)
    ]
    known = [ceiling for ceiling in ceilings if ceiling is not None]
    return sum(known, Decimal(0)) if len(known) == len(ceilings) else None
