"""A record as a sample of an Inspect log: messages, scores, usage, and a timeline of the agents' calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ...terminal_escape import one_line
from ...types import Record
from ..exported_run import n_scoring_calls
from ..portable_json import encodable_text

_STOP_REASONS = {
    "stop": "stop",
    "length": "max_tokens",
    "refusal": "content_filter",
    "content_filter": "content_filter",
}
_USAGE = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cached_input_tokens": "input_tokens_cache_read",
    "cache_write_tokens": "input_tokens_cache_write",
    "reasoning_tokens": "reasoning_tokens",
}
"""Our names of token counts → Inspect's."""
_PARENT = re.compile(r"(?<![^/\\])\.\.?(?![^/\\])")
"""A part of a path that is this folder or the one above it."""
_OWN_METADATA = "hiddenlayer"


def sample_json(record: Record) -> dict[str, Any]:
    """The sample, as its member of the zip holds it."""
    started = datetime.fromisoformat(record.started_at)
    sample = {
        "id": sample_id_of(record),
        "epoch": record.epoch,
        "input": _input(record),
        "choices": list(record.choices) or None,
        "target": _target(record),
        "messages": [*_input_messages(record), *_agent_messages(record)],
        "output": _output(record),
        "scores": scores_json(record),
        "metadata": {**record.metadata, _OWN_METADATA: _own_metadata(record)},
        "store": {},
        "events": list(_events(record, started)),
        "model_usage": model_usage([record]),
        "started_at": record.started_at,
        "completed_at": end_of(record),
        "total_time": record.latency_s,
        "working_time": record.latency_s,
        "uuid": uuid_of(record),
        "error": _error(record),
        "attachments": {},
    }
    return {name: value for name, value in sample.items() if value is not None}


def summary_json(record: Record) -> dict[str, Any]:
    """What Inspect's list of samples shows, without messages and events."""
    sample = sample_json(record)
    kept = ("id", "epoch", "input", "choices", "target", "model_usage", "started_at", "completed_at", "total_time")
    summary = {name: sample[name] for name in (*kept, "working_time", "uuid") if name in sample}
    summary["metadata"] = {name: value for name, value in record.metadata.items() if _is_short(value)}
    summary["scores"] = {name: {"value": score["value"]} for name, score in sample["scores"].items()}
    if "error" in sample:
        summary["error"] = sample["error"]["message"]
    return {**summary, "completed": True, "message_count": len(sample["messages"])}


def scores_json(record: Record) -> dict[str, Any]:
    """Scorer → score, without those that scored nothing: why is in the sample's metadata."""
    return {
        name: {
            "value": score["value"],
            "answer": score.get("answer"),
            "explanation": score.get("explanation") or None,
        }
        for name, score in record.scores.items()
        if score["value"] is not None
    }


def model_usage(records: Sequence[Record]) -> dict[str, Any]:
    """Model → its tokens over all calls, of the models whose every call reports them."""
    calls: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        for call in record.transcript:
            calls.setdefault(str(call.get("model", record.model)), []).append(call.get("usage") or {})
    found = {model: _usage(usages) for model, usages in calls.items()}
    return {model: usage for model, usage in found.items() if usage is not None}


def end_of(record: Record) -> str:
    """When the score was there."""
    return _later(datetime.fromisoformat(record.started_at), record.latency_s)


def sample_id_of(record: Record) -> str:
    """The sample's id as part of the name of a member: it leads to no other folder, and has no control character."""
    return _PARENT.sub(lambda dots: "%2e" * len(dots[0]), encodable_text(one_line(record.sample_id)))


def uuid_of(record: Record) -> str:
    """An id that no other answer of the run has."""
    return f"{record.run_id}-{record.key}-{record.epoch}"


def _usage(usages: Sequence[Mapping[str, Any]]) -> dict[str, int] | None:
    """The sum, with the counts that are known in all; None if input or output is not: Inspect would read 0."""
    totals = {
        theirs: sum(usage[ours] for usage in usages)
        for ours, theirs in _USAGE.items()
        if all(usage.get(ours) is not None for usage in usages)
    }
    if not {"input_tokens", "output_tokens"} <= totals.keys():
        return None
    return {**totals, "total_tokens": totals["input_tokens"] + totals["output_tokens"]}


def _input(record: Record) -> str | list[dict[str, Any]]:
    if isinstance(record.input, str):
        return record.input
    if isinstance(record.input, list | tuple) and all(isinstance(message, Mapping) for message in record.input):
        return [_message(message) for message in record.input]
    return str(record.input)


def _target(record: Record) -> str | list[str]:
    if isinstance(record.target, list | tuple):
        return [str(target) for target in record.target]
    return "" if record.target is None else str(record.target)


def _input_messages(record: Record) -> list[dict[str, Any]]:
    """The prompt as rendered."""
    return [_message(message) for message in record.prompt or ()]


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    role = message.get("role")
    known = role if role in ("system", "user", "assistant") else "user"
    return {"role": known, "content": str(message.get("content", "")), "source": "input"}


def _agent_messages(record: Record) -> Iterator[dict[str, Any]]:
    """Every call of the strategy as a message; with several speakers, each begins with `[agent-1, round 0]`."""
    calls = strategy_calls(record)
    several = len(calls) > 1
    for number, call in enumerate(calls):
        prefix = f"[{_speaker(call)}] " if several else ""
        yield _assistant(call, record, number, prefix)


def strategy_calls(record: Record) -> Sequence[Mapping[str, Any]]:
    """The calls but those that scorers made."""
    return record.transcript[: len(record.transcript) - n_scoring_calls(record)]


def _speaker(call: Mapping[str, Any]) -> str:
    return f"{call.get('role', 'answer')}, round {call.get('round', 0)}"


def _assistant(call: Mapping[str, Any], record: Record, number: int, prefix: str = "") -> dict[str, Any]:
    text, reasoning = prefix + str(call.get("completion") or ""), call.get("reasoning")
    content: Any = text
    if reasoning:
        content = [{"type": "reasoning", "reasoning": reasoning}, {"type": "text", "text": text}]
    return {
        "id": f"{uuid_of(record)}-{number}",  # the same in the timeline: Inspect's frame of messages has it once
        "role": "assistant",
        "content": content,
        "source": "generate",
        "model": call.get("model", record.model),
        "metadata": {"agent": call.get("role"), "round": call.get("round"), "seed": call.get("seed")},
    }


def _output(record: Record) -> dict[str, Any]:
    """The text that was scored."""
    if record.output is None:
        return {"model": record.model, "choices": [], "error": record.error}
    calls = strategy_calls(record)
    reason = _stop_reason(calls[-1]) if calls else "unknown"
    message = {"role": "assistant", "content": record.output, "source": "generate", "model": record.model}
    output = {"model": record.model, "choices": [{"message": message, "stop_reason": reason}]}
    usage = _usage([call.get("usage") or {} for call in record.transcript]) if record.transcript else None
    return {**output, "time": record.latency_s, **({"usage": usage} if usage else {})}


def _stop_reason(call: Mapping[str, Any]) -> str:
    return _STOP_REASONS.get(str(call.get("finish_reason")), "unknown")


def _events(record: Record, started: datetime) -> Iterator[dict[str, Any]]:
    """A span per call, named for its speaker, with the call in it; calls are placed one after the other."""
    elapsed = 0.0
    n_strategy = len(strategy_calls(record))
    for number, call in enumerate(record.transcript):
        span = f"{uuid_of(record)}-{number}"
        latency_s = float(call.get("latency_s") or 0.0)
        place = {"span_id": span, "timestamp": _later(started, elapsed), "working_start": elapsed}
        kind = "agent" if number < n_strategy else "scorer"
        yield {**place, "event": "span_begin", "id": span, "type": kind, "name": _speaker(call)}
        completed = {"completed": _later(started, elapsed + latency_s), "working_time": latency_s}
        yield {**place, **_model_event(call, record, number), **completed}
        elapsed += latency_s
        yield {
            **place,
            "event": "span_end",
            "id": span,
            "timestamp": _later(started, elapsed),
            "working_start": elapsed,
        }


def _model_event(call: Mapping[str, Any], record: Record, number: int) -> dict[str, Any]:
    messages = call.get("messages")
    model = call.get("model", record.model)
    choice = {"message": _assistant(call, record, number), "stop_reason": _stop_reason(call)}
    output = {"model": model, "choices": [choice]}
    usage = _usage([call.get("usage") or {}])
    return {
        "event": "model",
        "model": model,
        "role": call.get("role"),
        "input": [_message(message) for message in messages] if isinstance(messages, list | tuple) else [],
        "tools": [],
        "tool_choice": "none",
        "config": {"seed": call["seed"]} if isinstance(call.get("seed"), int) else {},
        "output": {**output, **({"usage": usage} if usage else {})},
        "cache": "read" if call.get("cached") else None,
    }


def _error(record: Record) -> dict[str, str] | None:
    if record.outcome != "error":
        return None
    traceback = record.traceback or ""
    return {"message": record.error or "no reason was recorded", "traceback": traceback, "traceback_ansi": traceback}


def _own_metadata(record: Record) -> dict[str, Any]:
    unscored = {name: score["explanation"] for name, score in record.scores.items() if score["value"] is None}
    values = {
        "outcome": record.outcome,
        "reason": record.error,
        "answer": record.answer,
        "cost_usd": record.cost_usd,
        "group": record.group,
        "must_pass": record.must_pass,
        "strategy": dict(record.answer_metadata),
        "unscored": unscored or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _later(started: datetime, seconds: float) -> str:
    try:
        return (started + timedelta(seconds=seconds)).isoformat()
    except OverflowError:
        return started.isoformat()


def _is_short(value: Any) -> bool:
    return value is None or (isinstance(value, str | int | float) and len(str(value)) <= 1000)
