"""One sample answered by a strategy under `--hl-equal-budget`, with a provider that answers by role."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_hiddenlayer.engine.cases import Case, cases, cells
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.errors import ProviderError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import Completion, ModelName, Record, Request, Usage

TASK = """task: t
samples: [{id: a, input: "What is 6*7?", target: 42}]
scorers: [SCORER]
"""


@dataclass
class Fake:
    """A provider that answers by role; a call of `role` has `tokens[role]` tokens, 5 by default."""

    reply: Callable[[Request], str] = lambda request: "42"
    tokens: dict[str, int | None] = field(default_factory=dict)
    at_once: int = 0  # draws that must be in flight together
    model: str = "fake"
    asked: list[Request] = field(default_factory=list)
    _met: asyncio.Barrier | None = None

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request)
        if self.at_once and request.role == "control":
            self._met = self._met or asyncio.Barrier(self.at_once)
            await asyncio.wait_for(self._met.wait(), timeout=60)
        said = self.reply(request)
        if said == "boom":
            raise ProviderError("server said 500")
        tokens = self.tokens.get(request.role.partition("-")[0], 5)
        usage = Usage(input_tokens=None if tokens is None else tokens - 1, output_tokens=1, calls=1)
        reason = "length" if said.endswith("…") else "stop"
        return Completion(text=said, finish_reason=reason, usage=usage, latency_s=0.0, model="fake", cost_usd=0.5)

    async def close(self) -> None:
        """Nothing is open."""

    def draws(self) -> list[Request]:
        """The calls of control samples."""
        return [request for request in self.asked if request.role == "control"]


@dataclass
class Drawn:
    """The records of one case."""

    record: Record
    controls: list[Record]
    logged: list[Record]


def answering(folder: Path) -> Callable[..., Drawn]:
    """A function that answers the one sample with a strategy as typed, under --hl-equal-budget."""

    def run(
        typed: str, fake: Fake, *, scorer: str = "numeric", more: str = "", epoch: int = 1, **options: object
    ) -> Drawn:
        case = one_case(folder, typed, scorer, more)
        logged: list[Record] = []
        controls: list[Record] = []
        runtime = Runtime(RunOptions(**{"equal_budget": True, **options}), "r", on_records=logged.extend)
        try:
            future = runtime.submit(replace(case, epoch=epoch), fake, fake, controls.append)
            return Drawn(record=runtime.wait(future), controls=controls, logged=logged)
        finally:
            runtime.close()

    return run


def answering_all(folder: Path) -> Callable[..., list[Record]]:
    """A function that answers the one sample with strategies as typed, at once, and returns the control samples."""

    def run(typed: tuple[str, ...], fake: Fake, **options: object) -> list[Record]:
        drawn: list[Record] = []
        runtime = Runtime(RunOptions(**{"equal_budget": True, **options}), "r", on_records=lambda records: None)
        try:
            for future in [runtime.submit(one_case(folder, one), fake, fake, drawn.append) for one in typed]:
                runtime.wait(future)
        finally:
            runtime.close()
        return drawn

    return run


def one_case(folder: Path, typed: str, scorer: str = "numeric", more: str = "") -> Case:
    (folder / "t.yaml").write_text(TASK.replace("SCORER", scorer) + more)
    options = RunOptions(providers=(ModelName(provider="scripted"),), strategies=(parse_strategy(typed),))
    return next(cases(cells(load_task(folder / "t.yaml", folder), options)[0]))
