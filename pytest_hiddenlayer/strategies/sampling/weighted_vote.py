"""Weighted vote: the votes of samples count by how reliable their model, or how good the sample, is.

Li et al. 2022, "Making Large Language Models Better Reasoners with Step-Aware Verifier",
arXiv:2206.02336, "voting verifier": the answer with the highest sum of scores wins, and a verifier gives
the score of each sample. Here a prompt rates instead of a trained verifier: the run's judge (its
rating from 1 to 10 is the weight), or a scorer of the task that needs no target. With
`weigh_by=models` every model of `models` has the weight that is written for it, such as its accuracy in
an earlier run: a weighted majority (Littlestone and Warmuth 1994, with fixed weights).

Differences: only samples that ended normally and whose answer can be parsed vote, and a sample whose rating
is unknown does not. If all answers are equal, nobody rates them. Steps are not verified one by one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Literal

from ...completions.finish_reasons import ended_normally
from ...errors import ParameterError
from ...parameters import Range, checked_together
from ...protocols import Context
from ...types import Answer, Completion, FeedbackScorer, Models
from ..model_mix import model_names
from ..votes.decision import Ballot
from ..voting import Vote, plurality
from .candidates import Candidate, ask_samples, unscored, without_candidates
from .ratings import Rating, check_scorer, rate


def check_weights(params: Mapping[str, Any], given: Collection[str]) -> None:
    """Raises ParameterError if weights are missing, do not fit the models, or are not used."""
    check_scorer(params, "weigh_by")
    if params["weigh_by"] != "models":
        if params["weights"]:
            raise ParameterError(
                f"weights={params['weights']} belongs to weigh_by=models, and weigh_by is {params['weigh_by']}; "
                "write weigh_by=models, or leave weights out",
                parameter="weights",
            )
        return
    n_models = len(model_names(params["models"]))
    if not n_models:
        raise ParameterError(
            "weigh_by=models needs models to weight; write models=A+B and weights=2+1", parameter="models"
        )
    written = params["weights"].split("+") if params["weights"] else []
    if len(written) != n_models:
        raise ParameterError(
            f"weights has {len(written)} numbers for {n_models} models; write one per model, such as weights=2+1",
            parameter="weights",
        )
    if not any(_weights(params["weights"])):
        raise ParameterError("weights has only zeros, so that no vote counts; raise one", parameter="weights")


@checked_together(check_weights)
async def weighted_vote(
    context: Context,
    *,
    n_samples: Annotated[int, Range(1, 10_000)] = 5,
    temperature: Annotated[float, Range(0)] = 0.8,
    models: Models = "",
    weigh_by: Literal["judge", "scorer", "models"] = "judge",
    weights: str = "",
    scorer: FeedbackScorer = "",
) -> Answer:
    """Returns the first sample of the answer whose samples have the highest sum of weights.

    `models` names models to sample in rotation; empty is the candidate. `weigh_by` says where weights come
    from: the run's `judge` (1 to 10), a `scorer` of the task that needs no target (0 to 1), or `models`, with
    one number per model in `weights`, such as `0.8+0.6`. Ties go to the answer seen first. If samples have
    answers but no weight is known, the outcome is `unscored` with the reason.

    Metadata: `vote` with `answer`, `votes` (answer → number of samples), `weights` (answer → share of all
    weights), `tie`, `samples` (answer, weight, and why one does not vote) and `plurality` (the answer that
    wins without weights); `unreadable_ratings` (number of unknown ratings).
    """
    completions = await ask_samples(context, n_samples, temperature, models)
    answers = [context.parse(c.text) if ended_normally(c.finish_reason) else None for c in completions]
    voters = [i for i, answer in enumerate(answers) if answer is not None]
    ratings = dict(zip(voters, await _ratings(context, completions, voters, weigh_by, weights, scorer), strict=True))
    ballots = [_ballot(answer, ratings.get(i)) for i, answer in enumerate(answers)]
    winner, metadata = _count(answers, ballots, ratings)
    if winner is not None:
        chosen = completions[winner]
        return Answer(output=chosen.text, finish_reason=chosen.finish_reason, metadata=metadata)
    if not voters:
        complete = [completion for completion in completions if ended_normally(completion.finish_reason)]
        return without_candidates(complete or completions, metadata)
    return unscored(
        "weighted_vote",
        f"for the weights of {len(voters)} votes (weigh_by={weigh_by})",
        f"none is known ({ratings[voters[0]].why})",
        "use another judge or scorer, or self_consistency for a plain vote",
        metadata,
    )


async def _ratings(
    context: Context, completions: Sequence[Completion], voters: Sequence[int], by: str, weights: str, scorer: str
) -> list[Rating]:
    if by == "models":
        values = _weights(weights)
        return [Rating(value=values[i % len(values)]) for i in voters]
    if len({context.parse(completions[i].text) for i in voters}) < 2:
        return [Rating(value=1.0) for _ in voters]
    return await rate(context, [Candidate(number=i + 1, completion=completions[i]) for i in voters], scorer)


def _ballot(answer: str | None, rating: Rating | None) -> Ballot:
    if rating is None:
        return Ballot(answer=answer, confidences={}, weight=0.0, why="no answer")
    if rating.value is None:
        return Ballot(answer=answer, confidences={}, weight=0.0, why=f"no weight: {rating.why}")
    return Ballot(answer=answer, confidences={}, weight=rating.value)


def _count(
    answers: Sequence[str | None], ballots: Sequence[Ballot], ratings: Mapping[int, Rating]
) -> tuple[int | None, dict[str, Any]]:
    """The first sample that voted for the winner, None if no sample votes; and the metadata."""
    voting = [ballot for ballot in ballots if not ballot.why]
    counts = plurality([ballot.answer for ballot in voting]).votes
    totals = {
        answer: round(math.fsum(ballot.weight for ballot in voting if ballot.answer == answer), 9)  # 0.1 + 0.2 is 0.3
        for answer in dict.fromkeys(ballot.answer or "" for ballot in voting)
    }
    best = max(totals, key=lambda answer: totals[answer], default=None)
    tie = best is not None and list(totals.values()).count(totals[best]) > 1
    whole = math.fsum(totals.values())
    vote: dict[str, Any] = Vote(winner=best, votes=counts, tie=tie).to_json()
    vote |= {
        "weights": {answer: total / whole if whole else 0.0 for answer, total in totals.items()},
        "samples": [ballot.to_json() for ballot in ballots],
        "plurality": plurality(answers).winner,
    }
    winner = next(
        (i for i, ballot in enumerate(ballots) if best is not None and ballot in voting and ballot.answer == best),
        None,
    )
    return winner, {"vote": vote, "unreadable_ratings": sum(rating.value is None for rating in ratings.values())}


def _weights(written: str) -> list[float]:
    """The numbers of `2+1+0.5`. Raises ParameterError if one is not a finite number of at least 0."""
    values = []
    for part in written.split("+"):
        try:
            value = float(part)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value >= 0):
            raise ParameterError(
                f"weights must be numbers of at least 0, joined by +, got {part!r} in {written!r}",
                parameter="weights",
            )
        values.append(value)
    return values
