"""Calls to one model outside of any case: for audits, tournaments and labels."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from ..completions.reasoning import without_reasoning
from ..errors import ProviderError
from ..identifiers import derive_seed
from ..options import RunOptions
from ..types import Completion, GenerationConfig, Message, ModelName, Request, Usage
from .context import GREEDY
from .runtime import Runtime

T = TypeVar("T")


@dataclass(slots=True)
class JudgeSession:
    """One open model: `with JudgeSession(model) as session: session.gather(judge_pair(session.ask, ...) for ...)`.

    Entering it raises what opening the provider raises: ProviderUnavailableError, UsageError.
    """

    model: ModelName
    _: KW_ONLY
    options: RunOptions = RunOptions(concurrency=20)  # for its calls: base URLs, budget, prices, cache, cassettes
    seed: int = 0
    overrides: GenerationConfig = GenerationConfig()  # take precedence over the defaults of a call
    usage: Usage = field(default_factory=Usage)  # of all calls so far
    cost_usd: float | None = 0.0  # of all calls so far; None: unknown
    _runtime: Runtime | None = None
    _n_equal_calls: Counter[int] = field(default_factory=Counter)  # seed of a call → equal calls so far

    def __enter__(self) -> Self:
        runtime = Runtime(self.options, run_id="")
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
        """One call to the session's model; `judge` must name that model if it is a string. Raises ProviderError.

        The seed derives from the session's seed, role, round and prompt, so that it does not depend
        on the order of concurrent calls. An equal call gets another seed each time.
        """
        if isinstance(judge, str) and judge != str(self.model):
            raise ProviderError(
                f"judge {judge!r} was requested, but this session's model is {self.model}; open a session for {judge}"
            )
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
        is_known = None not in (self.cost_usd, completion.cost_usd)
        self.cost_usd = (self.cost_usd or 0.0) + (completion.cost_usd or 0.0) if is_known else None
        return without_reasoning(completion)

    def gather(self, calls: Iterable[Awaitable[T]]) -> list[T | ProviderError]:
        """Await all calls at once, within `concurrency`; return their results in order.

        The result of a call that raised ProviderError is that error. Any other exception is raised
        once all calls have ended.
        """
        results: list[T | ProviderError] = []
        for result in self._open().run(_gather_with_errors(calls)):
            if isinstance(result, BaseException) and not isinstance(result, ProviderError):
                raise result
            results.append(result)
        return results

    def _open(self) -> Runtime:
        if self._runtime is None:
            raise ProviderError(f"the session of {self.model} is closed; ask inside its `with` block")
        return self._runtime

    def _seed(self, role: str, round: int, messages: Sequence[Message]) -> int:
        seed = derive_seed(self.seed, role, round, *((m.role, m.content) for m in messages))
        index = self._n_equal_calls[seed]
        self._n_equal_calls[seed] += 1
        return derive_seed(seed, index)


async def _gather_with_errors(calls: Iterable[Awaitable[T]]) -> list[T | BaseException]:
    return await asyncio.gather(*calls, return_exceptions=True)
