"""Plan-and-Solve: the model first writes a plan and then carries it out, in one reply.

Wang et al. 2023, "Plan-and-Solve Prompting: Improving Zero-Shot Chain-of-Thought Reasoning by Large
Language Models", arXiv:2305.04091. PS asks to understand the problem, to devise a plan and to carry it
out; PS+ also asks to extract the given quantities and to calculate intermediate results with care. As in
the reference, a second call asks for the answer alone after the solution.

Differences: the requests are worded differently; the second call is a further turn of the chat, and asks for the
form that the task wants, not for a numeral. A solution that did not end normally is returned as it is.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ...parameters import Range
from ...protocols import Context
from ...types import Answer, GenerationConfig
from ..messages import continued, request
from .steps import as_answer, is_usable

_PROMPTS = {"ps": "plan_and_solve/ps", "ps+": "plan_and_solve/ps_plus"}


async def plan_and_solve(
    context: Context,
    *,
    variant: Literal["ps", "ps+"] = "ps+",
    extract: bool = True,
    temperature: Annotated[float, Range(0)] = 0.0,
) -> Answer:
    """Returns the answer after the model has planned and solved the task step by step.

    `variant` is the wording of the request. With `extract` a second call asks for the answer alone; without it
    the whole solution is the answer. A solution that did not end normally is returned as it is, and is not scored.

    Metadata: `solution` (the text with the plan, only with `extract`) and `solution_answer` (the answer that
    can be parsed in it).
    """
    defaults = GenerationConfig(temperature=temperature)
    messages = request(context, context.render(_PROMPTS[variant], task=context.prompt))
    solution = await context.ask(messages, role="solver", defaults=defaults)
    usable = is_usable(solution)
    metadata: dict[str, Any] = {"solution_answer": context.parse(solution.text) if usable else None}
    if not (extract and usable):
        return as_answer(solution, metadata)
    text = context.render("plan_and_solve/extract", task=context.prompt)
    final = await context.ask(continued(messages, solution.text, text), role="solver", round=1, defaults=defaults)
    return as_answer(final, {**metadata, "solution": solution.text})
