"""Self-consistency: samples several answers and returns the most frequent, or the one with the most weight.

Wang et al. 2022, "Self-Consistency Improves Chain of Thought Reasoning in Language Models",
arXiv:2203.11171: the unweighted plurality of section 2. This implementation uses the task's
prompt without added chain-of-thought examples, takes 5 samples at temperature 0.8 by default (the paper takes 40
at 0.5 or 0.7), and records ties, which go to the answer seen first. Its parameters are the methods that build
on it, with their sources in `votes`: Adaptive-Consistency (`stop=adaptive`, arXiv:2305.11860), early-stopping
self-consistency (`stop=early`, arXiv:2401.10480), CISC (`weights`, arXiv:2502.06233) and DeepConf offline
(`keep_top` and `weighting=raw`, arXiv:2508.15260).
"""

from __future__ import annotations

from typing import Annotated, Any

from ...completions.finish_reasons import ended_normally
from ...concurrency import gather_or_cancel
from ...parameters import UNLESS_SET, Range, checked_together
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Models
from ..model_mix import nth_model
from ..votes.confidences import needed_alternatives, token_sample, with_elicited
from ..votes.decision import Decision, VoteSample, decide
from ..votes.rule import Stop, VoteMeasure, VoteRule, Weighting, check_rule
from ..votes.stopping import SamplingStop, sampling_stop


@checked_together(check_rule)
async def self_consistency(
    context: Context,
    *,
    n_samples: Annotated[int, Range(1, 10_000)] = 5,
    temperature: Annotated[float, Range(0)] = 0.8,
    models: Models = "",
    weights: Annotated[VoteMeasure, UNLESS_SET] = "none",
    weighting: Annotated[Weighting, UNLESS_SET] = "softmax",
    vote_temperature: Annotated[float, Range(1e-6), UNLESS_SET] = 1.0,
    keep_top: Annotated[float, Range(1e-6, 1), UNLESS_SET] = 1.0,
    filter_by: Annotated[VoteMeasure, UNLESS_SET] = "none",
    stop: Annotated[Stop, UNLESS_SET] = "none",
    stop_threshold: Annotated[float, Range(0.5, 1), UNLESS_SET] = 0.95,
    batch: Annotated[int, Range(1), UNLESS_SET] = 1,
    window: Annotated[int, Range(2), UNLESS_SET] = 5,
) -> Answer:
    """Returns the completion that first gave the winning answer; its metadata contains the votes.

    Only samples that ended normally vote. Without one, the first sample is returned, which is not scored.
    `models` names models to sample in rotation, instead of the candidate. `weights` names the confidence that
    weights a vote, and `weighting` how. `keep_top` is the share of samples that vote, those with the
    highest confidence `filter_by`. `stop` says when sampling ends before `n_samples`. If no sample has the
    confidence that the vote needs, the outcome is `unscored`. docs/voting.md describes each parameter.
    """
    rule = VoteRule(
        weights=weights,
        weighting=weighting,
        vote_temperature=vote_temperature,
        keep_top=keep_top,
        filter_by=filter_by,
        stop=stop,
        stop_threshold=stop_threshold,
        batch=batch,
        window=window,
    )
    names = [nth_model(models, index) for index in range(n_samples)]
    completions, stopped = await _sample(context, rule, names, GenerationConfig(temperature=temperature))
    samples = [token_sample(_answer(context, c), c, rule) for c in completions]
    samples = await with_elicited(context, rule, samples, [c.text for c in completions], names)
    return _result(completions, samples, rule, stopped)


async def _sample(
    context: Context, rule: VoteRule, models: list[str], defaults: GenerationConfig
) -> tuple[list[Completion], SamplingStop]:
    """The samples, asked in the steps of the rule, each step at once."""
    completions: list[Completion] = []
    stopped, top_logprobs = None, needed_alternatives(rule)
    while stopped is None:
        done = len(completions)
        completions += await gather_or_cancel(
            context.ask(
                context.messages,
                role=f"sample-{i + 1}",
                model=models[i],
                defaults=defaults,
                top_logprobs=top_logprobs,
            )
            for i in range(done, done + rule.step(len(models) - done))
        )
        stopped = sampling_stop([_answer(context, c) for c in completions], rule, len(models))
    return completions, stopped


def _answer(context: Context, completion: Completion) -> str | None:
    """The parsed answer; None, which does not vote, for a sample that did not end normally."""
    return context.parse(completion.text) if ended_normally(completion.finish_reason) else None


def _result(
    completions: list[Completion], samples: list[VoteSample], rule: VoteRule, stopped: SamplingStop
) -> Answer:
    decision = decide(samples, rule)
    complete = [c for c in completions if ended_normally(c.finish_reason)]
    chosen = completions[decision.winner] if decision.winner is not None else (complete or completions)[0]
    metadata = {"vote": vote_json(decision, rule, stopped)}
    if not decision.unknown:
        return Answer(output=chosen.text, finish_reason=chosen.finish_reason, metadata=metadata)
    return Answer(
        output=chosen.text,
        finish_reason=chosen.finish_reason,
        outcome="unscored",
        error=(
            f"self_consistency was asked to use {' and '.join(rule.measures)}, but no sample has it "
            f"({decision.unknown}); use a model that provides it, other weights, or weights=none for a plain vote"
        ),
        metadata=metadata,
    )


def vote_json(decision: Decision, rule: VoteRule, stopped: SamplingStop) -> dict[str, Any]:
    """Returns the vote as plain JSON values; a plain plurality has answer, votes and tie only."""
    values: dict[str, Any] = decision.vote.to_json()
    if rule.measures:
        values |= {"weights": dict(decision.weights), "samples": [ballot.to_json() for ballot in decision.ballots]}
    return values if rule.stop == "none" else {**values, "stopped": stopped.to_json()}
