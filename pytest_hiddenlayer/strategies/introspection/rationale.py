"""An answer with an explanation, before or after it, in one call.

Ye and Durrett 2022, "The Unreliability of Explanations in Few-shot Prompting for Textual Reasoning",
arXiv:2205.03401: explain-then-predict (`order=before`) and predict-then-explain (`order=after`); the names are
those of Camburu et al. 2018, "e-SNLI", arXiv:1812.01193. Before the answer, an explanation can change it; after it,
it cannot. Differences: the model sees no examples; it is asked to label both parts.
"""

from __future__ import annotations

from typing import Annotated, Literal

from ...parameters import Range
from ...protocols import Context
from ...types import Answer, GenerationConfig
from ..messages import request
from .labelled_text import readable_answer, split_rationale


async def rationale(
    context: Context,
    *,
    order: Literal["before", "after"] = "before",
    temperature: Annotated[float, Range(0)] = 0.0,
) -> Answer:
    """Returns the answer of a model that explains it, before or after giving it.

    The output is the part with the label `Answer:`, or the whole completion if there is none or if the task's
    scorer reads nothing in it.

    Metadata: `order`, `rationale` and `stated_answer`; what the completion lacks is null.
    """
    completion = await context.ask(
        request(context, context.render(f"rationale/{order}", task=context.prompt)),
        role="answer",
        defaults=GenerationConfig(temperature=temperature),
    )
    explanation, answer = split_rationale(completion.text)
    return Answer(
        output=readable_answer(context, answer, completion.text),
        finish_reason=completion.finish_reason,
        metadata={"order": order, "rationale": explanation, "stated_answer": answer},
    )
