"""Chain-of-Verification: the model plans questions that check its answer, answers them alone, and revises.

Dhuliawala et al. 2023, "Chain-of-Verification Reduces Hallucination in Large Language Models",
arXiv:2309.11495, variant "factored": baseline answer; questions that verify its facts; each question is
answered in a call of its own that sees neither the baseline nor the other questions, so that no error is
copied; the final answer reads all questions with their answers.

Differences: no examples are shown, at most `max_questions` are asked, and they are asked at once. The variant
"factor + revise", which compares each answer with the baseline in calls of their own, does not exist here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from ...concurrency import gather_or_cancel
from ...parameters import Range
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Models
from ..messages import request
from ..model_mix import nth_model
from .steps import as_answer, ask_prompt, is_cut, is_usable, read_list, without_result


async def chain_of_verification(
    context: Context,
    *,
    max_questions: Annotated[int, Range(1, 100)] = 5,
    verifiers: Models = "",
    temperature: Annotated[float, Range(0)] = 0.0,
) -> Answer:
    """Returns the answer as revised after the model has answered its own questions about it, each on its own.

    `verifiers` names models that answer the questions in rotation; empty is the candidate. A baseline that did
    not end normally is returned as it is, which is not scored. If the reply to the request for questions has
    none, the outcome is `unscored` with the reason. An answer to a question that is empty or was cut off is
    shown as no answer; if all are, the outcome is `unscored`.

    Metadata: `baseline` (its parsed answer), `questions` (each with its `answer`, null if it is unusable),
    `changed` (whether the final answer parses differently) and `unusable_answers` (number of unusable answers).
    """
    baseline = await context.ask(context.messages, role="agent-1", defaults=GenerationConfig(temperature=temperature))
    if not is_usable(baseline):
        return as_answer(baseline, _metadata(None, [], [], None))
    before = context.parse(baseline.text)
    planned = await _planned(context, baseline, max_questions, temperature)
    questions = read_list(planned, max_questions)
    if not questions:
        return _without_questions(planned, _metadata(before, [], [], None))
    replies = await _verified(context, questions, verifiers, temperature)
    answers = [reply.text.strip() if is_usable(reply) else None for reply in replies]
    if not any(answers):
        return _without_answers(questions, replies[0], _metadata(before, questions, answers, None))
    final = await _revised(context, baseline, questions, [answer or "" for answer in answers], temperature)
    changed = None if is_cut(final) else context.parse(final.text) != before
    return as_answer(final, _metadata(before, questions, answers, changed))


async def _planned(context: Context, baseline: Completion, max_questions: int, temperature: float) -> Completion:
    return await ask_prompt(
        context,
        "chain_of_verification/plan",
        role="planner",
        temperature=temperature,
        answer=baseline.text.strip(),
        max_questions=max_questions,
    )


async def _revised(
    context: Context, baseline: Completion, questions: Sequence[str], answers: Sequence[str], temperature: float
) -> Completion:
    return await ask_prompt(
        context,
        "chain_of_verification/revise",
        role="agent-1",
        round=1,
        temperature=temperature,
        answer=baseline.text.strip(),
        questions=questions,
        answers=answers,
        results=[context.parse(answer) or answer for answer in answers],
    )


def _without_questions(planned: Completion, metadata: dict[str, Any]) -> Answer:
    asked = "for questions that check an answer"
    remedy = "use a model that writes lists, or raise max_tokens if it was cut off"
    return without_result("chain_of_verification", asked, planned, remedy, metadata)


def _without_answers(questions: Sequence[str], reply: Completion, metadata: dict[str, Any]) -> Answer:
    asked = f"{len(questions)} questions that check an answer, for an answer to one"
    remedy = "raise max_tokens if it was cut off, or name other models as `verifiers`"
    return without_result("chain_of_verification", asked, reply, remedy, metadata)


async def _verified(
    context: Context, questions: Sequence[str], verifiers: Models, temperature: float
) -> list[Completion]:
    """The reply to each question, asked at once; no call sees the baseline or another question."""
    return await gather_or_cancel(
        context.ask(
            request(
                context,
                context.render("chain_of_verification/verify", model=nth_model(verifiers, index), question=question),
            ),
            role=f"verifier-{index + 1}",
            model=nth_model(verifiers, index),
            defaults=GenerationConfig(temperature=temperature),
        )
        for index, question in enumerate(questions)
    )


def _metadata(
    baseline: str | None, questions: Sequence[str], answers: Sequence[str | None], changed: bool | None
) -> dict[str, Any]:
    return {
        "baseline": baseline,
        "questions": [
            {"question": question, "answer": answers[i] if i < len(answers) else None}
            for i, question in enumerate(questions)
        ],
        "changed": changed,
        "unusable_answers": sum(answer is None for answer in answers),
    }
