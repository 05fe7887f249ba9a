"""What a scorer may declare beyond the `Scorer` protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, kw_only=True, slots=True)
class ScorerCapabilities:
    """The model calls of a scorer, as its attribute or property `capabilities` declares them."""

    asks_model: bool = False  # whether a score takes model calls
    target_decides: bool = False  # a score is None for the sample's target only, and `score` awaits nothing
    reads_verdicts: bool = False  # scores are the verdicts of `Sample.recording`, whatever the text
    judges: tuple[str, ...] = ()  # PROVIDER[:MODEL] of the models to open; empty: the run's judge answers


TARGET_DECIDES = ScorerCapabilities(target_decides=True)
"""Of a match scorer: whether a sample can be scored is known before anything is asked."""


@runtime_checkable
class DeclaresCapabilities(Protocol):
    """A scorer that declares its capabilities."""

    @property
    def capabilities(self) -> ScorerCapabilities:
        """Fixed once the scorer is built."""
        ...


def capabilities_of(scorer: object) -> ScorerCapabilities:
    """Returns the capabilities that the scorer declares; a scorer without a declaration asks no model."""
    return scorer.capabilities if isinstance(scorer, DeclaresCapabilities) else ScorerCapabilities()
