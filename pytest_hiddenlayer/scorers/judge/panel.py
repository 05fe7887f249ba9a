"""Combines the judgments of several judges by several criteria into one score."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...concurrency import gather_or_cancel
from ...errors import UnknownNameError, UsageError
from ...protocols import Ask
from ...registry import providers
from ...types import REASONING_EFFORTS, Score
from .judgment import JudgeConfig, Judgment, form_judgment
from .prompt import JudgePrompt
from .rubric import Criterion

Combine = Literal["mean", "majority"]


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgePanel:
    """The judges, and how their judgments are combined.

    More than half of the judges must return a readable verdict. `mean` is the mean of their
    values; `majority` is the value of the most frequent verdict, or the mean of those that tie.
    """

    models: tuple[str, ...] = ()  # PROVIDER[:MODEL]; empty: the run's judge
    combine: Combine = "mean"
    config: JudgeConfig

    def __post_init__(self) -> None:
        for name in self.models:
            _check_model(name)
        if len(set(self.models)) < len(self.models):
            raise UsageError(f"model: {', '.join(self.models)} names a judge twice; keep one")
        if self.config.samples < 1 or self.config.max_tokens < 1:
            raise UsageError(
                f"samples={self.config.samples}, max_tokens={self.config.max_tokens}: each must be at least 1"
            )
        if self.config.temperature is not None and self.config.temperature < 0:
            raise UsageError(f"temperature must be a number from 0 up, got {self.config.temperature!r}")
        if self.config.reasoning_effort not in (None, *REASONING_EFFORTS):
            efforts = ", ".join(REASONING_EFFORTS)
            raise UsageError(f"reasoning_effort must be one of {efforts}, got {self.config.reasoning_effort!r}")

    async def score(self, ask: Ask, questions: Sequence[Question], *, role: str, answer: str | None) -> Score:
        """Returns the score over all criteria and judges, all asked at the same time. Raises ProviderError.

        Unscored if one criterion is unscored: a mean over the others would measure something else.
        """
        judges: Sequence[str | None] = self.models or (None,)
        judgments = await gather_or_cancel(
            self._ask(ask, question, role, number, judge)
            for question in questions
            for number, judge in enumerate(judges)
        )
        by_criterion = [judgments[start : start + len(judges)] for start in range(0, len(judgments), len(judges))]
        details: dict[str, Any] = {
            "combine": self.combine,
            "opinions": [judgment.to_json() for judgment in judgments],
        }
        values: list[float] = []
        for combined in map(self._combine, by_criterion):
            if isinstance(combined, str):
                return Score(value=None, answer=answer, explanation=combined, details=details)
            values.append(combined)
        value = _weighted_mean(values, [question.criterion.weight for question in questions])
        named = {q.criterion.name: v for q, v in zip(questions, values, strict=True) if q.criterion.name is not None}
        if named:
            details["criteria"] = named
        return Score(value=value, answer=answer, explanation=_explain(judgments, named), details=details)

    async def _ask(self, ask: Ask, question: Question, role: str, number: int, judge: str | None) -> Judgment:
        return await form_judgment(
            ask,
            question.prompt,
            question.texts,
            question.fields,
            role=_role(role, number, question.criterion),
            judge=judge,
            criterion=question.criterion.name,
            config=self.config,
        )

    def _combine(self, judgments: Sequence[Judgment]) -> float | str:
        """One criterion's value, or the reason why it has none."""
        votes = [(j.verdict, j.value) for j in judgments if j.verdict is not None and j.value is not None]
        value = combine_votes(votes, len(judgments), self.combine)
        if value is None:
            first = next(judgment for judgment in judgments if judgment.value is None)
            criterion = f" by {first.criterion}" if first.criterion else ""
            return f"{first.model} gave no readable verdict{criterion}: {first.why}"
        return value


def combine_votes(votes: Sequence[tuple[str, float]], n_judges: int, combine: Combine) -> float | None:
    """Returns the value of the readable (verdict, value) votes; None if at least half of the judges have none."""
    if 2 * len(votes) <= n_judges:
        return None
    counts = Counter(verdict for verdict, _ in votes)
    required = 0 if combine == "mean" else max(counts.values())
    values = [value for verdict, value in votes if counts[verdict] >= required]
    return min(1.0, math.fsum(values) / len(values))


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """The prompt of one criterion, before its fields are filled in."""

    criterion: Criterion
    prompt: JudgePrompt
    texts: dict[str, str]  # data to judge
    fields: dict[str, str]  # trusted text of the scorer


def read_models(model: str | Sequence[str] | None) -> tuple[str, ...]:
    """Returns the judges that a parameter `model` names; empty for None."""
    return () if model is None else (model,) if isinstance(model, str) else tuple(model)


def _weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """At most 1.0, despite rounding."""
    return min(1.0, math.fsum(w * v for w, v in zip(weights, values, strict=True)) / math.fsum(weights))


def _check_model(name: str) -> None:
    if not re.fullmatch(r"\w+(:.+)?", name):
        raise UsageError(f"model must be PROVIDER or PROVIDER:MODEL, got {name!r}")
    provider = name.partition(":")[0]
    if provider not in (registered := providers.names()):
        raise UnknownNameError("provider", provider, registered)


def _role(role: str, number: int, criterion: Criterion) -> str:
    judge = f"-{number + 1}" if number else ""
    return f"{role}{judge}.{criterion.name}" if criterion.name is not None else f"{role}{judge}"


def _explain(judgments: Sequence[Judgment], criteria: dict[str, float]) -> str:
    if criteria:
        return ", ".join(f"{name} {value:.2f}" for name, value in criteria.items())
    if len(judgments) > 1:
        verdicts = ", ".join(f"{j.verdict or 'unreadable'} by {j.model}" for j in judgments)
        return f"{verdicts} (scale {judgments[0].scale})"
    only = judgments[0]
    return f"{only.verdict} on {only.scale} by {only.model}: {only.explanation}"
