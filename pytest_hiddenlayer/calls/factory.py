"""Opening the line to a model, as the run's options want it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..engine.cases import full_name
from ..errors import UsageError
from ..options import RunOptions
from ..protocols import Provider
from ..registry import providers
from ..types import ModelName
from .client import ModelClient
from .limiter import AdaptiveLimiter
from .resources import RunResources
from .retry import RetryPolicy

AT_ONCE = (20, 200)
"""Calls in flight to begin with, and most, where neither the user nor the provider says."""
FIRST_WAIT_S = 0.5
"""Upper bound in seconds of the wait before a call is asked for the second time; it doubles each time."""
ATTEMPT_S = 300.0
"""Seconds of one attempt, where neither the user nor the provider says."""


def open_line(name: ModelName, options: RunOptions, means: RunResources) -> ModelClient:
    """The line to a model. Raises ProviderUnavailableError, UsageError."""
    provider = _open(name, options) if means.replayer is None else means.replayer.model(name.provider, name.model)
    start, most = getattr(provider, "at_once", AT_ONCE)
    meter = means.meter(name.provider, provider) if means.replayer is None else None
    return ModelClient.to(
        name.provider,
        provider,
        AdaptiveLimiter(start, most) if options.concurrency is None else AdaptiveLimiter(options.concurrency),
        retry_policy=_patience(provider, options),
        stores=() if means.replayer is not None else means.stores(provider),
        meter=meter,
        batcher=None if meter is None else means.batcher(name.provider, provider, meter),
    )


def _open(name: ModelName, options: RunOptions) -> Provider:
    factory = providers.get(name.provider)
    more: dict[str, Any] = {}
    if (url := base_url(name.provider, options)) is not None:
        more["base_url"] = url
        if url in options.ini_urls:
            more["send_key"] = _no_key(name.provider, factory, url)
    provider: Provider = factory(name.model, **more)
    if options.stream and hasattr(provider, "streams"):
        provider.streams = True
    endpoint: str = getattr(provider, "endpoint", "")
    if name.model is None and endpoint and provider.model != full_name(name):
        raise UsageError(
            f"--provider {name}: the server at {endpoint} answers with {provider.model}, and results must "
            f"bear its name: write --provider {name}:{provider.model}"
        )
    return provider


def base_url(provider: str, options: RunOptions) -> str | None:
    """The server that the user wants of this provider; None: the provider's own choice.

    A URL without a provider's name is for every provider that takes one.
    """
    named = options.base_urls.get(provider)
    found = options.base_urls.get("") if named is None and takes_base_url(providers.get(provider)) else named
    if named is not None and not takes_base_url(providers.get(provider)):
        raise UsageError(
            f"--hl-base-url {provider}={named}: provider {provider!r} speaks to no server of your choice"
        )
    return found


def takes_base_url(factory: Callable[..., Any]) -> bool:
    """Whether a provider speaks to a server of the user's choice."""
    return _takes(factory, "base_url")


def _no_key(provider: str, factory: Callable[..., Any], url: str) -> bool:
    """False, as `send_key`. Raises UsageError for a provider that cannot be asked to keep its key."""
    if not _takes(factory, "send_key"):
        raise UsageError(
            f"hl_base_url {url}: an address from an ini file gets no key from the environment, and provider "
            f"{provider!r} has no parameter `send_key` that would hold it back; "
            f"give --hl-base-url {provider}={url} on the command line"
        )
    return False


def _takes(factory: Callable[..., Any], parameter: str) -> bool:
    try:
        return parameter in inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return False


def _patience(provider: Any, options: RunOptions) -> RetryPolicy:
    """The user's time for an attempt, else the provider's (None: it takes as long as it takes)."""
    seconds = options.timeout_s if options.timeout_s is not None else getattr(provider, "attempt_s", ATTEMPT_S)
    total_s = None if seconds is None else 3 * seconds
    return RetryPolicy(attempt_s=seconds, total_s=total_s, first_wait_s=FIRST_WAIT_S)
