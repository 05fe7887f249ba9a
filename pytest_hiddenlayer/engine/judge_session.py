"""Questions to one model outside of any case: for audits, tournaments and labels."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from ..errors import ProviderError
from ..identifiers import derive_seed
from ..options import RunOptions
from ..types import Completion, GenerationConfig, Message, ModelName, Request, Usage
from .context import GREEDY
from .runtime import Runtime

T = TypeVar("T")


@dataclass(slots=True)
class JudgeSession:
    """One open model; `with JudgeSession(model) as desk: desk.gather(judge_pair(desk.ask, ...) for ...)`.

    Entering it raises what opening the provider raises: ProviderUnavailableError, UsageError.
    """

    model: ModelName
    _: KW_ONLY
    concurrency: int = 20  # calls in flight at most
    seed: int = 0
    overrides: GenerationConfig = GenerationConfig()  # win over what is asked
    usage: Usage = field(default_factory=Usage)  # of all calls so far
    cost_usd: float | None = 0.0  # of all calls so far; None: unknown
    _runtime: Runtime | None = None
    _asked: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        runtime = Runtime(RunOptions(concurrency=self.concurrency), run_id="")
        try:
            runtime.provider(self.model)
        except BaseException:
            runtime.close()
            raise
        self._runtime = runtime
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runtime is not None:
            self._runtime.close()
            self._runtime = None

    async def ask(
        self,
        prompt: str | Sequence[Message],
        *,
        role: str,
        round: int = 0,
        judge: bool | str = False,
        defaults: GenerationConfig = GenerationConfig(),
        schema: Mapping[str, Any] | None = None,
        top_logprobs: int = 0,
    ) -> Completion:
        """One call to the desk's model, by whatever word `judge` names it. Raises ProviderError.

        Its seed comes of the desk's seed, role, round and prompt, so that the order in which
        many are asked at once does not matter; the same question again has another.
        """
        if isinstance(judge, str) and judge != str(self.model):
            raise ProviderError(f"judge {judge!r} was asked for, this desk is of {self.model}; open one for it")
        messages = (Message(role="user", content=prompt),) if isinstance(prompt, str) else tuple(prompt)
        request = Request(
            messages=messages,
            params=self.overrides.with_defaults(defaults).with_defaults(GREEDY),
            seed=self._seed(role, round, messages),
            role=role,
            round=round,
            schema=schema,
            top_logprobs=top_logprobs,
        )
        completion = await self._open().provider(self.model).complete(request)
        self.usage += completion.usage
        known = None not in (self.cost_usd, completion.cost_usd)
        self.cost_usd = (self.cost_usd or 0.0) + (completion.cost_usd or 0.0) if known else None
        return completion

    def gather(self, calls: Iterable[Awaitable[T]]) -> list[T | ProviderError]:
        """The results in order; where a call failed its ProviderError stands in the result's place.

        All run at once, within `concurrency`. Any other exception is raised, when all have ended.
        """
        results: list[T | ProviderError] = []
        for result in self._open().run(_settled(calls)):
            if isinstance(result, BaseException) and not isinstance(result, ProviderError):
                raise result
            results.append(result)
        return results

    def _open(self) -> Runtime:
        if self._runtime is None:
            raise ProviderError(f"the desk of {self.model} is closed; ask inside its `with` block")
        return self._runtime

    def _seed(self, role: str, round: int, messages: Sequence[Message]) -> int:
        seed = derive_seed(self.seed, role, round, *((m.role, m.content) for m in messages))
        before = self._asked[str(seed)]
        self._asked[str(seed)] += 1
        return derive_seed(seed, before)


async def _settled(calls: Iterable[Awaitable[T]]) -> list[T | BaseException]:
    return await asyncio.gather(*calls, return_exceptions=True)
