"""An answer, and then the model's confidence in it.

`method=verbalized` is "Verb. 2S" of Tian et al. 2023, "Just Ask for Calibration", arXiv:2305.14975: in a second
turn the model states a number. `p_true` is that of Kadavath et al. 2022, "Language Models (Mostly) Know What
They Know", arXiv:2207.05221: the probability that the model gives to "the possible answer is true".
`verbalized_binary` asks for yes or no. docs/confidence.md says what differs from the papers. `--hl-confidence`
asks the same of any strategy; this one makes the calls a part of the strategy, which a budget and a comparison
at equal compute count.
"""

from __future__ import annotations

from typing import Annotated, Literal

from ...completions.finish_reasons import ended_normally
from ...parameters import Range
from ...protocols import Context
from ...types import ELICITED, Answer, Completion, GenerationConfig
from ..elicitation import ElicitedConfidence, ask_p_true, ask_verbalized


async def confidence_elicitation(
    context: Context,
    *,
    method: Literal["verbalized", "verbalized_binary", "p_true"] = "verbalized",
    temperature: Annotated[float, Range(0)] = 0.0,
) -> Answer:
    """Returns the answer of one call; a second call asks how sure the model is of it.

    An answer that did not end normally is not asked about. The report has the confidence's calibration, as with
    --hl-confidence.

    Metadata: `elicited_confidence`, {`p_true` or `verbalized`: {value, reply, ...}}, with the value in [0, 1], or
    null and the reason `why`.
    """
    answer = await context.ask(context.messages, role="answer", defaults=GenerationConfig(temperature=temperature))
    metadata = {}
    if ended_normally(answer.finish_reason) and answer.text.strip():
        metadata[ELICITED] = {_kind(method): (await _elicit(context, answer, method)).to_json()}
    return Answer(output=answer.text, finish_reason=answer.finish_reason, metadata=metadata)


async def _elicit(context: Context, answer: Completion, method: str) -> ElicitedConfidence:
    if method == "p_true":
        return await ask_p_true(context.ask, context.render, context.prompt, answer.text, round=1)
    binary = method == "verbalized_binary"
    return await ask_verbalized(context.ask, context.render, context.messages, answer.text, binary=binary, round=1)


def _kind(method: str) -> str:
    """The measure that a method gives; yes and no are a stated confidence of 1 and 0."""
    return "p_true" if method == "p_true" else "verbalized"
