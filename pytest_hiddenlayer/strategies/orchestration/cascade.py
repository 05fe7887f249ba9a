"""A cascade: models answer in order, and the first answer that is confident enough is the result.

Chen, Zaharia & Zou 2023, "FrugalGPT: How to Use Large Language Models While Reducing Cost and Improving
Performance", arXiv:2305.05176: a list of models from cheap to expensive with thresholds learnt on answered
questions; at most three models in the paper. Differences: the confidence is measured without a trained regressor,
by one of five measures; and all models share one threshold, which `hiddenlayer cascade RUN` learns on half of a
stored run and reports on the other half.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

from ...concurrency import gather_or_cancel
from ...errors import ParameterError
from ...parameters import Range, checked_together
from ...protocols import Context
from ...types import Answer, GenerationConfig, Models
from ..model_mix import model_names
from .stage_confidence import StageAnswer, StageMeasure, rated


def check_cascade(params: Mapping[str, Any], given: Collection[str]) -> None:
    """Raises ParameterError without two models, and for parameters that the confidence does not use."""
    names = model_names(params["models"])
    if len(names) < 2:
        raise ParameterError(
            f"models must name at least two models, the cheapest first, got {params['models']!r}; "
            "write models=mlx+openai:gpt-5.4-mini",
            parameter="models",
        )
    agreement = params["confidence"] == "agreement"
    if "n_samples" in given and not agreement:
        raise ParameterError("n_samples belongs to confidence=agreement; leave it out", parameter="n_samples")
    if agreement and params["temperature"] == 0:
        raise ParameterError(
            "confidence=agreement needs samples that can differ, and temperature is 0; write temperature=0.7",
            parameter="temperature",
        )


@checked_together(check_cascade)
async def cascade(
    context: Context,
    *,
    models: Models = "",
    confidence: StageMeasure = "mean_logprob",
    threshold: Annotated[float, Range(0, 1)] = 0.8,
    n_samples: Annotated[int, Range(2, 1000)] = 5,
    temperature: Annotated[float, Range(0)] = 0.0,
) -> Answer:
    """Returns the first answer of several models, asked in order, whose confidence is at least `threshold`.

    `models` names at least two models, the cheapest first, instead of the candidate. `confidence` is
    `mean_logprob` (length-normalized probability of the answer's tokens), `p_true` or `verbalized` (one more call
    to the same model), `agreement` (share of `n_samples` samples that agree) or `judge` (the run's judge says how
    likely the answer is to be right). The last model's answer is always taken, and its confidence is not
    measured. An unknown confidence is not confident: the next model is asked. If a model returns no
    log-probabilities where `confidence` needs them, the outcome is `unscored`.

    Metadata: `stages` (model, confidence, and why it is unknown) and `stopped_at` (the model whose answer is taken).
    """
    names = model_names(models)
    stages: list[dict[str, Any]] = []
    for number, model in enumerate(names[:-1]):
        stage = await _ask_stage(context, number, model, confidence, n_samples, temperature)
        stages.append(_noted(model, stage))
        if stage.confidence is not None and stage.confidence >= threshold:
            return _answer(stage, model, stages)
        if stage.can_never_know:
            return _unscored(stage, model, confidence, stages)
    final = await context.ask(
        context.messages,
        role=f"stage-{len(names)}",
        round=len(names) - 1,
        model=names[-1],
        defaults=GenerationConfig(temperature=temperature),
    )
    stages.append({"model": names[-1], "confidence": None, "why": "the last model's answer is always taken"})
    return _answer(StageAnswer(completion=final), names[-1], stages)


async def _ask_stage(
    context: Context, number: int, model: str, measure: StageMeasure, n_samples: int, temperature: float
) -> StageAnswer:
    completions = await gather_or_cancel(
        context.ask(
            context.messages,
            role=f"stage-{number + 1}",
            round=number,
            model=model,
            defaults=GenerationConfig(temperature=temperature),
            top_logprobs=1 if measure == "mean_logprob" else 0,
        )
        for _ in range(n_samples if measure == "agreement" else 1)
    )
    return await rated(context, measure, completions, model, number)


def _noted(model: str, stage: StageAnswer) -> dict[str, Any]:
    noted = {"model": model, "confidence": stage.confidence}
    return {**noted, "why": stage.why} if stage.why else noted


def _answer(stage: StageAnswer, model: str, stages: Sequence[Mapping[str, Any]]) -> Answer:
    return Answer(
        output=stage.completion.text,
        finish_reason=stage.completion.finish_reason,
        metadata={"stages": list(stages), "stopped_at": model},
    )


def _unscored(stage: StageAnswer, model: str, measure: str, stages: Sequence[Mapping[str, Any]]) -> Answer:
    return Answer(
        output=stage.completion.text,
        finish_reason=stage.completion.finish_reason,
        outcome="unscored",
        error=(
            f"cascade was asked to stop by {measure}, but {stage.why} of {model}; write confidence=agreement "
            "or verbalized, or name another model"
        ),
        metadata={"stages": list(stages), "stopped_at": None},
    )
