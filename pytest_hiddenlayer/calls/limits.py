"""The limiter of a model or a server, under the run's options."""

from __future__ import annotations

from ..options import RunOptions
from ..protocols import ProviderCapabilities
from .limiter import AdaptiveLimiter


def open_limiter(capabilities: ProviderCapabilities, options: RunOptions, own: int | None) -> AdaptiveLimiter:
    """Return a limiter of `own` calls in flight, or one that adapts between the provider's own limits.

    Processes that ask one server divide its limits: their shares add up to the whole, with at least 1 each.
    """
    processes, process = (options.processes, options.process) if capabilities.endpoint else (1, 0)
    if own is not None:
        return AdaptiveLimiter(max(1, (own + process) // processes))
    initial, maximum = capabilities.concurrency
    return AdaptiveLimiter(-(-initial // processes), None if maximum is None else -(-maximum // processes))
