"""The protocol of a vendor's batch API, and the state of a batch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .types import Completion, Request


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchState:
    """The state of a batch, as its server reports it."""

    id: str
    ended: bool  # there will be no more results
    n: int | None = None  # number of requests; None: not reported yet
    parts: tuple[str, ...] = ()  # paths of the result files below the server's URL
    failed: str | None = None  # the server's message if it rejected the whole batch
    cancelled: bool = False  # unprocessed requests must not be sent again
    created_s: float | None = None  # Unix time, like the next two
    ended_s: float | None = None
    expires_s: float | None = None


class BatchApi(Protocol):
    """The batches of one model. Every method raises ProviderError; TransientError if a retry may succeed."""

    @property
    def max_requests(self) -> int:
        """Maximum number of requests per batch."""
        ...

    @property
    def max_bytes(self) -> int:
        """Maximum size of a batch in bytes."""
        ...

    def kind(self, request: Request) -> str:
        """Return the kind of a request; all requests of a batch have the same kind."""
        ...

    def line(self, key: str, request: Request) -> bytes:
        """Return the entry of the request in a batch, identified by `key`, without a line end."""
        ...

    async def submit(self, kind: str, tag: str, lines: Sequence[bytes]) -> BatchState:
        """Create a batch of these entries and return its state."""
        ...

    async def find(self, tag: str, since_s: float, n: int) -> list[BatchState]:
        """Return the batches that may be the one submitted with `tag` and n requests since a Unix time."""
        ...

    async def state(self, batch_id: str) -> BatchState:
        """Return the state of a batch."""
        ...

    def results(self, state: BatchState) -> AsyncIterator[bytes]:
        """Yield the lines of its results in any order, with the key of the server removed."""
        ...

    def key(self, line: Mapping[str, Any]) -> str:
        """Return the `key` with which the request of a result line was submitted; empty if the line has none."""
        ...

    def read(self, line: Mapping[str, Any], request: Request) -> Completion:
        """Return the completion in a result line. Raises its error if it has none."""
        ...
