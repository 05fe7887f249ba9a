"""Runs one case: runs the strategy, scores its answer and builds the Record with the transcript."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ..errors import BudgetExceededError, HiddenLayerError, ProviderError
from ..protocols import Provider
from ..types import ROUND_SCORES, SCORING_CALLS, Answer, Call, GenerationConfig, Outcome, Record, Score
from .cases import Case
from .context import AnswerContext
from .record_builder import build_record
from .round_scores import round_scores


async def run_case(
    case: Case,
    provider: Provider,
    judge: Provider,
    *,
    overrides: GenerationConfig,
    run_id: str,
    named_models: Mapping[str, Provider] | None = None,
    unbatched: bool = False,
) -> Record:
    """Return the record of one case. A failed call makes a record with outcome `error`, not an exception.

    `unbatched`: no other case runs at the same time, so its calls use the synchronous API even
    under `batch`.
    """
    started, began = datetime.now(UTC), time.perf_counter()
    context = AnswerContext(
        case=case,
        provider=provider,
        judge=judge,
        overrides=overrides,
        named_models=named_models or {},
        unbatched=unbatched,
    )
    answer = await _run_strategy(context)
    calls = context.calls
    outcome, scores, error_text = await _score_answer(context, answer)
    latency_s = time.perf_counter() - began
    if metadata := await _engine_metadata(context, calls):
        answer = replace(answer, metadata={**answer.metadata, **metadata})
    return build_record(context, answer, outcome, scores, error_text, run_id, started.isoformat(), latency_s)


async def _run_strategy(context: AnswerContext) -> Answer:
    """Return the strategy's answer; if it raised an exception, an Answer with that error."""
    strategy = context.case.cell.strategy
    try:
        return _checked(await strategy.run(context, **strategy.params))
    except BudgetExceededError as error:
        return Answer(output="", outcome="skipped", error=f"budget: {error}")
    except ProviderError as error:
        return Answer(output="", outcome="error", error=str(error))
    except HiddenLayerError:
        raise
    except Exception as error:  # a user's strategy may raise anything; the error belongs to its record
        text = f"strategy {strategy.name!r} raised {type(error).__name__}: {error}"
        return Answer(output="", outcome="error", error=text)


def _checked(answer: Any) -> Answer:
    """Return `answer` if it is an Answer with JSON metadata. Raises TypeError or ValueError otherwise."""
    if not isinstance(answer, Answer) or not isinstance(answer.output, str):
        raise TypeError(f"it returned {answer!r}; return an Answer with a text as output")
    if answer.metadata:
        json.dumps(dict(answer.metadata), allow_nan=False)
    return answer


async def _score_answer(context: AnswerContext, answer: Answer) -> tuple[Outcome, dict[str, Score], str | None]:
    """Return (outcome, scores, error). An incomplete answer is not scored."""
    if answer.outcome is not None:
        return answer.outcome, {}, answer.error
    if answer.finish_reason in ("refusal", "content_filter"):
        return "refused", {}, f"the model refused ({answer.finish_reason})"
    if answer.finish_reason == "length":
        return "truncated", {}, "cut off at max_tokens: raise generate.max_tokens or --hl-max-tokens"
    if not answer.output.strip():
        return "empty", {}, "the model returned no text"
    scores: dict[str, Score] = {}
    for scorer in context.case.cell.scorers:
        name = scorer.name if scorer.name not in scores else f"{scorer.name}#{len(scores) + 1}"
        try:
            score = await scorer.score(answer.output, context.case.sample, context.ask_to_score)
            scores[name] = _check_score(score)
        except BudgetExceededError as error:
            return "skipped", scores, f"budget: scorer {scorer.name!r}: {error}"
        except ProviderError as error:
            return "error", scores, f"scorer {scorer.name!r}: {error}"
        except Exception as error:  # a user's scorer may raise anything; that is not a score
            return "error", scores, f"scorer {scorer.name!r} raised {type(error).__name__}: {error}"
    head = next(iter(scores.values()))
    if head.value is None:
        return "unscored", scores, head.explanation
    return _graded(head.value, context.case.cell.pass_score), scores, None


def _check_score(score: Score) -> Score:
    """Return `score` if it can be written as JSON. Raises TypeError or ValueError otherwise."""
    has_plain_types = isinstance(score.value, float | int | None) and isinstance(score.answer, str | None)
    if score.details or not has_plain_types or not isinstance(score.explanation, str):
        json.dumps([score.value, score.answer, score.explanation, score.details], allow_nan=False)
    return score


async def _engine_metadata(context: AnswerContext, strategy_calls: Sequence[Call]) -> dict[str, Any]:
    """Return the engine's own metadata: the number of scorer calls and each agent's scores by round."""
    cell = context.case.cell
    metadata: dict[str, Any] = {}
    if scoring_calls := len(context.calls) - len(strategy_calls):
        metadata[SCORING_CALLS] = scoring_calls
    if scores := await round_scores(strategy_calls, cell.scorers[0], context.case.sample, cell.pass_score):
        metadata[ROUND_SCORES] = scores
    return metadata


def _graded(value: float, pass_score: float) -> Outcome:
    if value >= pass_score:
        return "correct"
    return "incorrect" if value == 0 else "partial"
