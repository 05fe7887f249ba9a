"""How an audited judge is prompted: like the scorers `win_rate` and `llm_judge`, by default or as in a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...protocols import Scorer
from ...scorers.build import build_scorer
from ...taskfile import load_task
from ...types import Sample, Spec

CRITERIA = "Is the answer right?"
_OVERRIDDEN = {"model", "against", "combine"}
"""Scorer parameters that the audit sets itself: it chooses the judge, and compares the answers of a run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RatingFormat:
    """How the judge rates a single answer, and the score from which the answer counts as accepted."""

    label: str  # the name of acceptance in the metrics
    params: Mapping[str, Any]  # of llm_judge
    pass_score: float = 0.5
    reference: bool = False  # show the target if the sample has one

    def scorer(self, sample: Sample) -> Scorer:
        """The scorer for this sample."""
        reference = {"reference": bool(sample.targets)} if self.reference else {}
        return build_scorer(Spec(name="llm_judge", params={**self.params, **reference}))


DEFAULT_FORMATS = (
    RatingFormat(label="accepted as right", params={"criteria": CRITERIA, "scale": "yes_no"}, reference=True),
    RatingFormat(label="rated 3 of 5 or more", params={"criteria": CRITERIA, "scale": [1, 5]}, reference=True),
)
"""Right or wrong, and a rating; both show the target if there is one, as in Zhao et al. 2025 (arXiv:2507.08794)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditPrompts:
    """The judge's prompts for pairs and for single answers."""

    source: str = "the default prompts"
    pair: Mapping[str, Any] = field(default_factory=dict)  # parameters of win_rate
    formats: tuple[RatingFormat, ...] = DEFAULT_FORMATS

    def pair_scorer(self, sample: Sample, other: str, *, reference: bool) -> Scorer:
        """The scorer that compares an answer to this sample with `other`. With `reference` it shows the target."""
        reference_param = {"reference": True} if reference and sample.targets else {}
        return build_scorer(
            Spec(name="win_rate", params={**self.pair, **reference_param, "against": {sample.id: (other,)}})
        )


DEFAULT_PROMPTS = AuditPrompts()


def prompts_of_task(path: Path, root: Path) -> AuditPrompts:
    """The prompts of a task file's scorers `win_rate` and `llm_judge`; the default for one that it lacks.

    Raises TaskError for a faulty file, and UsageError if it has neither scorer.
    """
    task = load_task(path, root)
    specs = {spec.name: spec for spec in reversed(task.scorers) if spec.name in ("win_rate", "llm_judge")}
    if not specs:
        raise UsageError(
            f"--as {path}: this task has neither a scorer win_rate nor llm_judge; name a task with one of them"
        )
    pair = _params(specs.get("win_rate"))
    if "llm_judge" not in specs:
        return AuditPrompts(source=task.path, pair=pair)
    params = _params(specs["llm_judge"])
    default = build_scorer(Spec(name="llm_judge", params=params)).pass_score
    pass_score = default if task.pass_score is None else task.pass_score
    rating = RatingFormat(label=f"scored {pass_score:g} or more", params=params, pass_score=pass_score)
    return AuditPrompts(source=task.path, pair=pair, formats=(rating,))


def _params(spec: Spec | None) -> dict[str, Any]:
    return {} if spec is None else {name: value for name, value in spec.params.items() if name not in _OVERRIDDEN}
