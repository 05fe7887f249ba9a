"""Recorded answers: repeats samples, debates or trials that others recorded, so that they can be analysed.

No model is asked: the provider `recorded` holds the answers, from the task's `outputs` (docs/recordings.md).
Samples become calls of `sample-1`, `sample-2`, ...; what agents said becomes calls of `agent-1`, `agent-2`, ... in
rounds 0, 1, ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..completions.finish_reasons import ended_normally
from ..protocols import Context
from ..types import NO_TEXT, Answer, RecordedAnswer, Recording
from .voting import Vote, plurality

Parse = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class _Spoken:
    """One recorded answer as it went through the transcript."""

    role: str
    round: int
    recorded: RecordedAnswer
    text: str  # that is scored
    vote: str | None


async def recorded(context: Context) -> Answer:
    """Returns the recorded final answer, else the plurality of the samples or of the last round.

    Nothing is asked: run it with `--provider recorded` on a task whose `outputs` hold samples or rounds. A single
    answer needs no vote. Unreadable and truncated answers do not vote; if nothing is left to vote, the outcome is
    `unscored`, unless verdicts say whether samples were right.

    Metadata: `vote`, `chosen` (role and round of the answer that won), `agents` with their `roles` and `models`,
    `reads` (whom each agent reads), `rounds` and `recorded_calls`, each null if it was not recorded.
    """
    recording = context.sample.recording
    if recording is None:
        return Answer(
            output="",
            outcome="unscored",
            error=f"recorded was asked to repeat answers to {context.sample.id!r}, and the task's `outputs` hold no "
            "samples or rounds of it; add a row with this id (docs/recordings.md)",
        )
    spoken = [await _repeat(context, *entry) for entry in recording.answers()]
    last = max((entry.round for entry in spoken), default=0)
    voters = [entry for entry in spoken if entry.round == last]
    vote = plurality([entry.vote for entry in voters])
    chosen = _chosen(voters, vote, recording)
    metadata = _metadata(recording, spoken, voters, vote, chosen)
    if recording.final is not None:
        return _final(context, recording.final, chosen, metadata)
    if chosen is not None:
        reason = chosen.recorded.finish_reason
        return Answer(output=chosen.text, finish_reason=reason, metadata=metadata)
    if _only_verdicts(recording):
        return Answer(output=NO_TEXT, metadata=metadata)
    return Answer(output="", outcome="unscored", error=_nothing_to_vote(voters, recording), metadata=metadata)


def scored_text(answer: RecordedAnswer, completion: str) -> str:
    """Returns the text that is scored: the answer as it was recorded, else the completion; empty if unreadable."""
    if answer.unreadable:
        return ""
    return completion if answer.answer is None else answer.answer


def recorded_vote(answer: RecordedAnswer, completion: str, finish_reason: str, parse: Parse) -> str | None:
    """Returns the answer that votes; None if it is unreadable, was truncated, or has no text."""
    if answer.unreadable or not ended_normally(finish_reason):
        return None
    if answer.answer is not None:
        return parse(answer.answer) or answer.answer.strip() or None
    return None if answer.text is None else parse(completion)


async def _repeat(context: Context, role: str, number: int, answer: RecordedAnswer) -> _Spoken:
    completion = await context.ask(context.messages, role=role, round=number)
    vote = recorded_vote(answer, completion.text, completion.finish_reason, context.parse)
    return _Spoken(role, number, answer, scored_text(answer, completion.text), vote)


def _chosen(voters: Sequence[_Spoken], vote: Vote, recording: Recording) -> _Spoken | None:
    """The first voter for the winner; a lone answer of the last round needs no vote."""
    if vote.winner is not None:
        return next(entry for entry in voters if entry.vote == vote.winner)
    is_alone = len(voters) == 1 and bool(recording.rounds)
    return voters[0] if is_alone and not voters[0].recorded.unreadable else None


def _only_verdicts(recording: Recording) -> bool:
    """Whether samples have no text or answer, so that the share of right ones is all there is to know."""
    samples = recording.samples
    return recording.counts is not None or (
        bool(samples) and all(sample.text is None and sample.answer is None for sample in samples)
    )


def _final(context: Context, final: RecordedAnswer, chosen: _Spoken | None, metadata: dict[str, Any]) -> Answer:
    """The final answer as recorded; if only its verdict was, the text of the vote."""
    if final.text is None and final.answer is None and not final.unreadable:
        return Answer(output=NO_TEXT if chosen is None else chosen.text, metadata=metadata)
    text = scored_text(final, final.completion)
    if not text:
        error = (
            f"recorded was asked to score the final answer of {context.sample.id!r}, and its `answer` is null: "
            "nobody could read it; add the answer, or a verdict"
        )
        return Answer(output="", outcome="unscored", error=error, metadata=metadata)
    return Answer(output=text, finish_reason=final.finish_reason, metadata=metadata)


def _nothing_to_vote(voters: Sequence[_Spoken], recording: Recording) -> str:
    of = "samples" if recording.samples else "answers of the last round"
    found = f"none of {len(voters)} can be read" if voters else "there is none"
    return f"recorded was asked for the vote of the {of}, and {found}; add `final`, or `answer` to each of them"


def _metadata(
    recording: Recording, spoken: Sequence[_Spoken], voters: Sequence[_Spoken], vote: Vote, chosen: _Spoken | None
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"recorded_calls": recording.total_calls}
    if voters:
        metadata["chosen"] = None if chosen is None else {"role": chosen.role, "round": chosen.round}
    if recording.rounds:
        agents = [f"agent-{index + 1}" for index in range(len(recording.rounds[0]))]
        metadata |= {"agents": agents, "rounds": len(recording.rounds)}
        if recording.roles:
            metadata["roles"] = dict(zip(agents, recording.roles, strict=True))
        if recording.models:
            metadata["models"] = dict(zip(agents, recording.models, strict=True))
        if recording.reads:
            names = ([agents[number - 1] for number in numbers] for numbers in recording.reads)
            metadata["reads"] = dict(zip(agents, names, strict=True))
    # Last, because metadata is cut at its end, and votes of `exact` may be whole texts.
    return metadata | ({"vote": _confidences(voters) | vote.to_json()} if voters else {})


def _confidences(voters: Sequence[_Spoken]) -> dict[str, Any]:
    """The recorded confidences, in the form of votes that are weighted by stated confidence."""
    if all(entry.recorded.confidence is None for entry in voters):
        return {}
    known = [entry.recorded.confidence for entry in voters]
    values = [{} if confidence is None else {"verbalized": confidence} for confidence in known]
    return {"samples": [{"confidences": confidences} for confidences in values]}
