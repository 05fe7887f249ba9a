"""Least-to-most: the model splits a problem into simpler questions and answers them in order.

Zhou et al. 2022, "Least-to-Most Prompting Enables Complex Reasoning in Large Language Models",
arXiv:2205.10625: first the decomposition, then each subquestion in sequence, with all earlier
subquestions and their answers in the prompt; the last question is the problem itself.

Differences: no examples are shown, so that one wording serves every task. An answer that is empty or was cut
off is left out of later prompts and counted.
"""

from __future__ import annotations

from typing import Annotated, Any

from ...parameters import Range
from ...protocols import Context
from ...types import Answer, Models
from ..model_mix import ONE_MODEL, nth_model
from .steps import as_answer, ask_prompt, is_usable, read_list, without_result


async def least_to_most(
    context: Context,
    *,
    max_steps: Annotated[int, Range(1, 100)] = 8,
    decomposer: Annotated[Models, ONE_MODEL] = "",
    temperature: Annotated[float, Range(0)] = 0.0,
) -> Answer:
    """Returns the answer to the task after simpler questions were answered one after the other.

    At most `max_steps` subquestions are asked; further ones are left out. `decomposer` names the model that
    splits the task; empty is the candidate. If its reply has no list, the outcome is `unscored` with the reason.

    Metadata: `steps` (per subquestion: `question` and `answer`, null if it is unusable) and `unusable_answers`
    (number of unusable answers).
    """
    decomposition = await ask_prompt(
        context,
        "least_to_most/decompose",
        role="decomposer",
        model=nth_model(decomposer, 0),
        temperature=temperature,
        max_steps=max_steps,
    )
    questions = read_list(decomposition, max_steps)
    if not questions:
        remedy = "name another model as `decomposer`, or raise max_tokens if it was cut off"
        return without_result(
            "least_to_most", "for a list of simpler questions", decomposition, remedy, _metadata([])
        )
    steps: list[dict[str, str | None]] = []
    for number, question in enumerate(questions, 1):
        reply = await ask_prompt(
            context,
            "least_to_most/solve",
            role="solver",
            round=number,
            temperature=temperature,
            question=question,
            **_answered(context, steps),
        )
        steps.append({"question": question, "answer": reply.text.strip() if is_usable(reply) else None})
    final = await ask_prompt(
        context,
        "least_to_most/answer",
        role="solver",
        round=len(questions) + 1,
        temperature=temperature,
        **_answered(context, steps),
    )
    return as_answer(final, _metadata(steps))


def _answered(context: Context, steps: list[dict[str, str | None]]) -> dict[str, Any]:
    """The questions that have a usable answer, these answers, and what can be parsed in them."""
    known = [(step["question"], step["answer"]) for step in steps if step["answer"] is not None]
    return {
        "questions": [question for question, _ in known],
        "answers": [answer for _, answer in known],
        "results": [context.parse(answer) or answer for _, answer in known],
    }


def _metadata(steps: list[dict[str, str | None]]) -> dict[str, Any]:
    return {"steps": steps, "unusable_answers": sum(step["answer"] is None for step in steps)}
