"""Runs as plain rows: samples, calls and cells. Frames, exported tables and figures share them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..results.metrics.confidence import confidence_of
from ..types import Record
from .exported_run import n_scoring_calls

SAMPLE_COLUMNS = {
    "record_id": "run id and position in records.jsonl: joins calls to samples",
    "run_id": "id of the run",
    "task": "name of the task",
    "strategy": "the strategy's label: its name, and parameters that differ from their defaults",
    "provider": "provider of the candidate",
    "model": "full name of the candidate",
    "sample_id": "id of the sample",
    "epoch": "repetition, from 1",
    "group": "cluster of the sample, for error bars",
    "input": "the sample's input; the last message of a chat",
    "target": "accepted answer; several are joined by ` | `",
    "output": "text that was scored",
    "answer": "answer that the first scorer extracted",
    "outcome": "correct, incorrect, partial, error, truncated, empty, refused, unscored or skipped",
    "score": "score of the first scorer in [0, 1]; missing if unscored",
    "confidence": "confidence in the answer in [0, 1], if one is known",
    "calls": "model calls, scorers' included",
    "tokens_in": "input tokens of all calls; missing if unknown",
    "tokens_out": "output tokens of all calls; missing if unknown",
    "cost_usd": "cost of all calls in US dollars; missing if unknown",
    "latency_s": "seconds from the first request to the score",
    "cached": "whether every call came from the cache or a cassette",
    "seed": "seed of the run",
    "started_at": "time of the first request, UTC",
    "error": "why there is no score",
}
"""Columns of `samples_df`; a column `score_NAME` per scorer and `metadata_KEY` per metadata key follow."""
CALL_COLUMNS = {
    "record_id": "the sample's row in samples_df",
    "call": "position in the transcript, from 0",
    "role": "the speaker's part in the strategy: answer, agent-1, judge, ...",
    "round": "round of the strategy, from 0",
    "scoring": "whether a scorer made the call",
    "model": "model that answered",
    "prompt": "the last message that was sent",
    "completion": "what the model answered",
    "finish_reason": "stop, length, refusal, ...",
    "tokens_in": "input tokens; missing if unknown",
    "tokens_out": "output tokens; missing if unknown",
    "cost_usd": "US dollars; missing if unknown",
    "latency_s": "seconds",
    "mean_logprob": "mean natural log-probability of the output tokens",
    "attempts": "requests that were made",
    "cached": "whether it came from the cache or a cassette",
    "seed": "seed of the call",
}
"""Columns of `calls_df`."""
CELL_COLUMNS = {
    "run_id": "id of the run",
    "task": "name of the task",
    "strategy": "the strategy's label",
    "provider": "provider of the candidate",
    "model": "full name of the candidate",
    "scorer": "the first scorer and its version",
    "score": "mean score over samples in [0, 1]; missing if nothing was scored",
    "stderr": "standard error of the score, clustered by group",
    "ci95_low": "lower end of the 95 % interval",
    "ci95_high": "upper end of the 95 % interval",
    "method": "of the interval, or why there is none",
    "n": "scored answers",
    "n_selected": "answers that the run was to make",
    "epochs": "repetitions of each sample",
    "calls": "model calls",
    "tokens_in": "input tokens; missing if unknown",
    "tokens_out": "output tokens; missing if unknown",
    "cost_usd": "US dollars; missing if unknown",
    "wall_s": "seconds from the first request to the last response",
    "gate": "the gate's word, such as `regressed`; missing if there was no gate",
    "difference": "from the baseline, over the samples that both scored",
    "verdict": "of the comparison with the baseline",
}
"""Columns of cells; a column `outcome_NAME` per outcome follows."""


def sample_rows(records: Sequence[Record]) -> list[dict[str, Any]]:
    """One row per record, with the columns of SAMPLE_COLUMNS, then scorers and metadata."""
    return [_sample_row(number, record) for number, record in enumerate(records)]


def call_rows(records: Sequence[Record]) -> list[dict[str, Any]]:
    """One row per call of every record, with the columns of CALL_COLUMNS."""
    return [row for number, record in enumerate(records) for row in _call_rows(number, record)]


def cell_rows(run_id: str, cells: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row per object of `summary.json`, with the columns of CELL_COLUMNS, then how often each outcome occurs."""
    outcomes = dict.fromkeys(name for cell in cells for name in cell.get("outcomes") or {})
    return [_cell_row(run_id, cell) | _outcome_counts(cell, outcomes) for cell in cells]


def columns_of(rows: Sequence[Mapping[str, Any]], first: Iterable[str]) -> list[str]:
    """The columns of `first`, then every other one in order of appearance."""
    return list(dict.fromkeys((*first, *(name for row in rows for name in row))))


def _sample_row(number: int, record: Record) -> dict[str, Any]:
    usage = record.usage
    row = {
        "record_id": f"{record.run_id}/{number}",
        "run_id": record.run_id,
        "task": record.task,
        "strategy": record.label,
        "provider": record.provider,
        "model": record.model,
        "sample_id": record.sample_id,
        "epoch": record.epoch,
        "group": record.group,
        "input": record.input if isinstance(record.input, str) else _last_content(record.input),
        "target": " | ".join(map(str, record.target)) if isinstance(record.target, list) else record.target,
        "output": record.output,
        "answer": record.answer,
        "outcome": record.outcome,
        "score": record.score,
        "confidence": confidence_of(record),
        "calls": usage.get("calls"),
        "tokens_in": usage.get("input_tokens"),
        "tokens_out": usage.get("output_tokens"),
        "cost_usd": record.cost_usd,
        "latency_s": record.latency_s,
        "cached": record.cached,
        "seed": record.seed,
        "started_at": record.started_at,
        "error": record.error,
    }
    row |= {f"score_{name}": score["value"] for name, score in record.scores.items()}
    return row | {f"metadata_{key}": value for key, value in record.metadata.items()}


def _call_rows(number: int, record: Record) -> Iterable[dict[str, Any]]:
    n_strategy = len(record.transcript) - n_scoring_calls(record)
    for position, call in enumerate(record.transcript):
        usage = call.get("usage") or {}
        yield {
            "record_id": f"{record.run_id}/{number}",
            "call": position,
            "role": call.get("role"),
            "round": call.get("round"),
            "scoring": position >= n_strategy,
            "model": call.get("model"),
            "prompt": _last_message(call, record),
            "completion": call.get("completion"),
            "finish_reason": call.get("finish_reason"),
            "tokens_in": usage.get("input_tokens"),
            "tokens_out": usage.get("output_tokens"),
            "cost_usd": call.get("cost_usd"),
            "latency_s": call.get("latency_s"),
            "mean_logprob": call.get("mean_logprob"),
            "attempts": call.get("attempts", 1),
            "cached": call.get("cached", False),
            "seed": call.get("seed"),
        }


def _last_message(call: Mapping[str, Any], record: Record) -> str | None:
    messages = call.get("messages")
    if isinstance(messages, str):
        messages = record.prompt
    return _last_content(messages)


def _last_content(messages: Any) -> str | None:
    """The text of the last chat message; None if there is none."""
    last = messages[-1] if isinstance(messages, list | tuple) and messages else None
    content = last.get("content") if isinstance(last, Mapping) else None
    return None if content is None else str(content)


def _cell_row(run_id: str, cell: Mapping[str, Any]) -> dict[str, Any]:
    low, high = cell.get("ci95") or (None, None)
    compared, usage = cell.get("comparison") or {}, cell.get("usage") or {}
    return {
        "run_id": run_id,
        "task": cell["task"],
        "strategy": cell["label"],
        "provider": cell["provider"],
        "model": cell["model"],
        "scorer": cell.get("scorer"),
        "score": cell.get("score"),
        "stderr": cell.get("stderr"),
        "ci95_low": low,
        "ci95_high": high,
        "method": cell.get("method"),
        "n": cell.get("n"),
        "n_selected": cell.get("n_selected"),
        "epochs": cell.get("epochs"),
        "calls": usage.get("calls"),
        "tokens_in": usage.get("input_tokens"),
        "tokens_out": usage.get("output_tokens"),
        "cost_usd": cell.get("cost_usd"),
        "wall_s": cell.get("wall_s"),
        "gate": cell.get("gate"),
        "difference": compared.get("difference"),
        "verdict": compared.get("verdict"),
    }


def _outcome_counts(cell: Mapping[str, Any], outcomes: Iterable[str]) -> dict[str, Any]:
    """0 for an outcome that the cell does not have; None if its outcomes are not known."""
    counts = cell.get("outcomes")
    return {f"outcome_{name}": None if counts is None else counts.get(name, 0) for name in outcomes}
