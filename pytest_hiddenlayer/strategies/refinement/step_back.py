"""Step-back prompting: the model first asks and answers a more general question, then the task.

Zheng et al. 2023, "Take a Step Back: Evoking Reasoning via Abstraction in Large Language Models",
arXiv:2310.06117: abstraction (a question about the principle or concept behind the task, and its answer),
then reasoning grounded in it.

Differences: no examples are shown, and the answer to the general question comes from the model, not from a
search in documents. Both texts are used even if they were cut off, which is counted.
"""

from __future__ import annotations

from typing import Annotated

from ...parameters import Range
from ...protocols import Context
from ...types import Answer, Models
from ..model_mix import ONE_MODEL, nth_model
from .steps import as_answer, ask_prompt, is_cut, without_result


async def step_back(
    context: Context,
    *,
    abstractor: Annotated[Models, ONE_MODEL] = "",
    temperature: Annotated[float, Range(0)] = 0.0,
) -> Answer:
    """Returns the answer to the task after the model has answered a more general question.

    `abstractor` names the model that asks and answers the general question; empty is the candidate. If one
    of its replies is empty, the outcome is `unscored` with the reason.

    Metadata: `question` and `principle` (the general question and its answer) and `truncated_replies` (how many of
    both were cut off).
    """
    model = nth_model(abstractor, 0)
    asked = await ask_prompt(context, "step_back/question", role="abstractor", model=model, temperature=temperature)
    metadata = {"question": asked.text.strip(), "principle": None, "truncated_replies": int(is_cut(asked))}
    remedy = "name another model as `abstractor`"
    if not asked.text.strip():
        return without_result("step_back", "for a more general question", asked, remedy, metadata)
    principle = await ask_prompt(
        context,
        "step_back/principle",
        role="abstractor",
        round=1,
        model=model,
        temperature=temperature,
        question=asked.text.strip(),
    )
    metadata |= {"principle": principle.text.strip(), "truncated_replies": is_cut(asked) + is_cut(principle)}
    if not principle.text.strip():
        return without_result("step_back", "a more general question", principle, remedy, metadata)
    final = await ask_prompt(
        context,
        "step_back/answer",
        role="solver",
        round=2,
        temperature=temperature,
        question=asked.text.strip(),
        principle=principle.text.strip(),
        result=(None if is_cut(principle) else context.parse(principle.text)) or principle.text.strip(),
    )
    return as_answer(final, metadata)
