"""Several judges, several criteria: how opinions become one score."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...errors import UnknownNameError, UsageError
from ...protocols import Ask
from ...registry import providers
from ...types import Score
from .call import together
from .judgment import JudgeConfig, Judgment, form_judgment
from .prompt import JudgePrompt
from .rubric import Criterion

Combine = Literal["mean", "majority"]


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgePanel:
    """Who judges, and how their opinions are combined.

    More than half of the judges must have a readable verdict. `mean` is the mean of their
    values; `majority` the value of the verdict that most of them gave, the mean of those
    that tie.
    """

    models: tuple[str, ...] = ()  # PROVIDER[:MODEL]; empty: the run's judge
    combine: Combine = "mean"
    terms: JudgeConfig

    def __post_init__(self) -> None:
        for name in self.models:
            _check_model(name)
        if len(set(self.models)) < len(self.models):
            raise UsageError(f"model: {', '.join(self.models)} names a judge twice; keep one")
        if self.terms.samples < 1 or self.terms.max_tokens < 1:
            raise UsageError(
                f"samples={self.terms.samples}, max_tokens={self.terms.max_tokens}: each must be at least 1"
            )
        if self.terms.temperature is not None and self.terms.temperature < 0:
            raise UsageError(f"temperature must be a number from 0 on, got {self.terms.temperature!r}")

    async def score(self, ask: Ask, questions: Sequence[Question], *, role: str, answer: str | None) -> Score:
        """The score by all criteria, each by all judges, all asked at once. Raises ProviderError.

        Unscored where one criterion is: a mean over the others would answer another question.
        """
        judges: Sequence[str | None] = self.models or (None,)
        opinions = await together(
            self._ask(ask, question, role, number, judge)
            for question in questions
            for number, judge in enumerate(judges)
        )
        each = [opinions[start : start + len(judges)] for start in range(0, len(opinions), len(judges))]
        details: dict[str, Any] = {"combine": self.combine, "opinions": [opinion.to_json() for opinion in opinions]}
        values: list[float] = []
        for found in map(self._combined, each):
            if isinstance(found, str):
                return Score(value=None, answer=answer, explanation=found, details=details)
            values.append(found)
        weights = [question.criterion.weight for question in questions]
        value = math.fsum(w * v for w, v in zip(weights, values, strict=True)) / math.fsum(weights)
        named = {q.criterion.name: v for q, v in zip(questions, values, strict=True) if q.criterion.name is not None}
        if named:
            details["criteria"] = named
        return Score(value=min(1.0, value), answer=answer, explanation=_said(opinions, named), details=details)

    async def _ask(self, ask: Ask, question: Question, role: str, number: int, judge: str | None) -> Judgment:
        return await form_judgment(
            ask,
            question.prompt,
            question.texts,
            question.words,
            role=_role(role, number, question.criterion),
            judge=judge,
            criterion=question.criterion.name,
            terms=self.terms,
        )

    def _combined(self, opinions: Sequence[Judgment]) -> float | str:
        """One criterion's value, or why there is none."""
        read = [(o.verdict, o.value) for o in opinions if o.verdict is not None and o.value is not None]
        value = combined(read, len(opinions), self.combine)
        if value is None:
            first = next(o for o in opinions if o.value is None)
            of = f" by {first.criterion}" if first.criterion else ""
            return f"{first.model} gave no readable verdict{of}: {first.why}"
        return value


def combined(read: Sequence[tuple[str, float]], n: int, how: Combine) -> float | None:
    """The value of the (verdict, value) pairs read of `n` judges; None where at least half gave none."""
    if 2 * len(read) <= n:
        return None
    votes = Counter(verdict for verdict, _ in read)
    most = 0 if how == "mean" else max(votes.values())
    values = [value for verdict, value in read if votes[verdict] >= most]
    return min(1.0, math.fsum(values) / len(values))


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What the judges are asked by one criterion."""

    criterion: Criterion
    prompt: JudgePrompt
    texts: dict[str, str]  # data to be judged
    words: dict[str, str]  # our own


def read_models(model: str | Sequence[str] | None) -> tuple[str, ...]:
    """The judges that a parameter `model` names; none for nothing."""
    return () if model is None else (model,) if isinstance(model, str) else tuple(model)


def _check_model(name: str) -> None:
    if not re.fullmatch(r"\w+(:.+)?", name):
        raise UsageError(f"model must be PROVIDER or PROVIDER:MODEL, got {name!r}")
    provider = name.partition(":")[0]
    if provider not in (known := providers.names()):
        raise UnknownNameError("provider", provider, known)


def _role(role: str, number: int, criterion: Criterion) -> str:
    judge = f"-{number + 1}" if number else ""
    return f"{role}{judge}.{criterion.name}" if criterion.name is not None else f"{role}{judge}"


def _said(opinions: Sequence[Judgment], criteria: dict[str, float]) -> str:
    if criteria:
        return ", ".join(f"{name} {value:.2f}" for name, value in criteria.items())
    if len(opinions) > 1:
        verdicts = ", ".join(f"{o.verdict or 'unreadable'} by {o.model}" for o in opinions)
        return f"{verdicts} (scale {opinions[0].scale})"
    only = opinions[0]
    return f"{only.verdict} on {only.scale} by {only.model}: {only.explanation}"
