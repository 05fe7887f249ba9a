"""The parameters of a vote, and which combinations of them make sense."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ...errors import ParameterError

VoteMeasure: TypeAlias = Literal[
    "none",
    "p_true",
    "verbalized",
    "verbalized_binary",
    "mean_logprob",
    "tail_logprob",
    "min_logprob",
    "entropy",
    "negentropy",
    "margin",
    "token_confidence",
    "tail_confidence",
    "bottom_confidence",
    "lowest_group_confidence",
]
Weighting: TypeAlias = Literal["softmax", "linear", "raw", "tie_break", "max"]
Stop: TypeAlias = Literal["none", "adaptive", "early"]
ELICITED = ("p_true", "verbalized", "verbalized_binary")
"""The measures for which the model is asked again, once per sample."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VoteRule:
    """How samples vote. The defaults are the plurality of all samples."""

    weights: VoteMeasure = "none"  # the confidence that weights a vote; none: every vote counts 1
    weighting: Weighting = "softmax"  # how confidences become weights
    vote_temperature: float = 1.0  # T of softmax; the slope of linear
    keep_top: float = 1.0  # share of the samples with the highest confidence that vote
    filter_by: VoteMeasure = "none"  # the confidence by which they are chosen; none: that of `weights`
    stop: Stop = "none"
    stop_threshold: float = 0.95  # of adaptive
    batch: int = 1  # samples that adaptive asks for at once
    window: int = 5  # samples that early asks for at once

    @property
    def measures(self) -> tuple[str, ...]:
        """The confidences that the rule needs, each once."""
        needed = (self.weights, self.filter_measure if self.keep_top < 1 else "none")
        return tuple(dict.fromkeys(measure for measure in needed if measure != "none"))

    @property
    def filter_measure(self) -> str:
        """The confidence by which samples are kept."""
        return self.weights if self.filter_by == "none" else self.filter_by

    @property
    def plain(self) -> bool:
        """Whether this is the plurality of all samples."""
        return not self.measures and self.stop == "none"

    def step(self, missing: int) -> int:
        """Returns how many samples to ask for next, if `missing` are left."""
        return min(missing, {"none": missing, "adaptive": self.batch, "early": self.window}[self.stop])


def check_rule(params: Mapping[str, Any], given: Collection[str]) -> None:
    """Raises ParameterError for parameters of `self_consistency` that contradict each other.

    `params` are all of them, with defaults; `given` those that the user wrote.
    """
    rule = VoteRule(**{name: params[name] for name in VoteRule.__dataclass_fields__ if name in params})
    for fault, parameter in (*_weight_faults(rule, given), *_stop_faults(rule, given, params["n_samples"])):
        raise ParameterError(fault, parameter=parameter)


def _weight_faults(rule: VoteRule, given: Collection[str]) -> list[tuple[str, str]]:
    """(what is wrong and what to do, parameter) of weights and filters."""
    faults = []
    if rule.weights == "none" and (unused := [name for name in ("weighting", "vote_temperature") if name in given]):
        faults.append((f"{unused[0]} needs a confidence to weight votes by; write weights=mean_logprob", unused[0]))
    if "vote_temperature" in given and rule.weighting in ("raw", "max"):
        faults.append((f"weighting={rule.weighting} has no vote_temperature; leave it out", "vote_temperature"))
    if rule.weighting == "raw" and rule.weights == "entropy":
        faults.append(("weighting=raw needs confidences of at least 0, and the confidence of entropy is negative: "
                       "write negentropy, or weighting=softmax", "weighting"))  # fmt: skip
    if rule.keep_top < 1 and rule.filter_measure == "none":
        faults.append(
            ("keep_top needs a confidence to choose samples by; write filter_by=tail_confidence", "keep_top")
        )
    if "filter_by" in given and rule.keep_top == 1:
        faults.append(("filter_by removes nothing with keep_top=1; write keep_top=0.1, or leave it out", "filter_by"))
    return faults


def _stop_faults(rule: VoteRule, given: Collection[str], n_samples: int) -> list[tuple[str, str]]:
    """(what is wrong and what to do, parameter) of stopping rules."""
    owners = {"stop_threshold": "adaptive", "batch": "adaptive", "window": "early"}
    faults = [
        (f"{name} belongs to stop={owner}, and stop is {rule.stop}; write stop={owner}, or leave {name} out", name)
        for name, owner in owners.items()
        if name in given and rule.stop != owner
    ]
    if rule.stop != "none" and rule.keep_top < 1:
        faults.append((f"keep_top chooses among all samples, and stop={rule.stop} does not ask for all; "
                       "leave out one of them", "keep_top"))  # fmt: skip
    if rule.stop != "none" and rule.step(n_samples) >= n_samples:
        size = "batch" if rule.stop == "adaptive" else "window"
        faults.append((f"stop={rule.stop} asks for {getattr(rule, size)} of {n_samples} samples at once, so it "
                       f"saves none; write a smaller {size}, or a larger n_samples", size))  # fmt: skip
    return faults
