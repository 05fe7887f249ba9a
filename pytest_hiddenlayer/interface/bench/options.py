"""What a comparison of strategies may be matched in, and which options of a run it does not take. Imports nothing."""

from __future__ import annotations

MATCHES = ("calls", "tokens", "cost")
"""What the compared budgets have in common."""
NOT_TAKEN = (
    *("strategy", "baseline", "equal-budget", "adaptive", "gate", "gate-underpowered", "match", "strict"),
    *("live", "live-port", "probe", "host-timeout"),
)
"""Options of a run that a comparison sets itself, or that do not concern it."""
