"""One case, answered: the strategy asks, the transcript logs, the scorers judge, a Record comes out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..errors import HiddenLayerError, ProviderError
from ..taskfile import render_prompt, render_question, sample_hash
from ..types import (
    SCORED,
    Answer,
    Call,
    Completion,
    Generation,
    Message,
    Outcome,
    Provider,
    Record,
    Request,
    Sample,
    Score,
    Usage,
)
from .cases import Case, full_name
from .naming import derive_seed, digest

GREEDY = Generation(temperature=0.0, top_p=1.0)
"""What holds where neither option, task file nor strategy says anything."""


@dataclass(kw_only=True, slots=True)
class AnswerContext:
    """The Context of one case; it keeps the transcript."""

    case: Case
    provider: Provider
    judge: Provider
    overrides: Generation  # from the command line: these win over everything
    calls: list[Call] = field(default_factory=list)
    sample: Sample = field(init=False)
    prompt: str = field(init=False)
    messages: tuple[Message, ...] = field(init=False)

    def __post_init__(self) -> None:
        task = self.case.cell.task
        self.sample = self.case.sample
        self.prompt = render_question(task, self.sample)
        self.messages = render_prompt(task, self.sample)

    def parse(self, text: str) -> str | None:
        """The headline scorer's canonical answer in `text`."""
        return self.case.cell.scorers[0].parse(text, self.sample)

    async def ask(
        self,
        prompt: str | Sequence[Message],
        *,
        role: str,
        round: int = 0,
        judge: bool = False,
        defaults: Generation = Generation(),
    ) -> Completion:
        """One call, logged. Raises ProviderError."""
        messages = (Message(role="user", content=prompt),) if isinstance(prompt, str) else tuple(prompt)
        seed = self._seed(role, round)
        request = Request(
            messages=messages,
            params=self._params(defaults),
            seed=seed,
            role=role,
            round=round,
            sample_id=self.sample.id,
            epoch=self.case.epoch,
            outputs=(self.case.cell.task.outputs or {}).get(self.sample.id),
        )
        completion = await (self.judge if judge else self.provider).complete(request)
        self.calls.append(_call(request, completion))
        return completion

    def _seed(self, role: str, round: int) -> int:
        cell = self.case.cell
        parts = (cell.task.name, self.sample.id, self.case.epoch, cell.strategy.name, role, round)
        return derive_seed(cell.seed, *parts, sum(c.role == role and c.round == round for c in self.calls))

    def _params(self, defaults: Generation) -> Generation:
        """option > what the user wrote for the strategy > task file > the strategy's default."""
        given = self.case.cell.strategy.given
        written = Generation(temperature=defaults.temperature if "temperature" in given else None)
        task = self.case.cell.task.generate
        return self.overrides.over(written).over(task).over(defaults).over(GREEDY)


async def answer_case(
    case: Case, provider: Provider, judge: Provider, *, overrides: Generation, run_id: str
) -> Record:
    """The record of one case. A failed call is a record with outcome `error`, never an exception."""
    started, began = datetime.now(UTC), time.perf_counter()
    context = AnswerContext(case=case, provider=provider, judge=judge, overrides=overrides)
    try:
        answer = await case.cell.strategy.run(context, **case.cell.strategy.params)
    except ProviderError as error:
        answer = Answer(output="", outcome="error", error=str(error))
    except HiddenLayerError:
        raise
    except Exception as error:  # a strategy of the user's may raise anything: it is data about that strategy
        text = f"strategy {case.cell.strategy.name!r} raised {type(error).__name__}: {error}"
        answer = Answer(output="", outcome="error", error=text)
    outcome, scores, error_text = await _judge_answer(context, answer)
    latency_s = time.perf_counter() - began
    return _record(context, answer, outcome, scores, error_text, run_id, started.isoformat(), latency_s)


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
            scores[name] = await scorer.score(answer.output, context.sample, context.ask)
        except ProviderError as error:
            return "error", scores, f"scorer {scorer.name!r}: {error}"
        except Exception as error:  # a scorer of the user's may raise anything; that is no score
            return "error", scores, f"scorer {scorer.name!r} raised {type(error).__name__}: {error}"
    head = next(iter(scores.values()))
    if head.value is None:
        return "unscored", scores, head.explanation
    return _graded(head.value, context.case.cell.pass_score), scores, None


def _graded(value: float, pass_score: float) -> Outcome:
    if value >= pass_score:
        return "correct"
    return "incorrect" if value == 0 else "partial"


def _call(request: Request, completion: Completion) -> Call:
    return Call(
        role=request.role,
        round=request.round,
        messages=request.messages,
        completion=completion.text,
        finish_reason=completion.finish_reason,
        usage=completion.usage,
        latency_s=completion.latency_s,
        model=completion.model,
        seed=request.seed,
        cost_usd=completion.cost_usd,
    )


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
        scores={name: {k: _clean(v) for k, v in asdict(score).items()} for name, score in scores.items()},
        outcome=outcome,
        usage=asdict(sum((call.usage for call in context.calls), Usage())),
        cost_usd=None if not costs or None in costs else sum(c for c in costs if c is not None),
        latency_s=latency_s,
        transcript=[_clean(asdict(call)) for call in context.calls],
        error=_clean(error),
        seed=cell.seed,
        started_at=started_at,
        notes=_clean(dict(answer.notes)),
        label=cell.strategy.label,
        slug=cell.slug,
        sample_hash=sample_hash(cell.task, sample),
        must_pass=sample.must_pass,
        group=sample.group,
    )


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
                [scorer.name, scorer.version, dict(spec.params)]
                for scorer, spec in zip(cell.scorers, cell.task.scorers, strict=True)
            ],
        }
    )


def _clean(value: Any) -> Any:
    """The value without lone surrogates, which no file and no other process could take."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value
