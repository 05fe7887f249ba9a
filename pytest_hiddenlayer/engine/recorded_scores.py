"""Scores of what the strategy `recorded` repeats: of each agent in each round, and of each sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from ..completions.finish_reasons import ended_normally
from ..errors import ProviderError
from ..scorers.capabilities import capabilities_of
from ..strategies.recorded import recorded_vote, scored_text
from ..types import (
    NO_TEXT,
    RECORDED_CALLS,
    RECORDED_COUNTS,
    RECORDED_VERDICT,
    ROUND_SCORES,
    SAMPLE_SCORES,
    Answer,
    Call,
    RecordedAnswer,
    Recording,
)
from .context import AnswerContext
from .interruption import is_interruption
from .plain_json import escape_surrogates


def settled(recording: Recording, answer: Answer) -> Recording:
    """Return the recording whose `final` has the verdict of the answer that the strategy chose."""
    chosen = answer.metadata.get("chosen")
    if recording.final is not None or not isinstance(chosen, dict):
        return recording
    found = recording.find(chosen["role"], chosen["round"])
    return replace(recording, final=RecordedAnswer(verdict=None if found is None else found.verdict))


async def recorded_metadata(context: AnswerContext, recording: Recording, calls: Sequence[Call]) -> dict[str, Any]:
    """Return what the record keeps of a recording: scores by round or sample, final verdict, calls and counts.

    A debate of one round has scores by round too: it ended early, and its analysis needs that round.
    """
    metadata: dict[str, Any] = {
        RECORDED_VERDICT: None if recording.final is None else recording.final.verdict,
        RECORDED_CALLS: recording.total_calls,
    }
    if recording.counts is not None:
        metadata[RECORDED_COUNTS] = dict(zip(("correct", "of"), recording.counts, strict=True))
    scores: dict[str, dict[str, Any]] = {}
    scorer = _AnswerScores(context)
    for call in calls:
        if (answer := recording.find(call.role, call.round)) is not None:
            scores.setdefault(call.role, {})[str(call.round)] = await scorer.of(answer, call)
    if recording.rounds and scores:
        metadata[ROUND_SCORES] = escape_surrogates(scores)
    elif scores:
        metadata[SAMPLE_SCORES] = escape_surrogates({role: rounds["0"] for role, rounds in scores.items()})
    return metadata


class _AnswerScores:
    """Scores by text: equal texts are scored only once."""

    def __init__(self, context: AnswerContext) -> None:
        self.context = context
        self.scorer = context.case.cell.scorers[0]
        self.capabilities = capabilities_of(self.scorer)
        self._values: dict[str, float | None] = {}

    async def of(self, answer: RecordedAnswer, call: Call) -> dict[str, Any]:
        """Return {score, right, answer} of a recorded answer; `answer` is what votes."""
        vote = recorded_vote(answer, call.completion, call.finish_reason, self.context.parse)
        value = await self._value(answer, call)
        right = None if value is None else value >= self.context.case.cell.pass_score
        return {"score": value, "right": right, "answer": vote}

    async def _value(self, answer: RecordedAnswer, call: Call) -> float | None:
        if self.capabilities.reads_verdicts:
            return None if answer.verdict is None else float(answer.verdict)
        text = scored_text(answer, call.completion)
        is_known = answer.unreadable or (text != NO_TEXT and bool(text.strip()))
        if self.capabilities.asks_model or not is_known or not ended_normally(call.finish_reason):
            return None
        if text not in self._values:
            self._values[text] = await self._score(text)
        return self._values[text]

    async def _score(self, text: str) -> float | None:
        try:
            return (await self.scorer.score(text, self.context.rendered_sample, self._refuse)).value
        except BaseException as error:  # a user's scorer may raise anything; the text then has no score
            if is_interruption(error):
                raise
            return None

    async def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise ProviderError("the scores of recorded answers are computed without model calls")
