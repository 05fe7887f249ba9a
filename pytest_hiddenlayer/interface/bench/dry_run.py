"""Strategies on the first sample of a task, without a model: how many calls they make, and whether they can run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from ...calls.cost.price_file import read_own_prices
from ...calls.cost.price_listing import VENDORS
from ...calls.cost.prices import Prices
from ...calls.event_loop import EventLoopThread
from ...engine.cases import Case, cases, cells
from ...engine.run_case import run_case
from ...errors import HiddenLayerError, ProviderError
from ...model_names import full_name, parse_model
from ...options import RunOptions
from ...scorers.capabilities import capabilities_of
from ...types import Completion, ModelName, Request, Spec, Task, Usage
from ...usage import strategy_calls

REPLY = "1. Answer: 1\nChoice: 1\nAnswer: 1"
"""What every call of a dry run gets: a text that many strategies can read as a plan, a choice or an answer."""
MAX_CALLS = 2_000
"""A dry run ends after so many calls."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DryRun:
    """What one strategy did on the first sample: a run with a model may need more calls."""

    calls: int  # of the strategy, without the scorers' calls
    cost_usd: Decimal | None  # the most that all calls may cost, about; None: no listed price


@dataclass
class _Placeholder:
    """A provider that answers every call with the same text."""

    name: ModelName
    requests: list[Request] = field(default_factory=list)

    @property
    def model(self) -> str:
        return full_name(self.name)

    async def complete(self, request: Request) -> Completion:
        if len(self.requests) >= MAX_CALLS:
            raise ProviderError(f"more than {MAX_CALLS:,} calls")
        self.requests.append(request)
        return Completion(
            text=REPLY,
            finish_reason="stop",
            usage=Usage(input_tokens=0, output_tokens=0, calls=1),
            latency_s=0.0,
            model=self.model,
            cost_usd=0.0,
        )

    def cost(self, prices: Prices) -> Decimal | None:
        """Returns the most that the calls may cost, about; None if a price is unknown."""
        provider = self.name.provider
        ceilings = [
            prices.ceiling(provider, VENDORS.get(provider), self.model, request.messages, request.params.max_tokens)
            for request in self.requests
        ]
        known = [ceiling for ceiling in ceilings if ceiling is not None]
        return sum(known, Decimal(0)) if len(known) == len(ceilings) else None


def dry_run(task: Task, written: Spec, model: ModelName, options: RunOptions) -> DryRun | str:
    """Returns what a strategy does on the task's first sample, or why it cannot run there. Asks no model."""
    try:
        selected = replace(options, strategies=(written,), providers=(model,), limit=1)
        case = next((case for cell in cells(task, selected) for case in cases(cell)), None)
        return "the task has no samples" if case is None else _counted(case, options)
    except HiddenLayerError as error:
        return str(error)


def _counted(case: Case, options: RunOptions) -> DryRun:
    cell = case.cell
    candidate = _Placeholder(cell.model)
    judge = _Placeholder(cell.judge) if cell.judge else candidate
    judges = [name for scorer in cell.scorers for name in capabilities_of(scorer).judges]
    others = {name: _Placeholder(parse_model(name, "strategy")) for name in (*cell.strategy.models, *judges)}
    loop = EventLoopThread()
    try:
        record = loop.run(
            run_case(
                case,
                candidate,
                judge,
                overrides=options.generate,
                run_id="dry-run",
                named_models=others,
                prompts=options.prompts,
            )
        )
    finally:
        loop.stop(_nothing())
    prices = Prices(read_own_prices(options.prices) if options.prices is not None else ())
    asked = {id(one): one.cost(prices) for one in (candidate, judge, *others.values()) if one.requests}
    known = [cost for cost in asked.values() if cost is not None]
    return DryRun(
        calls=len(strategy_calls(record)), cost_usd=sum(known, Decimal(0)) if len(known) == len(asked) else None
    )


async def _nothing() -> None:
    """A loop's thread ends with something to await."""
