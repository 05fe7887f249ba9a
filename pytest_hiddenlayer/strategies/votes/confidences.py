"""The confidences of samples: from the log-probabilities of their tokens, or by asking the model again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from ...concurrency import gather_or_cancel
from ...confidence import MEASURES, K, token_measures
from ...protocols import Context
from ...types import Completion
from ..elicitation import ElicitedConfidence, ask_p_true, ask_verbalized
from .decision import VoteSample
from .rule import ELICITED, VoteRule

_LOGPROBS_ONLY = frozenset({"mean_logprob", "tail_logprob", "min_logprob"})


def needed_alternatives(rule: VoteRule) -> int:
    """Returns how many top log-probabilities a sample needs per token: 0 if its tokens are not measured."""
    measured = {measure for measure in rule.measures if measure not in ELICITED}
    return 0 if not measured else 1 if measured <= _LOGPROBS_ONLY else K


def confidences_of(measures: Mapping[str, float]) -> dict[str, float]:
    """Returns the confidence of each measure, higher for a more confident model.

    Log-probabilities become probabilities. The confidence of `mean_logprob` is the length-normalized response
    probability.
    """
    known = {name: MEASURES[name].confidence(value) for name, value in measures.items() if name in MEASURES}
    return {name: value for name, value in known.items() if value is not None}


def token_sample(answer: str | None, completion: Completion, rule: VoteRule) -> VoteSample:
    """Returns a sample with the confidences of its tokens, as far as the provider returns log-probabilities."""
    if not needed_alternatives(rule):
        return VoteSample(answer=answer)
    measures = token_measures(completion.logprobs, completion.top_logprobs, completion.entropies)
    what = "log-probabilities" if completion.logprobs is None else "top log-probabilities that suffice"
    return VoteSample(
        answer=answer, confidences=confidences_of(measures), why_unknown=f"the provider returned no {what}"
    )


async def with_elicited(
    context: Context, rule: VoteRule, samples: Sequence[VoteSample], texts: Sequence[str], models: Sequence[str]
) -> list[VoteSample]:
    """Returns the samples with the confidences that the rule asks the model for, one call per answer and measure.

    `texts` are the completions, `models` who gave them. Raises ProviderError if a call fails.
    """
    measures = [measure for measure in rule.measures if measure in ELICITED]
    voters = [i for i, sample in enumerate(samples) if sample.answer is not None]
    calls = [(i, measure) for measure in measures for i in voters]
    replies = await gather_or_cancel(_elicit(context, measure, i, texts[i], models[i]) for i, measure in calls)
    updated = list(samples)
    for (i, measure), reply in zip(calls, replies, strict=True):
        known = {} if reply.value is None else {measure: reply.value}
        updated[i] = VoteSample(
            answer=updated[i].answer,
            confidences={**updated[i].confidences, **known},
            why_unknown=reply.why or updated[i].why_unknown,
        )
    return updated


async def _elicit(context: Context, measure: str, index: int, text: str, model: str) -> ElicitedConfidence:
    ask, render = partial(context.ask, model=model), partial(context.render, model=model)
    role = f"confidence-{index + 1}"
    if measure == "p_true":
        return await ask_p_true(ask, render, context.prompt, text, role=role)
    return await ask_verbalized(ask, render, context.messages, text, binary=measure == "verbalized_binary", role=role)
