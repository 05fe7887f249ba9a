"""Who was right in which round: the completions of agents that speak in several rounds, scored one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from ..errors import ProviderError
from ..types import Call, Sample, Scorer

_CUT = ("length", "refusal", "content_filter")  # such texts are no answers, as in a record


async def round_scores(
    calls: Sequence[Call], scorer: Scorer, sample: Sample, pass_score: float
) -> dict[str, dict[str, dict[str, Any]]]:
    """Each agent's score in each round, by the headline scorer; the score of a cut-off or empty text is None.

    Empty where no role `agent-*` speaks in two rounds, and where the scorer asks a model.
    """
    spoken: dict[str, dict[str, Call]] = {}
    for call in calls:
        if call.role.startswith("agent-"):
            spoken.setdefault(call.role, {})[str(call.round)] = call
    if not any(len(rounds) > 1 for rounds in spoken.values()) or asks_a_model(scorer):
        return {}
    scored = _Scored(scorer, sample, pass_score)
    found = {role: {at: await scored.of(call) for at, call in rounds.items()} for role, rounds in spoken.items()}
    return {} if scored.refused else found


def asks_a_model(scorer: Scorer) -> bool:
    """Whether a scorer says that its verdict takes model calls: by `judged`, or as it takes `ask` or names judges."""
    judged = getattr(scorer, "judged", None)
    if judged is not None:
        return bool(judged)
    return bool(getattr(scorer, "takes_ask", False)) or hasattr(scorer, "judges")


class _Scored:
    """Scores of texts; agents often say the same, and the same text is scored once."""

    def __init__(self, scorer: Scorer, sample: Sample, pass_score: float) -> None:
        self.scorer, self.sample, self.pass_score = scorer, sample, pass_score
        self.refused = False  # whether the scorer wanted a model, which it had not said of itself
        self._known: dict[str, dict[str, Any]] = {}

    async def of(self, call: Call) -> dict[str, Any]:
        """{score, right, answer} of a completion."""
        if self.refused or call.finish_reason in _CUT or not call.completion.strip():
            return {"score": None, "right": None, "answer": None}
        if call.completion not in self._known:
            self._known[call.completion] = await self._score(call.completion)
        return self._known[call.completion]

    async def _score(self, text: str) -> dict[str, Any]:
        try:
            found = await self.scorer.score(text, self.sample, self._refuse)
            value, answer = found.value, found.answer
        except Exception:  # a scorer of the user's may raise anything; an intermediate text then has no score
            value = answer = None
        right = None if value is None else value >= self.pass_score
        return {"score": value, "right": right, "answer": answer}

    async def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        self.refused = True
        raise ProviderError("agents are scored by round without a model")
