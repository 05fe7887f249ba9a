"""`verify`: which arrays inside one model are read correctly, proved on the model itself.

Nothing is assumed from an architecture's name. Each check measures a number on a run of this model, and what does
not stay within its tolerance is refused with that number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import HiddenLayerError, ProbeError
from .checks import LENS, Check, attention_checks, logit_checks, stream_checks
from .evidence import Evidence, collect
from .hooks import ATTENTION_WEIGHTS, SITES
from .interception import is_intercepted
from .per_model import PerModel

PROBES = (*SITES, ATTENTION_WEIGHTS, LENS, "token_logprobs")
"""What can be offered or refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """What was measured on one model, and which probes it allows."""

    architecture: str  # the module of the model's class
    precision: str  # of the residual stream: float32, float16 or bfloat16; "unknown" if it could not be followed
    checks: tuple[Check, ...]
    refused: Mapping[str, str]
    """Probe → why it is refused, with the check and its numbers."""
    attention_layers: tuple[int, ...]  # layers whose attention weights can be read
    residual_multiplier: float | None  # what attention and MLP outputs are multiplied by when they are added

    @property
    def offered(self) -> tuple[str, ...]:
        """The probes that passed all their checks."""
        return tuple(probe for probe in PROBES if probe not in self.refused)

    def require(self, probes: Iterable[str]) -> None:
        """Raise ProbeError if one of `probes` is refused for this model."""
        for probe in probes:
            if reason := self.refused.get(probe):
                offered = ", ".join(self.offered) or "no probe"
                raise ProbeError(
                    f"{probe} of this model ({self.architecture}): refused: {reason}. Offered: {offered}"
                )

    def __repr__(self) -> str:
        return str(self)  # what a notebook shows

    def __str__(self) -> str:
        lines = [f"{self.architecture}, {self.precision}"]
        lines += [f"  {check}" for check in self.checks]
        lines.append(f"  offered: {', '.join(self.offered) or 'nothing'}")
        return "\n".join([*lines, *(f"  refused: {probe}: {reason}" for probe, reason in self.refused.items())])


_verifications: PerModel[Verification] = PerModel()


def verify(model: Any, *, token_ids: Any = None) -> Verification:
    """Return what was measured on a loaded model of mlx-lm, measured once per model and process.

    Takes about twelve forward passes over 40 tokens. `token_ids` (mlx integers [1, tokens], at least 3) are measured
    instead, each time. Raises ProbeError if the model is hooked.
    """
    if token_ids is not None:
        return _measured(model, token_ids)
    return _verifications.get(model, lambda: _measured(model, None))


def known_verification(model: Any) -> Verification | None:
    """Return the result of an earlier `verify` of this model; None if there is none."""
    return _verifications.known(model)


def _measured(model: Any, token_ids: Any) -> Verification:
    if any(is_intercepted(module) for _, module in model.named_modules()):
        raise ProbeError("verify: the model is hooked: call verify(model) once before the `with` block of its hooks")
    architecture = type(model).__module__.removeprefix("mlx_lm.models.")
    try:
        evidence = collect(model, token_ids)
    except Exception as error:  # code of any model may raise anything
        reason = str(error) if isinstance(error, HiddenLayerError) else f"{type(error).__name__}: {error}"
        return Verification(
            architecture=architecture,
            precision="unknown",
            checks=(),
            refused=dict.fromkeys(PROBES, f"check `structure` failed: {reason}"),
            attention_layers=(),
            residual_multiplier=None,
        )
    additive, multiplier = stream_checks(evidence)
    checks = (*logit_checks(evidence), *additive, *attention_checks(evidence))
    return Verification(
        architecture=architecture,
        precision=evidence.precision,
        checks=checks,
        refused=_refused(evidence, checks),
        attention_layers=tuple(sorted(evidence.attention)),
        residual_multiplier=multiplier,
    )


def _refused(evidence: Evidence, checks: Iterable[Check]) -> dict[str, str]:
    refused = dict(evidence.missing)
    for check in checks:
        if not check.passed:
            refused.update({probe: check.reason for probe in check.probes if probe not in refused})
    return {probe: refused[probe] for probe in PROBES if probe in refused}
