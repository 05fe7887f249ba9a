"""The context that a strategy receives for one sample: the prompt, `ask` and the transcript."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..completions.blank import is_blank
from ..completions.reasoning import without_reasoning
from ..confidence import K, is_known, token_measures
from ..errors import ProviderError
from ..extensions.errors import is_user_error
from ..extensions.values import text_of
from ..identifiers import derive_seed
from ..protocols import Provider
from ..taskfile import prompt_text, render_prompt
from ..types import RECORDED, Answer, Call, Completion, GenerationConfig, Message, Recording, Request, Sample, Score
from .cases import Case
from .dependencies import DependencyTracker
from .for_strategies.call_arguments import check_call, check_models, prompt_messages
from .for_strategies.feedback import feedback
from .for_strategies.own_prompts import prompt_hash
from .for_strategies.prompts import render_prompt_file
from .unfinished.case_calls import CaseCalls

_NO_DEFAULTS = GenerationConfig()


@dataclass(kw_only=True, slots=True)
class AnswerContext:
    """The Context of one case; it keeps the transcript in the order of the requests."""

    case: Case
    provider: Provider
    judge: Provider
    overrides: GenerationConfig  # from the command line: these take precedence over everything
    token_logprobs: bool = False  # keep them in the transcript
    token_measures: bool = False  # measure the confidence of every call of the strategy
    prompts: Path | None = None  # folder of prompt files that replace those of strategies
    own_prompts: dict[str, str] = field(default_factory=dict)  # name → hash of those that were used
    unbatched: bool = False  # no other case runs at the same time, so a batch saves nothing
    # Models that the scorers and the strategy name, by PROVIDER[:MODEL].
    named_models: Mapping[str, Provider] = field(default_factory=dict)
    on_call: Callable[[Call], None] | None = None  # receives each call when it is answered
    case_calls: CaseCalls | None = None  # keeps the calls of a case that is not finished
    recording: Recording | None = field(init=False)  # what the strategy `recorded` repeats; None for all others
    _transcript: list[Call | None] = field(default_factory=list)  # None: no response yet, or none at all
    _requests: Counter[tuple[str, int]] = field(default_factory=Counter)  # (role, round) → number of requests
    _parsed: dict[str, str | None] = field(default_factory=dict)  # text → answer: strategies ask again and again
    _dependencies: DependencyTracker = field(default_factory=DependencyTracker)
    sample: Sample = field(init=False)  # without its target; `case.sample` has it
    composed_reasoning: str | None = None  # split from an answer that the strategy composed
    error: BaseException | None = None  # the first exception that a user's code raised
    prompt: str = field(init=False)
    messages: tuple[Message, ...] = field(init=False)
    _rendered: Sample | None = None  # once it is needed

    def __post_init__(self) -> None:
        task = self.case.cell.task
        recorded = self.case.cell.strategy.name == RECORDED
        self.recording = self.case.sample.recording if recorded else None
        sample = self.case.sample
        if sample.recording is not self.recording:
            sample = replace(sample, recording=self.recording)
        self.sample = sample.without_target()
        self.messages = render_prompt(task, self.case.sample)
        self.prompt = prompt_text(self.messages)

    @property
    def calls(self) -> list[Call]:
        """The calls that have a response, in the order of their requests."""
        return [call for call in self._transcript if call is not None]

    @property
    def seed(self) -> int:
        """The seed of the strategy's own random choices: of the run, task, sample, epoch and strategy."""
        cell = self.case.cell
        return derive_seed(cell.seed, cell.task.name, self.sample.id, self.case.epoch, cell.strategy.name)

    @property
    def rendered_sample(self) -> Sample:
        """The sample with its rendered prompt, for scorers."""
        if self._rendered is None:
            self._rendered = replace(self.case.sample, prompt=self.messages, recording=self.recording)
        return self._rendered

    @property
    def strips_reasoning(self) -> bool:
        """Whether what the candidate thinks is split from its answers."""
        return self.case.cell.task.reasoning == "strip"

    def is_completion(self, text: str) -> bool:
        """Return whether a text is the whole completion of a call."""
        return any(call.completion == text for call in self.calls)

    def reasoning_of(self, answer: Answer) -> str | None:
        """Return what the model thought before this answer; None if it did not, or if it is not known."""
        call = next((call for call in self.calls if call.completion == answer.output), None)
        return self.composed_reasoning if call is None else call.reasoning

    def note_error(self, error: BaseException) -> None:
        """Keep an exception, or its cause, for the record if a user's code raised it."""
        origin = error.__cause__ or error
        if self.error is None and is_user_error(origin):
            self.error = origin

    def parse(self, text: str) -> str | None:
        """Return the headline scorer's canonical answer in `text`, found without knowing the target."""
        if text not in self._parsed:
            answer: Any = None if is_blank(text) else self.case.cell.scorers[0].parse(text, self.sample)
            self._parsed[text] = None if answer is None else text_of(answer)
        return self._parsed[text]

    def render(self, prompt: str, /, *, model: str = "", judge: bool | str = False, **values: Any) -> str:
        """Return a strategy's prompt, worded for the model that `model` or `judge` mean. Raises UsageError."""
        cell = self.case.cell
        text, found = render_prompt_file(cell, prompt, values, model=model, judge=judge, folder=self.prompts)
        if not found.prompt_set:
            self.own_prompts[prompt] = prompt_hash(found)
        return text

    async def feedback(self, text: str, scorer: str) -> Score:
        """Return the score of `text` by a scorer of the task that needs no target. Raises UsageError."""
        return await feedback(self.case.cell, self.sample, self.messages, text, scorer, self.ask_to_score)

    async def ask(
        self,
        prompt: str | Sequence[Message],
        *,
        role: str,
        round: int = 0,
        judge: bool | str = False,
        model: str = "",
        defaults: GenerationConfig = _NO_DEFAULTS,
        schema: Mapping[str, Any] | None = None,
        top_logprobs: int = 0,
    ) -> Completion:
        """Return the completion of one call, which is added to the transcript. Raises ProviderError."""
        outputs = (self.case.cell.task.outputs or {}).get(self.sample.id, ())
        if self.token_measures:
            top_logprobs = max(top_logprobs, K)
        check_models(model, judge)
        request = self._request(
            prompt,
            role,
            round,
            self._params(defaults),
            outputs,
            schema,
            top_logprobs,
            token_entropies=self.token_measures,
            independent=not self.unbatched and self._dependencies.is_independent(),
        )
        return await self._complete(*(self._named(model) if model else self._judge(judge)), request)

    async def ask_to_score(
        self,
        prompt: str | Sequence[Message],
        *,
        role: str,
        round: int = 0,
        judge: bool | str = False,
        defaults: GenerationConfig = _NO_DEFAULTS,
        schema: Mapping[str, Any] | None = None,
        top_logprobs: int = 0,
    ) -> Completion:
        """Return the completion of a scorer's call, which is added to the transcript. Raises ProviderError.

        `defaults` apply unchanged. The task's `generate` and the generation options apply to the
        candidate only: a stop text or token limit chosen for answers would truncate a verdict.
        """
        request = self._request(prompt, role, round, defaults, None, schema, top_logprobs)
        return await self._complete(*self._judge(judge), request)

    def _request(
        self,
        prompt: str | Sequence[Message],
        role: str,
        round: int,
        params: GenerationConfig,
        outputs: tuple[str, ...] | None,
        schema: Mapping[str, Any] | None,
        top_logprobs: int,
        *,
        token_entropies: bool = False,
        independent: bool = False,
    ) -> Request:
        check_call(role, round, schema, top_logprobs, params)
        return Request(
            messages=prompt_messages(prompt),
            params=params,
            seed=self._seed(role, round),
            role=text_of(role),
            round=round,
            sample_id=self.sample.id,
            epoch=self.case.epoch,
            outputs=outputs,
            recorded=None if self.recording is None or outputs is None else self.recording.find(role, round),
            schema=schema,
            top_logprobs=top_logprobs,
            token_logprobs=self.token_logprobs,
            token_entropies=token_entropies,
            independent=independent,
        )

    async def _complete(self, provider: Provider, asked: str, request: Request) -> Completion:
        index = len(self._transcript)
        self._transcript.append(None)
        calls = self.case_calls
        completion = await (calls.complete(provider, request, asked) if calls else provider.complete(request))
        if self.strips_reasoning or request.outputs is None:  # a verdict never contains the judge's reasoning
            completion = without_reasoning(completion)
        self._dependencies.on_answer()
        call = self._transcript[index] = _call(request, completion)
        if self.on_call is not None:
            self.on_call(call)
        return completion

    def _judge(self, judge: bool | str) -> tuple[Provider, str]:
        if isinstance(judge, bool):
            return (self.judge, "judge") if judge else (self.provider, "")
        if judge not in self.named_models:
            raise ProviderError(f"judge {judge!r} is not open; name it in the scorer's attribute `capabilities`")
        return self.named_models[judge], judge

    def _named(self, model: str) -> tuple[Provider, str]:
        if model not in self.named_models:
            raise ProviderError(f"model {model!r} is not open; annotate the parameter that names it as `Models`")
        return self.named_models[model], model

    def _seed(self, role: str, round: int) -> int:
        cell = self.case.cell
        parts = (cell.task.name, self.sample.id, self.case.epoch, cell.strategy.name, role, round)
        index = self._requests[role, round]
        self._requests[role, round] += 1
        return derive_seed(cell.seed, *parts, index)

    def _params(self, defaults: GenerationConfig) -> GenerationConfig:
        """Merge by precedence: option > parameter written for the strategy > task file > strategy's default.

        What none of them sets is not sent.
        """
        if defaults is not _NO_DEFAULTS:
            return self._merged(defaults)
        memo, key = self.case.cell.memo, ("generate", self.overrides)
        if key not in memo:
            memo[key] = self._merged(defaults)
        params: GenerationConfig = memo[key]
        return params

    def _merged(self, defaults: GenerationConfig) -> GenerationConfig:
        given = self.case.cell.strategy.given
        written = GenerationConfig(temperature=defaults.temperature if "temperature" in given else None)
        task = self.case.cell.task.generate
        return self.overrides.with_defaults(written).with_defaults(task).with_defaults(defaults)


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
        reasoning=completion.reasoning,
        token_logprobs=_token_logprobs(completion) if request.token_logprobs else None,
        confidence=_token_measures(completion) if request.token_entropies else None,
    )


def _token_measures(completion: Completion) -> Mapping[str, float] | None:
    """Return the measures of a completion; None if the provider returned no log-probabilities."""
    return token_measures(completion.logprobs, completion.top_logprobs, completion.entropies) or None


def _token_logprobs(completion: Completion) -> tuple[tuple[str, float | None], ...] | None:
    """Return (text, natural log) per token; None if the provider did not say. Infinite values become None."""
    if completion.token_texts is None or completion.logprobs is None:
        return None
    known = (value if is_known(value) else None for value in completion.logprobs)
    return tuple(zip(completion.token_texts, known, strict=True))


def _mean_logprob(logprobs: Sequence[float] | None) -> float | None:
    """Return the mean, or None if there are no tokens or if one is infinite or not known."""
    return sum(logprobs) / len(logprobs) if logprobs and all(map(is_known, logprobs)) else None
