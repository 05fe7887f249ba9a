"""What the engine and the batch APIs of the vendors tell each other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .types import Completion, Request


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchState:
    """How far a batch is, as its server tells."""

    id: str
    ended: bool  # nothing more will come
    n: int | None = None  # its requests; None: not told yet
    parts: tuple[str, ...] = ()  # paths below the server's URL where the results lie
    failed: str | None = None  # the server's words, where the batch as a whole was refused
    cancelled: bool = False  # somebody ended it: what was not answered is not to be asked
    created_s: float | None = None  # Unix time, as the two below
    ended_s: float | None = None
    expires_s: float | None = None


class BatchApi(Protocol):
    """One model's batches. Every method raises ProviderError, TransientError where asking again may help."""

    @property
    def most_requests(self) -> int:
        """Of one batch."""
        ...

    @property
    def most_bytes(self) -> int:
        """Of one batch."""
        ...

    def kind(self, request: Request) -> str:
        """Requests of different kinds cannot share a batch."""
        ...

    def line(self, key: str, request: Request) -> bytes:
        """The request as it stands in a batch, found again by `key`, without a line's end."""
        ...

    async def submit(self, kind: str, tag: str, lines: Sequence[bytes]) -> BatchState:
        """A new batch of these lines."""
        ...

    async def find(self, tag: str, since_s: float, n: int) -> list[BatchState]:
        """The batches that may be the one submitted under `tag` with n requests at or after a Unix time."""
        ...

    async def state(self, batch_id: str) -> BatchState:
        """How far a batch is."""
        ...

    def results(self, state: BatchState) -> AsyncIterator[bytes]:
        """Its lines of results in any order, without the key of the server."""
        ...

    def key(self, line: Mapping[str, Any]) -> str:
        """What the request of a line of results was submitted under; empty where it does not tell."""
        ...

    def read(self, line: Mapping[str, Any], request: Request) -> Completion:
        """The completion that a line of results tells. Raises what it tells instead."""
        ...
