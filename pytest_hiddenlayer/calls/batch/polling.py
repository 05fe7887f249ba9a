"""Polls a batch until it has ended."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from ...batch_api import BatchState
from ...errors import ProviderError, TransientError
from .entries import BatchEntry
from .messages import count_requests
from .session import BatchSession

GRACE_S = 3600.0
"""Seconds after its expiry until which a batch is polled."""
_WINDOW_S = 86400.0  # seconds until a batch expires, unless the server reports another time
_POLL_S = 60.0  # deadline of one poll


@dataclass(frozen=True, kw_only=True, slots=True)
class PollBackoff:
    """Seconds between two polls: they grow from `first` to `longest`."""

    first: float = 2.0
    longest: float = 60.0
    growth: float = 1.5


POLL_BACKOFF = PollBackoff()


async def wait_until_ended(session: BatchSession, entry: BatchEntry, backoff: PollBackoff) -> BatchState:
    """The batch's state once it has ended. Transient errors are retried until `GRACE_S` after its expiry.

    Raises ProviderError.
    """
    pause_s, deadline_s = backoff.first, entry.intended_s + _WINDOW_S + GRACE_S
    while True:
        wait_s, reason = pause_s, "it has not ended"
        try:
            async with asyncio.timeout(_POLL_S):
                state = await session.api.state(entry.batch_id or "")
            if state.ended:
                return state
            deadline_s = deadline_s if state.expires_s is None else state.expires_s + GRACE_S
        except TimeoutError:
            reason = f"no answer within {_POLL_S:g} s"
        except TransientError as error:
            reason, wait_s = str(error), max(pause_s, error.retry_after_s or 0.0)
        except ProviderError as error:
            raise ProviderError(
                f"batch {entry.name}: {error}; its {count_requests(entry.n)} are listed in "
                f"{session.ledger.folder}/{entry.tag}.json: delete that file to send them again",
                status=error.status,
            ) from error
        if time.time() > deadline_s:
            raise ProviderError(
                f"batch {entry.name} of {session.model}: expired, and {reason}; run again to collect it"
            )
        await asyncio.sleep(wait_s)
        pause_s = min(backoff.longest, pause_s * backoff.growth)
