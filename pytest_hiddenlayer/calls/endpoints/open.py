"""Opens the servers of a pool, and refuses a pool whose servers are not one model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...errors import ProviderUnavailableError, UsageError
from ...options import RunOptions, ServerAddress
from ...protocols import Provider, capabilities_of
from ..limits import open_limiter
from .endpoint import Endpoint
from .pool import EndpointPool


def open_pool(
    servers: Sequence[ServerAddress],
    open_provider: Callable[[str], Provider],
    options: RunOptions,
    notify: Callable[[str], None],
) -> EndpointPool:
    """Returns the pool of the servers that can be reached; the others are said.

    Raises ProviderUnavailableError if none can be reached, and UsageError if two of them answer with
    different models or weights.
    """
    if options.batch:
        raise UsageError("--hl-batch with several servers: a batch is sent to one server; give one --hl-base-url")
    opened = _reachable(servers, open_provider, notify)
    first, first_provider = opened[0]
    for server, provider in opened[1:]:
        _refuse_different(first, first_provider, server, provider)
    return EndpointPool([_endpoint(server, provider, options) for server, provider in opened], notify)


def _reachable(
    servers: Sequence[ServerAddress], open_provider: Callable[[str], Provider], notify: Callable[[str], None]
) -> list[tuple[ServerAddress, Provider]]:
    opened: list[tuple[ServerAddress, Provider]] = []
    errors: dict[str, ProviderUnavailableError] = {}
    for server in servers:
        try:
            opened.append((server, open_provider(server.url)))
        except ProviderUnavailableError as error:
            errors[server.url] = error
    if not opened:
        first = next(iter(errors.values()))
        raise ProviderUnavailableError(f"none of the {len(servers)} servers can be used; {first}") from first
    for url, why in errors.items():
        notify(f"{url} is left out of this run: {why}")
    return opened


def _endpoint(server: ServerAddress, provider: Provider, options: RunOptions) -> Endpoint:
    own = server.concurrency if server.concurrency is not None else options.concurrency
    limiter = open_limiter(capabilities_of(provider), options, own)
    return Endpoint(url=server.url, provider=provider, limiter=limiter)


def _refuse_different(first: ServerAddress, one: Provider, second: ServerAddress, other: Provider) -> None:
    where = f"--hl-base-url {first.url} and {second.url}"
    if one.model != other.model:
        raise UsageError(f"{where}: their models are {one.model} and {other.model}; serve one model on both")
    ours, theirs = (capabilities_of(provider).fingerprint for provider in (one, other))
    if ours and theirs and ours != theirs:
        raise UsageError(
            f"{where}: the weights of {one.model} differ ({ours[:12]} and {theirs[:12]}); serve the same file on both"
        )
