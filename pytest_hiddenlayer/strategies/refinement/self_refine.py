"""Self-Refine: the model criticizes its answer and improves it, until it finds nothing to change.

Madaan et al. 2023, "Self-Refine: Iterative Refinement with Self-Feedback", arXiv:2303.17651: answer,
then feedback and refinement in turn, at most 4 times, each with the whole history of answers and feedback.
As in the reference code, the first answer is greedy, feedback and refinement have temperature 0.7, and
the phrase "it is correct" in the feedback ends the loop.

Differences: no examples are shown; feedback and refinement are separate calls for every task (the
reference joins them for mathematics); the phrase ends the loop as a sentence of its own only, not in
"I doubt that it is correct", and so does a sentence such as "your answer is correct"; a refinement that did not
end normally, or is empty, ends the loop, and the answer before it is the
result.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any

from ...errors import ParameterError
from ...parameters import Range, checked_together
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Models
from ..model_mix import ONE_MODEL, nth_model
from .steps import as_answer, ask_prompt, is_cut, is_usable

_CORRECT = r"(?:(?:this|that|the|your)\s+)(?:(?:answer|response|solution|result)\s+)?is\s+(?:already\s+)?correct"
_BUT = re.compile(r"\b(?:but|except|however|unless|if|not|although|though|almost|partly)\b|n[’']t\b")


def check_phrase(params: Mapping[str, Any], given: Collection[str]) -> None:
    """Raises ParameterError if the phrase has no words, because every text would say it."""
    if not re.search(r"\w", params["stop_phrase"]):
        raise ParameterError(
            f"stop_phrase must have a word, got {params['stop_phrase']!r}; leave it out for 'it is correct'",
            parameter="stop_phrase",
        )


@checked_together(check_phrase)
async def self_refine(
    context: Context,
    *,
    max_attempts: Annotated[int, Range(1, 100)] = 4,
    temperature: Annotated[float, Range(0)] = 0.0,
    feedback_temperature: Annotated[float, Range(0)] = 0.7,
    stop_phrase: str = "it is correct",
    critic: Annotated[Models, ONE_MODEL] = "",
) -> Answer:
    """Returns the last refinement of the model's answer, after at most `max_attempts` rounds of its own feedback.

    Feedback that says `stop_phrase`, or that the answer is correct, in a sentence of its own ends the loop.
    `temperature` is that of the first answer, `feedback_temperature` that of feedback and refinements; a
    temperature of the task precedes both, unless `temperature` is written. `critic` names the model that gives
    feedback; empty is the candidate.

    Metadata: `attempts` (the parsed answer of each attempt, null without one), `n_feedback`, `stopped` (`correct`:
    the feedback says so; `max_attempts`; `unusable`: a reply was empty, or a refinement was cut off) and
    `truncated_replies` (number of replies that did not end normally; feedback that was cut off is still used).
    """
    answers = [
        await context.ask(context.messages, role="agent-1", defaults=GenerationConfig(temperature=temperature))
    ]
    feedback: list[str] = []
    truncated = int(is_cut(answers[0]))
    stopped = "max_attempts" if is_usable(answers[0]) else "unusable"
    while stopped == "max_attempts" and len(feedback) < max_attempts:
        round = len(answers)
        critique = await ask_prompt(
            context,
            "self_refine/feedback",
            role="critic",
            round=round,
            model=nth_model(critic, 0),
            temperature=feedback_temperature,
            answer=answers[-1].text.strip(),
            stop_phrase=stop_phrase,
        )
        feedback.append(critique.text.strip())
        truncated += is_cut(critique)
        if not feedback[-1] or says(feedback[-1], stop_phrase):
            stopped = "correct" if feedback[-1] else "unusable"
            break
        refined = await _refined(context, answers, feedback, feedback_temperature)
        truncated += is_cut(refined)
        if not is_usable(refined):
            stopped = "unusable"
            break
        answers.append(refined)
    return as_answer(answers[-1], _metadata(context, answers, feedback, stopped, truncated))


async def _refined(
    context: Context, answers: list[Completion], feedback: list[str], temperature: float
) -> Completion:
    return await ask_prompt(
        context,
        "self_refine/refine",
        role="agent-1",
        round=len(answers),
        temperature=temperature,
        answers=[answer.text.strip() for answer in answers],
        critiques=feedback,
    )


def says(text: str, phrase: str) -> bool:
    """Returns whether a sentence of the text is the phrase, or says that the answer is correct, without a `but`."""
    words = r"\s+".join(map(re.escape, phrase.casefold().split()))
    statement = re.compile(rf"\W*(?:yes\W+)?(?:{words}|{_CORRECT}|answer\W{{1,4}}yes)\b")
    sentences = re.split(r"[.!?;\n]+", text.casefold())
    return any(statement.match(sentence) and not _BUT.search(sentence) for sentence in sentences)


def _metadata(
    context: Context, answers: list[Completion], feedback: list[str], stopped: str, truncated: int
) -> dict[str, Any]:
    return {
        "attempts": [context.parse(answer.text) if is_usable(answer) else None for answer in answers],
        "n_feedback": len(feedback),
        "stopped": stopped,
        "truncated_replies": truncated,
    }
