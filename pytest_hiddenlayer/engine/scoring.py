"""Scores one answer with every scorer of its task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import NoneType

from ..completions.blank import is_blank
from ..completions.finish_reasons import unscored_outcome
from ..errors import BudgetExceededError, HiddenLayerError, ProviderError
from ..extensions.errors import describe_error
from ..extensions.values import shown, text_of
from ..protocols import Scorer
from ..scorers.capabilities import capabilities_of
from ..types import NO_TEXT, SCORER_FAILED, Answer, Outcome, Score
from .context import AnswerContext
from .interruption import is_interruption

ONLY_REASONING = "the model returned its reasoning and no answer"


@dataclass(frozen=True, slots=True)
class ScoringResult:
    """The outcome of one answer, with the scores so far."""

    outcome: Outcome
    scores: Mapping[str, Score] = field(default_factory=dict)
    error: str | None = None  # why there is no score


async def score_answer(context: AnswerContext, answer: Answer) -> ScoringResult:
    """Return the outcome and the scores of an answer. An incomplete answer is not scored.

    The first scorer decides. If a call of a later one fails, its score is unknown, and the answer keeps the others.
    """
    if answer.outcome is not None:
        return ScoringResult(answer.outcome, error=answer.error)
    if (unscored := unscored_outcome(answer.finish_reason)) is not None:
        return ScoringResult(unscored[0], error=unscored[1])
    if is_blank(answer.output):
        return ScoringResult(
            "empty", error=ONLY_REASONING if context.reasoning_of(answer) else "the model returned no text"
        )
    cell = context.case.cell
    if answer.output == NO_TEXT and not capabilities_of(cell.scorers[0]).reads_verdicts:
        error = f"scorer {cell.scorers[0].name!r} was asked to score an answer, and no text of it was recorded: "
        return ScoringResult("unscored", error=f"{error}score recorded verdicts with `recorded_verdict`")
    scores: dict[str, Score] = {}
    for name, scorer in zip(cell.scorer_names, cell.scorers, strict=True):
        try:
            scores[name] = _plain(await scorer.score(answer.output, context.rendered_sample, context.ask_to_score))
        except BaseException as error:  # a user's scorer may raise anything, SystemExit included; that is no score
            if is_interruption(error):
                raise
            if not scores or not isinstance(error, HiddenLayerError):
                return _failed(context, scorer, scores, error)
            scores[name] = Score(value=None, explanation=f"no score: {error}", details={SCORER_FAILED: True})
    head = next(iter(scores.values()))
    if head.value is None:
        return ScoringResult("unscored", scores, head.explanation)
    return ScoringResult(_graded(head.value, cell.pass_score), scores)


def _failed(
    context: AnswerContext, scorer: Scorer, scores: Mapping[str, Score], error: BaseException
) -> ScoringResult:
    """Return the result after an exception of a scorer, which is noted in the context."""
    if isinstance(error, BudgetExceededError):
        return ScoringResult("skipped", scores, f"budget: scorer {scorer.name!r}: {error}")
    context.note_error(error)
    if isinstance(error, ProviderError):
        return ScoringResult("error", scores, f"scorer {scorer.name!r}: {error}")
    if isinstance(error, HiddenLayerError):
        repeated = str(error).startswith(f"scorer {scorer.name!r}")
        return ScoringResult("error", scores, str(error) if repeated else f"scorer {scorer.name!r}: {error}")
    return ScoringResult("error", scores, f"scorer {scorer.name!r} raised {describe_error(error)}")


def _plain(score: Score) -> Score:
    """Return a user's score with its answer and explanation as texts. Raises TypeError for anything but a Score."""
    if not isinstance(score, Score):
        raise TypeError(f"it returned {shown(score)}; return a Score")
    if type(score.answer) in (str, NoneType) and type(score.explanation) is str and type(score.details) is dict:
        return score
    if not isinstance(score.details, Mapping):
        raise TypeError(f"it returned a Score whose details are {shown(score.details)}, not a mapping")
    answer = None if score.answer is None else text_of(score.answer)
    return Score(value=score.value, answer=answer, explanation=text_of(score.explanation), details=score.details)


def _graded(value: float, pass_score: float) -> Outcome:
    if value >= pass_score:
        return "correct"
    return "incorrect" if value == 0 else "partial"
