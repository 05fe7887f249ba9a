"""A task of one sample and a fake provider, for the tests of strategies."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from pytest_hiddenlayer.errors import ProviderError
from pytest_hiddenlayer.types import Completion, Request, Usage

QUESTION = "What is 6*7?"
TASK = f"""task: t
samples: [{{id: a, input: "{QUESTION}", target: 42}}]
scorers: [numeric]
"""


@dataclass
class FakeProvider:
    """A provider that answers by a function of the request and keeps the requests."""

    reply: Callable[[Request], str]
    model: str = "fake"
    requests: list[Request] = field(default_factory=list)
    overlapping: dict[int, int] = field(default_factory=dict)  # round → calls that must overlap
    _met: dict[int, asyncio.Barrier] = field(default_factory=dict)

    async def complete(self, request: Request) -> Completion:
        self.requests.append(request)
        if request.round in self.overlapping:
            barrier = self._met.setdefault(request.round, asyncio.Barrier(self.overlapping[request.round]))
            await asyncio.wait_for(barrier.wait(), timeout=60)
        text = self.reply(request)
        if text == "boom":
            raise ProviderError("server said 500")
        reason = "length" if text.endswith("…") else "stop"
        usage = Usage(input_tokens=3, output_tokens=2, calls=1)
        return Completion(text=text, finish_reason=reason, usage=usage, latency_s=0.0, model="fake", cost_usd=0.0)

    async def close(self) -> None:
        """Nothing is open."""

    def prompts(self, role: str = ".*", round: int | None = None) -> list[str]:
        """The last messages of the calls of a role in a round."""
        return [
            r.messages[-1].content for r in self.requests if re.fullmatch(role, r.role) and round in (None, r.round)
        ]


def by_agent(*rounds: tuple[str, ...], judge: str = "The answer is 0.") -> Callable[[Request], str]:
    """Replies by round and agent, and one for the judge."""

    def reply(request: Request) -> str:
        return judge if request.role == "judge" else rounds[request.round][int(request.role[-1]) - 1]

    return reply


def plan_reply(plan: str) -> Callable[[Request], str]:
    """Replies of a manager with this plan; workers reply with their number, the merge is 42."""

    def reply(request: Request) -> str:
        return (plan if request.round == 0 else "42") if request.role == "manager" else f"result {request.role[-1]}"

    return reply
