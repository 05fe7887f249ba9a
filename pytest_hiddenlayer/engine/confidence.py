"""The measures of how sure a model is of one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..confidence import discrete_semantic_entropy
from ..types import Answer, Call


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
    return measures


def _voted_answers(answer: Answer) -> list[str]:
    """Return the parsed answers of a vote, each as often as it was given; empty without a vote."""
    vote = answer.metadata.get("vote", answer.metadata.get("final_majority"))
    votes = vote.get("votes") if isinstance(vote, Mapping) else None
    if not isinstance(votes, Mapping):
        return []
    counts = {str(name): count for name, count in votes.items() if type(count) is int and 0 <= count <= 10_000}
    return [name for name, count in counts.items() for _ in range(count)]
