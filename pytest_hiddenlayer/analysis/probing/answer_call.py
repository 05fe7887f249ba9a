"""The call of a record that gave its answer, as the tokens that its model reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import ProbeError
from ...types import SCORING_CALLS, Message, Record


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerCall:
    """One call: what the model was sent, and what it answered."""

    position: int  # in the record's transcript
    messages: tuple[Message, ...]
    completion: str
    output_tokens: int | None  # as the provider counted them, with the end token; None: unknown
    ended: bool  # the model gave an end token


def answer_call(record: Record) -> AnswerCall:
    """Return the last call of the strategy whose completion is the output, else its last call.

    Raises ProbeError if there is none, if another model gave it, or if its text is not all that the model wrote.
    """
    calls = record.transcript[: len(record.transcript) - int(record.answer_metadata.get(SCORING_CALLS, 0))]
    if not calls:
        raise ProbeError("no call was answered")
    same = [i for i, call in enumerate(calls) if call["completion"] == record.output]
    position = same[-1] if same else len(calls) - 1
    call = calls[position]
    if call["model"] != record.model:
        raise ProbeError(f"its answer is by {call['model']}, not by the candidate {record.model}")
    if call.get("reasoning"):
        raise ProbeError("its answer follows reasoning, which was split from the text that the model wrote")
    if not call["completion"]:
        raise ProbeError("its answer is empty")
    return AnswerCall(
        position=position,
        messages=_messages(call["messages"], record),
        completion=call["completion"],
        output_tokens=(call.get("usage") or {}).get("output_tokens"),
        ended=call.get("finish_reason") == "stop",
    )


def _messages(sent: Any, record: Record) -> tuple[Message, ...]:
    messages: Sequence[Mapping[str, Any]] | None = record.prompt if sent == "prompt" else sent
    if messages is None:
        raise ProbeError("what its model was sent was not recorded: the run is by an earlier version")
    return tuple(Message(role=message["role"], content=message["content"]) for message in messages)
