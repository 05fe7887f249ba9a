"""Self-consistency: samples several answers and returns the most frequent.

Wang et al. 2022, "Self-Consistency Improves Chain of Thought Reasoning in Language Models",
arXiv:2203.11171: the unweighted plurality of section 2. This implementation uses the task's
prompt without added chain-of-thought examples, and records ties, which go to the answer seen
first.
"""

from __future__ import annotations

from ..completions.finish_reasons import ended_normally
from ..concurrency import gather_or_cancel
from ..errors import UsageError
from ..protocols import Context
from ..types import Answer, GenerationConfig, Models
from .model_mix import nth_model
from .voting import plurality


async def self_consistency(
    context: Context, *, n_samples: int = 5, temperature: float = 0.8, models: Models = ""
) -> Answer:
    """Returns the completion that first gave the winning answer; its metadata contains the votes.

    Only samples that ended normally vote. Without one, the first sample is returned, which is not scored.
    `models` names models to sample in rotation, instead of the candidate.
    """
    if n_samples < 1:
        raise UsageError(f"self_consistency: n_samples={n_samples}; use at least 1")
    defaults = GenerationConfig(temperature=temperature)
    samples = await gather_or_cancel(
        context.ask(context.messages, role=f"sample-{i + 1}", model=nth_model(models, i), defaults=defaults)
        for i in range(n_samples)
    )
    complete = [sample for sample in samples if ended_normally(sample.finish_reason)]
    answers = [context.parse(sample.text) for sample in complete]
    vote = plurality(answers)
    chosen = complete[answers.index(vote.winner)] if vote.winner is not None else (complete or samples)[0]
    return Answer(output=chosen.text, finish_reason=chosen.finish_reason, metadata={"vote": vote.to_json()})
