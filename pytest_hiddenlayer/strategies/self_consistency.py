"""Self-consistency: sample several answers, take the most frequent.

Wang et al. 2022, "Self-Consistency Improves Chain of Thought Reasoning in Language Models",
arXiv:2203.11171: the unweighted plurality of section 2. Ours asks the task's own prompt
(no added chain-of-thought examples) and notes ties, which go to the answer seen first.
"""

from __future__ import annotations

from ..concurrency import together
from ..errors import UsageError
from ..protocols import Context
from ..types import Answer, GenerationConfig, Models
from .model_mix import nth
from .voting import plurality


async def self_consistency(
    context: Context, *, n_samples: int = 5, temperature: float = 0.8, models: Models = ""
) -> Answer:
    """The completion that first gave the winning answer; the votes are in its metadata.

    Cut-off samples (finish reason `length`) do not vote unless all of them were cut off.
    `models` names those that are sampled in turn, instead of the candidate.
    """
    if n_samples < 1:
        raise UsageError(f"self_consistency: n_samples={n_samples}; at least 1 is needed")
    defaults = GenerationConfig(temperature=temperature)
    samples = await together(
        context.ask(context.messages, role=f"sample-{i + 1}", model=nth(models, i), defaults=defaults)
        for i in range(n_samples)
    )
    whole = [sample for sample in samples if sample.finish_reason != "length"] or samples
    answers = [context.parse(sample.text) for sample in whole]
    vote = plurality(answers)
    chosen = whole[answers.index(vote.winner)] if vote.winner is not None else whole[0]
    return Answer(output=chosen.text, finish_reason=chosen.finish_reason, metadata={"vote": vote.to_json()})
