"""What a strategy gets for one sample: its prompt, a way to ask, and the log of what was asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import ProviderError
from ..identifiers import derive_seed
from ..taskfile import question_of, render_prompt
from ..types import Call, Completion, GenerationConfig, Message, Provider, Request, Sample
from .cases import Case
from .dependencies import DependencyTracker

GREEDY = GenerationConfig(temperature=0.0, top_p=1.0)
"""What holds where neither option, task file nor strategy says anything."""


@dataclass(kw_only=True, slots=True)
class AnswerContext:
    """The Context of one case; it keeps the transcript, in the order of asking."""

    case: Case
    provider: Provider
    judge: Provider
    overrides: GenerationConfig  # from the command line: these win over everything
    unbatched: bool = False  # nobody else asks meanwhile: no call of it is worth a batch
    named_models: Mapping[str, Provider] = field(
        default_factory=dict
    )  # whom scorers and strategy name, PROVIDER[:MODEL]
    _slots: list[Call | None] = field(default_factory=list)  # None: asked, and not answered
    _asked: Counter[tuple[str, int]] = field(default_factory=Counter)  # (role, round) → calls so far
    _first: DependencyTracker = field(default_factory=DependencyTracker)
    sample: Sample = field(init=False)
    prompt: str = field(init=False)
    messages: tuple[Message, ...] = field(init=False)

    def __post_init__(self) -> None:
        task = self.case.cell.task
        self.sample = self.case.sample
        self.messages = render_prompt(task, self.sample)
        self.prompt = question_of(self.messages)

    @property
    def calls(self) -> list[Call]:
        """Every call that was answered, in the order in which they were asked."""
        return [call for call in self._slots if call is not None]

    def parse(self, text: str) -> str | None:
        """The headline scorer's canonical answer in `text`."""
        return self.case.cell.scorers[0].parse(text, self.sample)

    async def ask(
        self,
        prompt: str | Sequence[Message],
        *,
        role: str,
        round: int = 0,
        judge: bool | str = False,
        model: str = "",
        defaults: GenerationConfig = GenerationConfig(),
        schema: Mapping[str, Any] | None = None,
        top_logprobs: int = 0,
    ) -> Completion:
        """One call, logged. Raises ProviderError."""
        recorded = (self.case.cell.task.outputs or {}).get(self.sample.id, ())
        request = self._request(prompt, role, round, self._params(defaults), recorded, schema, top_logprobs)
        request = replace(request, independent=True) if self._first.now() and not self.unbatched else request
        return await self._complete(self._named(model) if model else self._judge(judge), request)

    async def ask_to_score(
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
        """One call of a scorer's, logged: `defaults` hold as they are. Raises ProviderError.

        The task's `generate` and the options on generation are the candidate's: a stop text or
        a bound on tokens that fits its answers would cut a judge's verdict off.
        """
        request = self._request(prompt, role, round, defaults.with_defaults(GREEDY), None, schema, top_logprobs)
        return await self._complete(self._judge(judge), request)

    def _request(
        self,
        prompt: str | Sequence[Message],
        role: str,
        round: int,
        params: GenerationConfig,
        outputs: tuple[str, ...] | None,
        schema: Mapping[str, Any] | None,
        top_logprobs: int,
    ) -> Request:
        return Request(
            messages=(Message(role="user", content=prompt),) if isinstance(prompt, str) else tuple(prompt),
            params=params,
            seed=self._seed(role, round),
            role=role,
            round=round,
            sample_id=self.sample.id,
            epoch=self.case.epoch,
            outputs=outputs,
            schema=schema,
            top_logprobs=top_logprobs,
        )

    async def _complete(self, provider: Provider, request: Request) -> Completion:
        slot = len(self._slots)
        self._slots.append(None)
        completion = await provider.complete(request)
        self._first.on_answer()
        self._slots[slot] = _call(request, completion)
        return completion

    def _judge(self, judge: bool | str) -> Provider:
        if isinstance(judge, bool):
            return self.judge if judge else self.provider
        if judge not in self.named_models:
            raise ProviderError(
                f"judge {judge!r} was not opened; a scorer names its judges in its attribute `capabilities`"
            )
        return self.named_models[judge]

    def _named(self, model: str) -> Provider:
        if model not in self.named_models:
            raise ProviderError(f"model {model!r} was not opened; annotate the parameter that names it as `Models`")
        return self.named_models[model]

    def _seed(self, role: str, round: int) -> int:
        cell = self.case.cell
        parts = (cell.task.name, self.sample.id, self.case.epoch, cell.strategy.name, role, round)
        before = self._asked[role, round]
        self._asked[role, round] += 1
        return derive_seed(cell.seed, *parts, before)

    def _params(self, defaults: GenerationConfig) -> GenerationConfig:
        """option > what the user wrote for the strategy > task file > the strategy's default."""
        given = self.case.cell.strategy.given
        written = GenerationConfig(temperature=defaults.temperature if "temperature" in given else None)
        task = self.case.cell.task.generate
        return self.overrides.with_defaults(written).with_defaults(task).with_defaults(defaults).with_defaults(GREEDY)


def _call(request: Request, completion: Completion) -> Call:
    return Call(
        role=request.role,
        round=request.round,
        messages=request.messages,
        completion=completion.text,
        finish_reason=completion.finish_reason,
        usage=completion.usage,
        latency_s=completion.latency_s,
        model=completion.model,
        seed=request.seed,
        cost_usd=completion.cost_usd,
        mean_logprob=_mean_logprob(completion.logprobs),
        time_to_first_token_s=completion.time_to_first_token_s,
        cached=completion.cached,
        attempts=completion.attempts,
        warnings=completion.warnings,
        batched=completion.batched,
    )


def _mean_logprob(logprobs: Sequence[float] | None) -> float | None:
    """None for a completion without tokens, and for one that its model calls impossible: no file takes -inf."""
    mean = sum(logprobs) / len(logprobs) if logprobs else None
    return mean if mean is not None and math.isfinite(mean) else None
