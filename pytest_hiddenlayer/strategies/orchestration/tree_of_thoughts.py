"""Tree of thoughts by breadth-first search.

Yao et al. 2023, "Tree of Thoughts: Deliberate Problem Solving with Large Language Models", arXiv:2305.10601: from
every kept state the model writes next steps, rates the new states, and the best `breadth` of them are kept; after
the last step the best state is answered. Differences from the paper and its code: the prompts are general, without
examples of one puzzle; a last call turns the best state into an answer; equal states are one state, and not several
of which all but one have the value 0; a rating that cannot be read is unknown and ranks behind every known one; and
a single new state is not rated. Ratings have the weights of the code: sure 20, likely 1, impossible 0.001; a
state's value is their mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from ...parameters import Range
from ...protocols import Context
from ...types import Answer, GenerationConfig
from .thought_calls import ThoughtCalls
from .thoughts import State, ranked


async def tree_of_thoughts(
    context: Context,
    *,
    n_steps: Annotated[int, Range(1, 20)] = 4,
    breadth: Annotated[int, Range(1, 100)] = 5,
    generate: Literal["propose", "sample"] = "propose",
    n_generate: Annotated[int, Range(1, 100)] = 5,
    evaluate: Literal["value", "vote"] = "value",
    n_evaluate: Annotated[int, Range(1, 100)] = 3,
    temperature: Annotated[float, Range(0)] = 0.7,
) -> Answer:
    """Returns the answer to the best of several lines of thought, found step by step by breadth-first search.

    With `propose` one call per kept state writes up to `n_generate` next steps, with `sample` that many calls
    write one each. With `value` every new state is rated `n_evaluate` times as sure, likely or impossible; with
    `vote` `n_evaluate` calls choose among all new states. The first step starts from one state, every later one
    from at most `breadth`, so that the defaults make at most (1 + 15) + 3 * (5 + 75) + 1 = 257 calls per
    sample: limit them with --budget. If no step or no rating can be read, the outcome is `unscored`.

    Metadata: `steps` (one list of states per step, each with its text, its value, null if it is unknown or was not
    rated, and whether it was kept), `duplicates`, `unreadable_steps` and `unreadable_ratings` (their numbers).
    """
    calls = ThoughtCalls(
        context=context,
        defaults=GenerationConfig(temperature=temperature),
        n_generate=n_generate,
        n_evaluate=n_evaluate,
    )
    kept: list[State] = [()]
    steps: list[list[dict[str, Any]]] = []
    for step in range(n_steps):
        states = await (calls.propose if generate == "propose" else calls.sample)(kept, step)
        if not states:
            return _unscored(calls, steps, f"to write step {step + 1}", "no reply has a step", "generate", generate)
        rate = calls.value if evaluate == "value" else calls.vote
        values = await rate(states, step) if len(states) > 1 else [None]
        kept = ranked(states, values)[:breadth]
        steps.append(_noted(states, values, kept))
        if len(states) > 1 and all(value is None for value in values):
            return _unscored(
                calls, steps, f"to rate {len(states)} states", "no rating can be read", "evaluate", evaluate
            )
    final = await calls.answer(kept[0], n_steps)
    return Answer(output=final.text, finish_reason=final.finish_reason, metadata=_metadata(calls, steps))


def _noted(states: Sequence[State], values: Sequence[float | None], kept: Sequence[State]) -> list[dict[str, Any]]:
    return [
        {"text": list(state), "value": value, "kept": state in kept}
        for state, value in zip(states, values, strict=True)
    ]


def _metadata(calls: ThoughtCalls, steps: list[list[dict[str, Any]]]) -> dict[str, Any]:
    names = ("duplicates", "unreadable_steps", "unreadable_ratings")
    return {"steps": steps, **{name: calls.counts[name] for name in names}}


def _unscored(
    calls: ThoughtCalls, steps: list[list[dict[str, Any]]], asked: str, found: str, parameter: str, value: str
) -> Answer:
    other = {"propose": "sample", "sample": "propose", "value": "vote", "vote": "value"}[value]
    reply = calls.last
    text = "" if reply is None else reply.text
    return Answer(
        output=text,
        finish_reason=None if reply is None else reply.finish_reason,
        outcome="unscored",
        error=(
            f"tree_of_thoughts asked {asked}, but {found}; the last reply is {text[:200]!r}; "
            f"name another model, or write {parameter}={other}"
        ),
        metadata=_metadata(calls, steps),
    )
