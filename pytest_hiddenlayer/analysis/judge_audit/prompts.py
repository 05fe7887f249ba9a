"""How an audited judge is asked: as the scorers `win_rate` and `llm_judge` ask, in our words or in a task's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...protocols import Scorer
from ...scorers.build import build_scorer
from ...types import Sample, Spec

CRITERIA = "Is the answer right?"
_NOT_OURS = {"model", "against", "combine"}
"""Parameters that say who judges what: here that is the audited judge, and the answers of a run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RatingFormat:
    """One way to have a single answer judged, and what counts as accepted."""

    words: str  # what accepting is called
    params: Mapping[str, Any]  # of llm_judge
    pass_score: float = 0.5
    reference: bool = False  # show the target where the sample has one

    def scorer(self, sample: Sample) -> Scorer:
        """The scorer for this sample."""
        more = {"reference": bool(sample.targets)} if self.reference else {}
        return build_scorer(Spec(name="llm_judge", params={**self.params, **more}))


OURS = (
    RatingFormat(words="accepted as right", params={"criteria": CRITERIA, "scale": "yes_no"}, reference=True),
    RatingFormat(words="rated 3 of 5 or more", params={"criteria": CRITERIA, "scale": [1, 5]}, reference=True),
)
"""Right or wrong, and a rating; with the reference where there is one, as Zhao et al. 2025 (arXiv:2507.08794) ask."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditPrompts:
    """How pairs and single answers are put to the judge."""

    source: str = "our prompts"
    pair: Mapping[str, Any] = field(default_factory=dict)  # parameters of win_rate
    forms: tuple[RatingFormat, ...] = OURS

    def pair_scorer(self, sample: Sample, other: str, *, reference: bool) -> Scorer:
        """The scorer that compares an answer to this sample with `other`; with `reference` it shows the target."""
        more = {"reference": True} if reference and sample.targets else {}
        return build_scorer(Spec(name="win_rate", params={**self.pair, **more, "against": {sample.id: (other,)}}))


DEFAULT_PROMPTS = AuditPrompts()


def task_terms(path: Path, root: Path) -> AuditPrompts:
    """The terms of a task file's scorers `win_rate` and `llm_judge`; ours for the one that it has not.

    Raises TaskError for a faulty file, UsageError for one with neither.
    """
    from ...taskfile import load_task

    task = load_task(path, root)
    found = {spec.name: spec for spec in reversed(task.scorers) if spec.name in ("win_rate", "llm_judge")}
    if not found:
        raise UsageError(
            f"--as {path}: this task has neither a scorer win_rate nor llm_judge; its scorers judge nothing"
        )
    pair = _params(found.get("win_rate"))
    if "llm_judge" not in found:
        return AuditPrompts(source=task.path, pair=pair)
    params = _params(found["llm_judge"])
    limit = (
        build_scorer(Spec(name="llm_judge", params=params)).pass_score if task.pass_score is None else task.pass_score
    )
    form = RatingFormat(words=f"scored {limit:g} or more", params=params, pass_score=limit)
    return AuditPrompts(source=task.path, pair=pair, forms=(form,))


def _params(spec: Spec | None) -> dict[str, Any]:
    return {} if spec is None else {name: value for name, value in spec.params.items() if name not in _NOT_OURS}
