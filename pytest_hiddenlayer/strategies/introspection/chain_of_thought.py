"""Zero-shot chain of thought: the model thinks step by step, then gives its answer on a last line.

Kojima et al. 2022, "Large Language Models are Zero-Shot Reasoners", arXiv:2205.11916: the model continues "Let's
think step by step" (first call), then "Therefore, the answer is" (second call), and the answer is read from the
second completion. Differences: the prompt is a request to a chat model instead of the beginning of its answer; and
by default the same call ends in the line `Answer: ...`, which saves the second call. `extract=true` makes the
second call, as the paper does.
"""

from __future__ import annotations

from typing import Annotated

from ...completions.finish_reasons import ended_normally
from ...parameters import Range
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig
from ..messages import continued, request
from .labelled_text import readable_answer, split_at_answer


async def chain_of_thought(
    context: Context, *, extract: bool = False, temperature: Annotated[float, Range(0)] = 0.0
) -> Answer:
    """Returns the answer of a model that thinks step by step first.

    The output is what follows `Answer:` on the last such line, or the whole completion if there is no such line
    or if the task's scorer reads nothing in it. With `extract` a second call asks for the answer alone, and its
    completion is the output.

    Metadata: `reasoning` (the text before the answer) and `answer_line` (whether there is such a line).
    """
    defaults = GenerationConfig(temperature=temperature)
    messages = request(context, context.render("chain_of_thought/think", task=context.prompt))
    thought = await context.ask(messages, role="thinker", defaults=defaults)
    if not extract:
        return _from_last_line(context, thought)
    asked = continued(messages, thought.text, context.render("chain_of_thought/extract", task=context.prompt))
    answer = await context.ask(asked, role="answer", round=1, defaults=defaults)
    metadata = {"reasoning": thought.text, "reasoning_complete": ended_normally(thought.finish_reason)}
    return Answer(output=answer.text, finish_reason=answer.finish_reason, metadata=metadata)


def _from_last_line(context: Context, thought: Completion) -> Answer:
    reasoning, written = split_at_answer(thought.text)
    output = readable_answer(context, written, thought.text)
    metadata = {"reasoning": reasoning if written else thought.text, "answer_line": written is not None}
    return Answer(output=output, finish_reason=thought.finish_reason, metadata=metadata)
