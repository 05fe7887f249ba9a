"""Scores each agent's completion in each round, and each sample that votes: for analyses without a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ..completions.finish_reasons import ended_normally
from ..errors import ProviderError
from ..protocols import Scorer
from ..scorers.capabilities import capabilities_of
from ..types import Call, Sample
from .interruption import is_interruption


async def round_scores(
    calls: Sequence[Call], scorer: Scorer, sample: Sample, pass_score: float, agents: Any = ()
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return each agent's headline score in each round; the score of a truncated or empty text is None.

    Agents are the roles `agent-*`, and those that the answer's metadata names in `agents`. Empty if a single agent
    answers in a single round, or if the scorer calls a model. Several agents in one round may be a debate that
    ended early.
    """
    named = {role for role in agents if isinstance(role, str)} if isinstance(agents, list | tuple) else set()
    calls_by_role: dict[str, dict[str, Call]] = {}
    for call in calls:
        if call.role.startswith("agent-") or call.role in named:
            calls_by_role.setdefault(call.role, {})[str(call.round)] = call
    debated = len(calls_by_role) > 1 or any(len(rounds) > 1 for rounds in calls_by_role.values())
    if not debated or capabilities_of(scorer).asks_model:
        return {}
    text_scores = _TextScores(scorer, sample, pass_score)
    scores = {
        role: {round: await text_scores.of(call) for round, call in rounds.items()}
        for role, rounds in calls_by_role.items()
    }
    return {} if text_scores.refused else scores


async def sample_scores(
    calls: Sequence[Call], parse: Callable[[str], str | None], scorer: Scorer, sample: Sample, pass_score: float
) -> dict[str, dict[str, Any]]:
    """Return {answer, score, right} of each call with role `sample-*`, by role; `answer` is what votes.

    An incomplete sample has None for all three. If the scorer calls a model, `score` and `right` are None.
    """
    samples = {call.role: call for call in calls if call.role.startswith("sample-")}
    scores: dict[str, dict[str, Any]] = {}
    if not samples:
        return scores
    text_scores = _TextScores(scorer, sample, pass_score)
    text_scores.refused = capabilities_of(scorer).asks_model
    for role, call in samples.items():
        answer = parse(call.completion) if ended_normally(call.finish_reason) else None
        scores[role] = {**await text_scores.of(call), "answer": answer}
    return scores


class _TextScores:
    """Scores by text: agents often repeat a text, which is then scored only once."""

    def __init__(self, scorer: Scorer, sample: Sample, pass_score: float) -> None:
        self.scorer, self.sample, self.pass_score = scorer, sample, pass_score
        self.refused = False  # whether the scorer called a model without declaring it
        self._scores: dict[str, dict[str, Any]] = {}

    async def of(self, call: Call) -> dict[str, Any]:
        """Return {score, right, answer} of a completion."""
        if self.refused or not ended_normally(call.finish_reason) or not call.completion.strip():
            return {"score": None, "right": None, "answer": None}
        if call.completion not in self._scores:
            self._scores[call.completion] = await self._score(call.completion)
        return self._scores[call.completion]

    async def _score(self, text: str) -> dict[str, Any]:
        try:
            score = await self.scorer.score(text, self.sample, self._refuse)
            value, answer = score.value, score.answer
        except BaseException as error:  # a user's scorer may raise anything; the text then has no score
            if is_interruption(error):
                raise
            value = answer = None
        right = None if value is None else value >= self.pass_score
        return {"score": value, "right": right, "answer": answer}

    async def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        self.refused = True
        raise ProviderError("the scores by round are computed without model calls")
