"""Builds a Record from an answer and its scores: plain JSON values and a key of everything that determines them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from ..extensions.errors import error_traceback
from ..identifiers import digest
from ..model_names import full_name
from ..parameters import output_file_parameters
from ..registry import scorers
from ..taskfile import hashed_parameters, messages_hash, sample_hash
from ..types import (
    RECORDED,
    SCORED,
    Answer,
    Call,
    GenerationConfig,
    Message,
    Record,
    Sample,
    Score,
    Spec,
    Usage,
)
from .cases import Case, Cell
from .context import AnswerContext
from .plain_json import MAX_TOTAL, bounded_mapping, bounded_text, escape_surrogates
from .scoring import ScoringResult


def build_record(
    context: AnswerContext,
    answer: Answer,
    result: ScoringResult,
    run_id: str,
    started_at: str,
    latency_s: float,
    confidence: Mapping[str, float] = MappingProxyType({}),
) -> Record:
    """Return the record of one case."""
    case, cell, sample, calls = context.case, context.case.cell, context.case.sample, context.calls
    prompt_hash = messages_hash(context.messages, sample)
    prompt = _messages(context.messages)
    return Record(
        run_id=run_id,
        key=case_key(case, context.overrides, prompt_hash),
        task=cell.task.name,
        sample_id=sample.id,
        epoch=case.epoch,
        strategy=cell.strategy.name,
        strategy_params=dict(cell.strategy.params),
        provider=cell.model.provider,
        model=_full_name(cell),
        input=sample.input if isinstance(sample.input, str) else _messages(sample.input),
        target=list(sample.target) if isinstance(sample.target, tuple) else sample.target,
        outcome=result.outcome,
        usage=usage_json(sum((call.usage for call in calls), Usage())),
        cost_usd=_total_cost_usd(calls),
        latency_s=latency_s,
        transcript=[call_json(call, prompt if call.messages == context.messages else None) for call in calls],
        error=None if result.error is None else bounded_text(result.error),
        seed=cell.seed,
        started_at=started_at,
        cached=bool(calls) and all(call.cached for call in calls),
        label=cell.strategy.label,
        slug=cell.slug,
        sample_hash=prompt_hash,
        must_pass=sample.must_pass,
        group=sample.group,
        prompt=prompt,
        choices=escape_surrogates(sample.choices),
        metadata=bounded_mapping(sample.metadata),
        reasoning=_escaped(context.reasoning_of(answer)),
        confidence=dict(confidence),
        traceback=None if context.error is None else str(escape_surrogates(error_traceback(context.error))),
        **_answer_fields(answer, result),
    )


def _full_name(cell: Cell) -> str:
    if "full name" not in cell.memo:
        cell.memo["full name"] = full_name(cell.model)
    return str(cell.memo["full name"])


def _answer_fields(answer: Answer, result: ScoringResult) -> dict[str, Any]:
    head = next(iter(result.scores.values()), None)
    return {
        "output": escape_surrogates(answer.output) if answer.output or result.outcome in SCORED else None,
        "answer": _answer(head) if head else None,
        "scores": {name: _score_json(score) for name, score in result.scores.items()},
        "answer_metadata": dict(answer.metadata),
    }


def _total_cost_usd(calls: Sequence[Call]) -> float | None:
    """Return the sum, or None if there are no calls or if one cost is unknown."""
    costs = [call.cost_usd for call in calls if call.cost_usd is not None]
    return sum(costs) if calls and len(costs) == len(calls) else None


def call_json(call: Call, messages: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """Return one transcript entry; default values (one attempt, not cached, not batched) are omitted.

    `messages` are the call's messages as JSON values, to share one object between calls.
    """
    values = {
        "role": call.role,
        "round": call.round,
        "messages": _messages(call.messages) if messages is None else messages,
        "completion": escape_surrogates(call.completion),
        "finish_reason": call.finish_reason,
        "usage": usage_json(call.usage),
        "latency_s": call.latency_s,
        "model": escape_surrogates(call.model),
        "seed": call.seed,
        "cost_usd": call.cost_usd,
        "mean_logprob": call.mean_logprob,
    }
    if call.time_to_first_token_s is not None:
        values["time_to_first_token_s"] = call.time_to_first_token_s
    if call.cached:
        values["cached"] = True
    if call.attempts != 1:
        values["attempts"] = call.attempts
    if call.batched:
        values["batched"] = True
    if call.reasoning is not None:
        values["reasoning"] = _escaped(call.reasoning)
    if call.token_logprobs is not None:
        values["token_logprobs"] = [[escape_surrogates(text), value] for text, value in call.token_logprobs]
    if call.confidence is not None:
        values["confidence"] = dict(call.confidence)
    if call.warnings:
        values["warnings"] = escape_surrogates(list(call.warnings))
    return values


def usage_json(usage: Usage) -> dict[str, int | None]:
    """Return all counts by name."""
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "calls": usage.calls,
    }


def case_key(case: Case, overrides: GenerationConfig, prompt: str | None = None) -> str:
    """Return a hash of everything that determines an answer and its scores.

    `prompt` is the sample's hash, which is computed if it is None.
    """
    cell, sample = case.cell, case.sample
    if prompt is None:
        prompt = sample_hash(cell.task, sample)
    memo_key = ("key", overrides)
    if memo_key not in cell.memo:
        cell.memo[memo_key] = digest(_cell_key_parts(cell, overrides))
    return digest([cell.memo[memo_key], sample.id, prompt, case.epoch, _sample_key_parts(cell, sample)])


def _cell_key_parts(cell: Cell, overrides: GenerationConfig) -> dict[str, Any]:
    reasoning = {} if cell.task.reasoning == "strip" else {"reasoning": cell.task.reasoning}
    prompts = {"prompts": dict(cell.prompts)} if cell.prompts else {}
    return (
        reasoning
        | prompts
        | {
            "task": cell.task.name,
            "model": [cell.model.provider, full_name(cell.model)],
            "judge": str(cell.judge),
            "generate": hashed_parameters(overrides.with_defaults(cell.task.generate)),
            "strategy": [cell.strategy.name, dict(cell.strategy.params)],
            "seed": cell.seed,
            "scorers": [
                [scorer.name, scorer.version, _shared_params(spec), *filter(None, [spec.label])]
                for scorer, spec in zip(cell.scorers, cell.task.scorers, strict=True)
            ],
        }
    )


def _shared_params(spec: Spec) -> dict[str, Any]:
    files = output_file_parameters(scorers.get(spec.name))
    return {name: value for name, value in spec.params.items() if name not in files}


def _sample_key_parts(cell: Cell, sample: Sample) -> list[Any]:
    """Return this sample's outputs from the scorers' output files, and what was recorded for it.

    Hashing whole files per sample takes minutes.
    """
    if "output files" not in cell.memo:
        cell.memo["output files"] = list(_output_files(cell))
    parts: list[Any] = [[name, outputs.get(sample.id)] for name, outputs in cell.memo["output files"]]
    if sample.recording is not None and cell.strategy.name == RECORDED:
        parts.append(asdict(sample.recording))
    return parts


def _output_files(cell: Cell) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each scorer parameter that names a file of outputs, with the file's content by sample id."""
    for spec in cell.task.scorers:
        names = output_file_parameters(scorers.get(spec.name))
        yield from ((name, value) for name, value in spec.params.items() if name in names)


def _score_json(score: Score) -> dict[str, Any]:
    """Return a score as JSON values; empty details are omitted."""
    values: dict[str, Any] = {
        "value": score.value,
        "answer": _answer(score),
        "explanation": bounded_text(score.explanation),
    }
    if type(score.details) is not dict or score.details:
        values["details"] = bounded_mapping(score.details)
    return values


def _answer(score: Score) -> str | None:
    return None if score.answer is None else bounded_text(score.answer, MAX_TOTAL)


def _escaped(text: str | None) -> str | None:
    return None if text is None else str(escape_surrogates(text))


def _messages(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": escape_surrogates(message.content)} for message in messages]
