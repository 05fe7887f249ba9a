"""The gate policy of a run, from its options."""

from __future__ import annotations

from typing import cast

from ..options import RunOptions
from ..results.regression.gate import Mode, Policy
from ..results.regression.pairing import Match


def policy_of(options: RunOptions, *, update: bool = False) -> Policy:
    """The gate policy that a run's options set."""
    return Policy(
        mode=cast(Mode, options.gate),
        fail_underpowered=options.gate_underpowered == "fail",
        match=match_of(options),
        update=update,
    )


def match_of(options: RunOptions) -> Match:
    """How the samples of a run and its baseline are paired."""
    return cast(Match, options.match)
