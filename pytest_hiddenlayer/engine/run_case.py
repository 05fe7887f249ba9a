"""Runs one case: runs the strategy, scores its answer and builds the Record with the transcript."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import Any

from ..completions.finish_reasons import UNCLOSED_REASONING
from ..completions.reasoning import split_reasoning
from ..errors import BudgetExceededError, HiddenLayerError, ProviderError
from ..extensions.errors import describe_error
from ..extensions.secret_masking import mask_values, random_secrets
from ..extensions.values import shown, text_of
from ..io.metadata_types import check_metadata
from ..protocols import Provider
from ..types import (
    ELICITED,
    IGNORED_SPANS,
    OUTCOMES,
    OWN_PROMPTS,
    RESUMED_CALLS,
    ROUND_SCORES,
    SAMPLE_SCORES,
    SCORING_CALLS,
    Answer,
    Call,
    GenerationConfig,
    Record,
)
from .cases import Case
from .confidence import answer_measures, elicit, elicited_by_strategy
from .context import AnswerContext
from .interruption import is_interruption
from .plain_json import bounded_json, bounded_mapping, check_json, escape_surrogates
from .record_builder import build_record
from .recorded_scores import recorded_metadata, settled
from .round_scores import round_scores, sample_scores
from .scoring import ScoringResult, score_answer
from .unfinished.case_calls import CaseCalls

_FREE_TEXTS = (
    *("output", "answer", "scores", "answer_metadata", "transcript", "reasoning", "error", "traceback"),
    *("input", "target", "prompt", "choices", "metadata"),
)
"""Fields of a record whose texts models, users' code and data write."""


async def run_case(
    case: Case,
    provider: Provider,
    judge: Provider,
    *,
    overrides: GenerationConfig,
    run_id: str,
    named_models: Mapping[str, Provider] | None = None,
    unbatched: bool = False,
    token_logprobs: bool = False,
    confidence: Sequence[str] = (),
    prompts: Path | None = None,
    on_error: Callable[[Record, BaseException], None] = lambda record, error: None,
    on_call: Callable[[Call], None] | None = None,
    case_calls: CaseCalls | None = None,
) -> Record:
    """Return the record of one case. A failed call makes a record with outcome `error`, not an exception.

    `unbatched`: no other case runs at the same time, so its calls use the synchronous API even
    under `batch`. `token_logprobs`: the transcript keeps those of every call. `confidence`: the kinds of
    confidence to measure. `prompts`: folder of the user's own prompts of strategies. `on_error` receives the
    exception of a user's code, with its traceback; `on_call` each call when it is answered. `case_calls` makes
    the calls, and keeps them for a run that resumes this one.
    """
    case_calls = case_calls or CaseCalls(lambda: "")
    context = AnswerContext(
        case=case,
        provider=provider,
        judge=judge,
        overrides=overrides,
        named_models=named_models or {},
        prompts=prompts,
        unbatched=unbatched,
        on_call=on_call,
        case_calls=case_calls,
        token_logprobs=token_logprobs,
        token_measures="tokens" in confidence,
    )
    answer = await _run_strategy(context)
    try:
        record = await _recorded(context, answer, run_id, confidence, case_calls)
    except BaseException as error:  # a user's scorer or value may raise anything; the error belongs to its record
        if is_interruption(error) or isinstance(error, HiddenLayerError):
            raise
        context.note_error(error)
        failed = Answer(output="", outcome="error", error=f"this answer has no score: {describe_error(error)}")
        unscored = ScoringResult("error", error=failed.error)
        record = build_record(context, failed, unscored, run_id, case_calls.started_at, case_calls.elapsed_s())
    record = _without_keys(record)
    if context.error is not None:
        on_error(record, context.error)
    return record


async def _recorded(
    context: AnswerContext,
    answer: Answer,
    run_id: str,
    confidence: Sequence[str],
    case_calls: CaseCalls,
) -> Record:
    """Return the record of an answer, with its scores and measures."""
    if context.recording is not None:
        context.recording = settled(context.recording, answer)
    calls = context.calls
    elicited = await elicit(context, answer, confidence)
    result = await score_answer(context, answer)
    latency_s = case_calls.elapsed_s()
    if metadata := await _engine_metadata(context, _answer_calls(calls, answer), answer):
        answer = replace(answer, metadata={**answer.metadata, **metadata})
    stated = elicited_by_strategy(answer)
    if elicited:
        answer = replace(answer, metadata={**answer.metadata, ELICITED: bounded_json({**stated, **elicited})})
    measures = answer_measures(calls, answer) if confidence or stated else {}
    return build_record(context, answer, result, run_id, case_calls.started_at, latency_s, measures)


def _without_keys(record: Record) -> Record:
    """Return the record with no key of the environment in it, whoever wrote it there."""
    keys = random_secrets()
    values = {name: getattr(record, name) for name in _FREE_TEXTS} if keys else {}
    masked = mask_values(values, keys)
    return record if masked is values else replace(record, **masked)


async def _run_strategy(context: AnswerContext) -> Answer:
    """Return the strategy's answer; if it raised an exception, an Answer with that error."""
    strategy = context.case.cell.strategy
    try:
        running = strategy.run(context, **strategy.params)
        if not inspect.isawaitable(running):
            raise TypeError(f"it returned {shown(running)} at once; define it with `async def`")
        return _checked(await running, context)
    except BudgetExceededError as error:
        return Answer(output="", outcome="skipped", error=f"budget: {error}")
    except ProviderError as error:
        context.note_error(error)
        return Answer(output="", outcome="error", error=str(error))
    except HiddenLayerError:
        raise
    except BaseException as error:  # a user's strategy may raise anything; the error belongs to its record
        if is_interruption(error):
            raise
        context.note_error(error)
        text = f"strategy {strategy.name!r} raised {describe_error(error)}"
        return Answer(output="", outcome="error", error=text)


def _checked(answer: object, context: AnswerContext) -> Answer:
    """Return `answer`, without reasoning, if it is an Answer. Raises TypeError or ValueError otherwise."""
    if not isinstance(answer, Answer):
        raise TypeError(f"it returned {shown(answer)}; return an Answer with a text as output")
    if not isinstance(answer.output, str):
        raise TypeError(f"it returned an Answer with the output {shown(answer.output)}; its output must be a text")
    answer = _plain(answer)
    if context.strips_reasoning and not context.is_completion(answer.output):
        return _without_reasoning(answer, context)
    return answer


def _plain(answer: Answer) -> Answer:
    """Return `answer` with values that every record can hold. Raises TypeError or ValueError for other types."""
    has_texts = type(answer.output) is str and type(answer.finish_reason) in (str, NoneType)
    if has_texts and answer.outcome is answer.error is None and type(answer.metadata) is dict and not answer.metadata:
        return answer
    for name in ("finish_reason", "error", "outcome"):
        value: Any = getattr(answer, name)
        if not isinstance(value, str | None):
            raise TypeError(f"it returned an Answer whose {name} is {shown(value)}, not a text or None")
    if answer.outcome is not None and text_of(answer.outcome) not in OUTCOMES:
        raise ValueError(f"it returned an Answer whose outcome is {shown(answer.outcome)}, not one of {OUTCOMES}")
    if not isinstance(answer.metadata, Mapping):
        raise TypeError(f"it returned an Answer whose metadata is {shown(answer.metadata)}, not a mapping")
    try:
        check_json(answer.metadata)
        check_metadata(answer.metadata)
    except (TypeError, ValueError) as error:
        raise type(error)(f"it returned an Answer whose metadata {error}") from error
    texts: dict[str, Any] = {
        name: None if getattr(answer, name) is None else text_of(getattr(answer, name))
        for name in ("finish_reason", "error", "outcome")
    }
    return replace(answer, output=text_of(answer.output), metadata=bounded_mapping(answer.metadata), **texts)


def _without_reasoning(answer: Answer, context: AnswerContext) -> Answer:
    """Return an answer that a strategy composed, without the reasoning in it."""
    split = split_reasoning(answer.output)
    context.composed_reasoning = split.reasoning
    reason = answer.finish_reason if split.closed else UNCLOSED_REASONING
    return replace(answer, output=split.text, finish_reason=reason)


def _answer_calls(calls: Sequence[Call], answer: Answer) -> Sequence[Call]:
    """Return the calls, each completion without the characters that its strategy says are no answer."""
    spans = answer.metadata.get(IGNORED_SPANS)
    if not isinstance(spans, Mapping):
        return calls
    return [_without_span(call, spans) for call in calls]


def _without_span(call: Call, spans: Mapping[str, Any]) -> Call:
    of_role = spans.get(call.role)
    match of_role.get(str(call.round)) if isinstance(of_role, Mapping) else None:
        case [int(start), int(end)]:
            return replace(call, completion=(call.completion[:start] + call.completion[end:]).strip())
    return call


async def _engine_metadata(context: AnswerContext, strategy_calls: Sequence[Call], answer: Answer) -> dict[str, Any]:
    """Return the engine's own metadata: the number of scorer calls and each agent's scores by round."""
    cell = context.case.cell
    metadata: dict[str, Any] = {}
    if context.own_prompts:
        metadata[OWN_PROMPTS] = dict(sorted(context.own_prompts.items()))
    if context.case_calls is not None and context.case_calls.reused:
        metadata[RESUMED_CALLS] = context.case_calls.reused
    if scoring_calls := len(context.calls) - len(strategy_calls):
        metadata[SCORING_CALLS] = scoring_calls
    if context.recording is not None:
        return metadata | await recorded_metadata(context, context.recording, strategy_calls)
    if scores := await round_scores(
        strategy_calls, cell.scorers[0], context.rendered_sample, cell.pass_score, answer.metadata.get("agents")
    ):
        metadata[ROUND_SCORES] = scores
    if samples := await sample_scores(
        strategy_calls, context.parse, cell.scorers[0], context.rendered_sample, cell.pass_score
    ):
        metadata[SAMPLE_SCORES] = escape_surrogates(samples)
    return metadata
