"""Best of n: several samples, and a judge or a scorer says which is the best.

Cobbe et al. 2021, "Training Verifiers to Solve Math Word Problems", arXiv:2110.14168 (a verifier
ranks 100 samples at temperature 0.7), and Nakano et al. 2021, "WebGPT", arXiv:2112.09332 (best of 4, 16
or 64 by a reward model). Here a prompt rates instead of a trained verifier: the run's judge from 1 to 10, or a
scorer of the task that needs no target. The right answer is never seen. 5 samples by default, as in
`self_consistency`, instead of 100.

Differences: only samples that ended normally are rated, equal texts once, and not at all if all are equal. A
rating that cannot be read is unknown, not the lowest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from ...parameters import Range, checked_together
from ...protocols import Context
from ...types import Answer, Completion, FeedbackScorer, Models
from .candidates import Candidate, ask_samples, candidates_of, chosen, distinct, unscored, without_candidates
from .ratings import Rating, check_select, rate


@checked_together(check_select)
async def best_of_n(
    context: Context,
    *,
    n_samples: Annotated[int, Range(1, 10_000)] = 5,
    temperature: Annotated[float, Range(0)] = 0.7,
    models: Models = "",
    select_by: Literal["judge", "scorer"] = "judge",
    scorer: FeedbackScorer = "",
) -> Answer:
    """Returns the sample with the highest rating, by the run's judge or by a scorer that needs no target.

    `models` names models to sample in rotation; empty is the candidate. With `select_by=scorer`, `scorer` is the
    name that the task gives the scores. Ties go to the sample seen first. If no rating can be read, the
    outcome is `unscored` with the reason.

    Metadata: `pick` (number of the sample; null without one), `ratings` (number → rating; null: unknown; empty
    if there was nothing to choose), `tie` (whether another text has the same rating) and
    `unreadable_ratings` (number of unknown ratings).
    """
    completions = await ask_samples(context, n_samples, temperature, models)
    candidates = candidates_of(completions)
    if len(distinct(candidates)) < 2:
        return _unrated(completions, candidates)
    ratings = await rate(context, candidates, scorer)
    metadata = _metadata(candidates, ratings)
    known = [(c, r.value) for c, r in zip(candidates, ratings, strict=True) if r.value is not None]
    if not known:
        return _without_rating(candidates, ratings[0], scorer, metadata)
    best = max(value for _, value in known)
    winner = next(candidate for candidate, value in known if value == best)
    tie = any(value == best and candidate.text != winner.text for candidate, value in known)
    return chosen(winner, metadata | {"pick": winner.number, "tie": tie})


def _unrated(completions: Sequence[Completion], candidates: Sequence[Candidate]) -> Answer:
    """The only text, which needs no rating; the first sample if there is none."""
    metadata = _metadata([], [])
    if not candidates:
        return without_candidates(completions, metadata)
    return chosen(candidates[0], metadata | {"pick": candidates[0].number})


def _metadata(candidates: Sequence[Candidate], ratings: Sequence[Rating]) -> dict[str, Any]:
    return {
        "pick": None,
        "ratings": {str(c.number): r.value for c, r in zip(candidates, ratings, strict=True)},
        "tie": False,
        "unreadable_ratings": sum(rating.value is None for rating in ratings),
    }


def _without_rating(candidates: Sequence[Candidate], rating: Rating, scorer: str, metadata: dict[str, Any]) -> Answer:
    rater = f"the scorer {scorer!r}" if scorer else "the judge"
    return unscored(
        "best_of_n",
        f"{rater} to rate {len(candidates)} samples",
        f"no rating is known ({rating.why})",
        "use another scorer" if scorer else "use another judge, or write select_by=scorer",
        metadata,
    )
