"""One server of a pool: its limit, and whether calls go to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...protocols import Provider
from ..limiter import AdaptiveLimiter

FAILURES = 3
"""Failures in a row after which a server that can be reached is left out."""
FIRST_PAUSE_S = 5.0
"""Seconds for which a server is left out the first time; they double with each further time."""
LONGEST_PAUSE_S = 60.0


@dataclass(kw_only=True, slots=True, eq=False)
class Endpoint:
    """One server of a model. Times are those of the event loop."""

    url: str
    provider: Provider
    limiter: AdaptiveLimiter
    refused: str | None = None  # why the server refuses all calls: a wrong key, or no such model
    failures: int = 0  # in a row
    pauses: int = 0  # in a row, without a success between them
    back_at: float | None = None  # when the server may be tried again; None: it works
    answered: int = 0  # calls

    def is_free(self, now: float) -> bool:
        """Returns whether a call may be sent now. A server that was left out gets one call at first."""
        if self.refused is not None or self.limiter.in_flight >= self.limiter.bound:
            return False
        return self.back_at is None or (now >= self.back_at and self.limiter.in_flight == 0)

    @property
    def load(self) -> float:
        """The share of its slots that are taken."""
        return self.limiter.in_flight / self.limiter.bound

    def on_answer(self) -> bool:
        """Note a success. Returns whether the server was left out before."""
        was_out = self.back_at is not None
        self.failures = self.pauses = 0
        self.back_at = None
        self.answered += 1
        return was_out

    def on_failure(self, now: float, *, unreachable: bool) -> bool:
        """Note a failed attempt. Returns whether the server is left out from now on and was not before."""
        self.failures += 1
        if self.back_at is not None and now < self.back_at:
            return False  # a call that was in flight when it was left out
        if not unreachable and self.failures < FAILURES and self.back_at is None:
            return False
        worked = self.back_at is None
        self.back_at = now + min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**self.pauses)
        self.pauses += 1
        return worked


@dataclass(slots=True)
class Preferences:
    """Which server answered which prompts last, for as many prompts as `maximum`."""

    maximum: int = 100_000
    _servers: dict[str, Endpoint] = field(default_factory=dict)

    def get(self, key: str) -> Endpoint | None:
        """Returns the server that has seen this prompt."""
        return self._servers.get(key)

    def put(self, key: str, endpoint: Endpoint) -> None:
        """Note that a server has seen a prompt; the oldest entry is forgotten if there are too many."""
        self._servers.pop(key, None)
        self._servers[key] = endpoint
        if len(self._servers) > self.maximum:
            del self._servers[next(iter(self._servers))]
