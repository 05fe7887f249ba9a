"""The measures of how sure a model is of one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..completions.finish_reasons import ended_normally
from ..confidence import discrete_semantic_entropy
from ..errors import BudgetExceededError, ProviderError
from ..strategies.elicitation import ElicitedConfidence, ask_p_true, ask_verbalized
from ..types import ELICITED, Answer, Call
from .context import AnswerContext

KINDS = ("p_true", "verbalized")
"""The measures that a model is asked for."""


async def elicit(context: AnswerContext, answer: Answer, kinds: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return {kind: {value, reply, …}} of what the candidate says about its answer, for `p_true` and `verbalized`.

    Empty if neither is asked for, or if there is no complete answer. A call that fails makes the
    confidence unknown, not the answer an error.
    """
    if answer.outcome is not None or not ended_normally(answer.finish_reason) or not answer.output.strip():
        return {}
    return {kind: await _elicit_one(context, answer.output, kind) for kind in kinds if kind != "tokens"}


def elicited_by_strategy(answer: Answer) -> dict[str, Any]:
    """Return {kind: {value, reply, …}} of a strategy that asked for the confidence itself; empty for all others."""
    written = answer.metadata.get(ELICITED)
    return {
        kind: elicited
        for kind, elicited in (written.items() if isinstance(written, Mapping) else ())
        if kind in KINDS and isinstance(elicited, Mapping) and _is_confidence(elicited.get("value", ""))
    }


def _is_confidence(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1)


async def _elicit_one(context: AnswerContext, output: str, kind: str) -> dict[str, Any]:
    try:
        if kind == "p_true":
            elicited = await ask_p_true(context.ask_to_score, context.render, context.prompt, output)
        else:
            elicited = await ask_verbalized(context.ask_to_score, context.render, context.messages, output)
    except (BudgetExceededError, ProviderError) as error:
        elicited = ElicitedConfidence(value=None, reply="", why=str(error))
    return elicited.to_json()


def answer_measures(calls: Sequence[Call], answer: Answer) -> dict[str, float]:
    """Return {measure: value} of an answer; what is unknown is absent.

    The measures of tokens are those of the first call whose completion is the output. An output that
    the strategy composed has none. The semantic entropy is that of the parsed answers that voted.
    """
    call = next((call for call in calls if call.completion == answer.output), None)
    measures = dict((call and call.confidence) or {})
    entropy = discrete_semantic_entropy(_voted_answers(answer))
    if entropy is not None:
        measures["semantic_entropy"] = entropy
    for kind, elicited in elicited_by_strategy(answer).items():
        if elicited["value"] is not None:
            measures[kind] = elicited["value"]
    return measures


def _voted_answers(answer: Answer) -> list[str]:
    """Return the parsed answers of a vote, each as often as it was given; empty without a vote."""
    vote = answer.metadata.get("vote", answer.metadata.get("final_majority"))
    votes = vote.get("votes") if isinstance(vote, Mapping) else None
    if not isinstance(votes, Mapping):
        return []
    counts = {str(name): count for name, count in votes.items() if type(count) is int and 0 <= count <= 10_000}
    return [name for name, count in counts.items() for _ in range(count)]
