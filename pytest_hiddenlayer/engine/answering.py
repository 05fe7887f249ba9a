"""One case, answered: the strategy asks, the transcript logs, the scorers judge, a Record comes out."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from ..errors import BudgetSpent, HiddenLayerError, ProviderError
from ..taskfile import sample_hash
from ..types import SCORED, Answer, Call, Generation, Outcome, Provider, Record, Sample, Score, Scorer, Spec, Usage
from .cases import Case, full_name
from .context import AnswerContext
from .naming import digest
from .rounds import ROUND_SCORES, round_scores
from .spent import SCORING_CALLS


async def answer_case(
    case: Case,
    provider: Provider,
    judge: Provider,
    *,
    overrides: Generation,
    run_id: str,
    others: Mapping[str, Provider] | None = None,
) -> Record:
    """The record of one case. A failed call is a record with outcome `error`, never an exception."""
    started, began = datetime.now(UTC), time.perf_counter()
    context = AnswerContext(case=case, provider=provider, judge=judge, overrides=overrides, others=others or {})
    try:
        answer = _checked(await case.cell.strategy.run(context, **case.cell.strategy.params))
    except BudgetSpent as error:
        answer = Answer(output="", outcome="skipped", error=f"budget: {error}")
    except ProviderError as error:
        answer = Answer(output="", outcome="error", error=str(error))
    except HiddenLayerError:
        raise
    except Exception as error:  # a strategy of the user's may raise anything: it is data about that strategy
        text = f"strategy {case.cell.strategy.name!r} raised {type(error).__name__}: {error}"
        answer = Answer(output="", outcome="error", error=text)
    asked = context.calls
    outcome, scores, error_text = await _judge_answer(context, answer)
    latency_s = time.perf_counter() - began
    answer = replace(answer, notes={**answer.notes, **await _own_notes(context, asked)})
    return _record(context, answer, outcome, scores, error_text, run_id, started.isoformat(), latency_s)


def _checked(answer: Any) -> Answer:
    """What a strategy returned, if it is an Answer whose notes can be written. Raises TypeError or ValueError."""
    if not isinstance(answer, Answer) or not isinstance(answer.output, str):
        raise TypeError(f"it returned {answer!r}; an Answer with a text as output is needed")
    json.dumps(dict(answer.notes), allow_nan=False)
    return answer


async def _judge_answer(context: AnswerContext, answer: Answer) -> tuple[Outcome, dict[str, Score], str | None]:
    """(outcome, scores, error): what is no whole answer is not scored."""
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
            score = await scorer.score(answer.output, context.sample, context.ask_to_score)
            json.dumps(asdict(score), allow_nan=False)  # raises where a user's score cannot be written
            scores[name] = score
        except BudgetSpent as error:
            return "skipped", scores, f"budget: scorer {scorer.name!r}: {error}"
        except ProviderError as error:
            return "error", scores, f"scorer {scorer.name!r}: {error}"
        except Exception as error:  # a scorer of the user's may raise anything; that is no score
            return "error", scores, f"scorer {scorer.name!r} raised {type(error).__name__}: {error}"
    head = next(iter(scores.values()))
    if head.value is None:
        return "unscored", scores, head.explanation
    return _graded(head.value, context.case.cell.pass_score), scores, None


async def _own_notes(context: AnswerContext, asked: Sequence[Call]) -> dict[str, Any]:
    """What the engine notes beside the strategy: calls of the scorers, and who was right in which round."""
    cell = context.case.cell
    notes: dict[str, Any] = {}
    if scoring := len(context.calls) - len(asked):
        notes[SCORING_CALLS] = scoring
    if found := await round_scores(asked, cell.scorers[0], context.sample, cell.pass_score):
        notes[ROUND_SCORES] = found
    return notes


def _graded(value: float, pass_score: float) -> Outcome:
    if value >= pass_score:
        return "correct"
    return "incorrect" if value == 0 else "partial"


def _record(
    context: AnswerContext,
    answer: Answer,
    outcome: Outcome,
    scores: Mapping[str, Score],
    error: str | None,
    run_id: str,
    started_at: str,
    latency_s: float,
) -> Record:
    case, cell, sample = context.case, context.case.cell, context.sample
    costs = [call.cost_usd for call in context.calls]
    head = next(iter(scores.values()), None)
    return Record(
        run_id=run_id,
        key=case_key(case, context.overrides),
        task=cell.task.name,
        sample_id=sample.id,
        epoch=case.epoch,
        strategy=cell.strategy.name,
        strategy_params=dict(cell.strategy.params),
        provider=cell.model.provider,
        model=full_name(cell.model),
        input=sample.input if isinstance(sample.input, str) else [asdict(m) for m in sample.input],
        target=list(sample.target) if isinstance(sample.target, tuple) else sample.target,
        output=_clean(answer.output) if answer.output or outcome in SCORED else None,
        answer=_clean(head.answer) if head and head.answer is not None else None,
        scores={name: _score_json(score) for name, score in scores.items()},
        outcome=outcome,
        usage=asdict(sum((call.usage for call in context.calls), Usage())),
        cost_usd=None if not costs or None in costs else sum(c for c in costs if c is not None),
        latency_s=latency_s,
        transcript=[_clean(asdict(call)) for call in context.calls],
        error=_clean(error),
        seed=cell.seed,
        started_at=started_at,
        cached=bool(context.calls) and all(call.cached for call in context.calls),
        notes=_clean(dict(answer.notes)),
        label=cell.strategy.label,
        slug=cell.slug,
        sample_hash=sample_hash(cell.task, sample),
        must_pass=sample.must_pass,
        group=sample.group,
    )


def _score_json(score: Score) -> dict[str, Any]:
    """Details stand in a record only where a scorer gave some."""
    values = {key: _clean(value) for key, value in asdict(score).items()}
    if not values["details"]:
        del values["details"]
    return values


def case_key(case: Case, overrides: Generation) -> str:
    """Hash of all that determines the answer and its scores."""
    cell = case.cell
    return digest(
        {
            "task": cell.task.name,
            "sample": case.sample.id,
            "prompt": sample_hash(cell.task, case.sample),
            "model": [cell.model.provider, full_name(cell.model)],
            "judge": str(cell.judge),
            "generate": asdict(overrides.over(cell.task.generate)),
            "strategy": [cell.strategy.name, dict(cell.strategy.params)],
            "epoch": case.epoch,
            "seed": cell.seed,
            "scorers": [
                [scorer.name, scorer.version, _own_params(scorer, spec, case.sample)]
                for scorer, spec in zip(cell.scorers, cell.task.scorers, strict=True)
            ],
        }
    )


def _own_params(scorer: Scorer, spec: Spec, sample: Sample) -> dict[str, Any]:
    """A scorer's parameters, of a file of outputs only this sample's: hashing all for each would take minutes."""
    files = getattr(scorer, "output_files", ())
    return {name: value.get(sample.id) if name in files else value for name, value in spec.params.items()}


def _clean(value: Any) -> Any:
    """The value without lone surrogates, which no file and no other process could take."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value
