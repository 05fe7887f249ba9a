"""Reflexion: after a failed trial the model writes what went wrong, and tries again with these notes.

Shinn et al. 2023, "Reflexion: Language Agents with Verbal Reinforcement Learning", arXiv:2303.11366:
an actor answers, an evaluator says whether the trial failed, a reflection in words is kept in memory
(the last 3), and the next trial reads it; at most 5 trials, at temperature 0.

Differences: a trial reads the notes, and not the answers before, which the published code for programming
shows too; the signal is never the right answer. The published code for questions stops at an
exact match with it, which is an oracle that no user has. Here the signal is a scorer of the task that needs no
target (`scorer`), or the model's own check of its answer. A check that cannot be read is neither success
nor failure: it ends the run of trials without a score.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from ...errors import ParameterError
from ...parameters import Range, checked_together
from ...protocols import Context
from ...types import Answer, Completion, FeedbackScorer, GenerationConfig, Models
from ..messages import request
from ..model_mix import ONE_MODEL, nth_model
from ..verdicts import read_verdict
from .steps import as_answer, ask_prompt, is_cut, is_usable


def check_evaluation(params: Mapping[str, Any], given: Collection[str]) -> None:
    """Raises ParameterError if a parameter of the other kind of evaluation is written."""
    if params["scorer"] and params["evaluator"]:
        raise ParameterError(
            f"evaluator={params['evaluator']} checks answers, and scorer={params['scorer']} is a scorer that "
            "does so; leave out one of them",
            parameter="evaluator",
        )
    if not params["scorer"] and "pass_at" in given:
        raise ParameterError(
            "pass_at is compared with a score; write scorer=NAME, or leave pass_at out", parameter="pass_at"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Verdict:
    success: bool | None  # None: unknown
    text: str  # what the evaluator said, for the reflection
    score: float | None = None


@checked_together(check_evaluation)
async def reflexion(
    context: Context,
    *,
    max_trials: Annotated[int, Range(1, 100)] = 5,
    memory: Annotated[int, Range(1, 100)] = 3,
    scorer: FeedbackScorer = "",
    pass_at: Annotated[float, Range(0, 1)] = 1.0,
    evaluator: Annotated[Models, ONE_MODEL] = "",
    temperature: Annotated[float, Range(0)] = 0.0,
) -> Answer:
    """Returns the answer of the last trial: the first that passes the check, or that of trial `max_trials`.

    `scorer` names a score of the task that needs no target, and a trial passes with `pass_at` or more; without
    it the model checks its own answer (`evaluator` names another model). `memory` is the number of
    reflections that a trial reads. An answer that was cut off, or is empty, is a failed trial. If a check
    cannot be read, the outcome is `unscored` with the reason.

    Metadata: `trials` (per trial: `answer` as parsed, `success`, null if unknown, and `score` of `scorer`),
    `reflections`, `stopped` (`success`, `max_trials` or `unreadable`) and `unreadable_verdicts` (0 or 1).
    """
    trials: list[dict[str, Any]] = []
    reflections: list[str] = []
    while True:
        completion = await _trial(context, reflections[-memory:], len(trials), temperature)
        verdict = await _judged(context, completion, scorer, pass_at, nth_model(evaluator, 0), len(trials))
        trials.append(_entry(context, completion, verdict))
        if verdict.success is None:
            return _unread(verdict, scorer, _metadata(trials, reflections, "unreadable"))
        if verdict.success or len(trials) == max_trials:
            stopped = "success" if verdict.success else "max_trials"
            return as_answer(completion, _metadata(trials, reflections, stopped))
        reflection = await ask_prompt(
            context,
            "reflexion/reflect",
            role="reflector",
            round=len(trials) - 1,
            temperature=temperature,
            answer=completion.text.strip(),
            feedback=verdict.text,
        )
        reflections += filter(None, [reflection.text.strip()])


async def _trial(context: Context, reflections: Sequence[str], trial: int, temperature: float) -> Completion:
    messages = context.messages
    if reflections:
        messages = request(context, context.render("reflexion/retry", task=context.prompt, reflections=reflections))
    return await context.ask(
        messages, role="agent-1", round=trial, defaults=GenerationConfig(temperature=temperature)
    )


async def _judged(
    context: Context, completion: Completion, scorer: str, pass_at: float, evaluator: str, trial: int
) -> _Verdict:
    if not is_usable(completion):
        return _Verdict(success=False, text="It was cut off." if is_cut(completion) else "It was empty.")
    if scorer:
        score = await context.feedback(completion.text, scorer=scorer)
        if score.value is None:
            return _Verdict(success=None, text=score.explanation or "the scorer gave no score")
        text = f"It has a score of {score.value:g} of 1. {score.explanation}".strip()
        return _Verdict(success=score.value >= pass_at, text=text, score=score.value)
    reply = await ask_prompt(
        context,
        "reflexion/evaluate",
        role="evaluator",
        round=trial,
        model=evaluator,
        temperature=0.0,
        answer=completion.text.strip(),
    )
    return _Verdict(success=read_verdict(reply), text=reply.text.strip())


def _entry(context: Context, completion: Completion, verdict: _Verdict) -> dict[str, Any]:
    answer = context.parse(completion.text) if is_usable(completion) else None
    return {"answer": answer, "success": verdict.success, "score": verdict.score}


def _metadata(trials: Sequence[Mapping[str, Any]], reflections: Sequence[str], stopped: str) -> dict[str, Any]:
    return {
        "trials": list(trials),
        "reflections": list(reflections),
        "stopped": stopped,
        "unreadable_verdicts": int(stopped == "unreadable"),
    }


def _unread(verdict: _Verdict, scorer: str, metadata: Mapping[str, Any]) -> Answer:
    asked = f"the scorer {scorer!r} for a score" if scorer else "for a verdict on its answer, correct or incorrect"
    remedy = "use another scorer" if scorer else "name another model as `evaluator`, or write scorer=NAME"
    return Answer(
        output="",
        outcome="unscored",
        error=f"reflexion asked {asked}, but none can be read: {verdict.text[:200]!r}; {remedy}",
        metadata=metadata,
    )
