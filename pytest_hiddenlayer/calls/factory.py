"""Opens the client of a model, as the run's options require."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from ..errors import HiddenLayerError, UsageError
from ..extensions.errors import describe_error
from ..local_models import LocalModels
from ..model_names import full_name
from ..options import RunOptions
from ..protocols import Provider, ProviderCapabilities, StreamingProvider, capabilities_of, traits_of
from ..providers.http.addresses import is_loopback
from ..registry import providers
from ..types import ModelName
from .client import ModelClient
from .endpoints.open import open_pool
from .endpoints.pool import EndpointPool
from .limits import open_limiter
from .resources import RunResources
from .retry import RetryPolicy

FIRST_WAIT_S = 0.5
"""Upper bound of the wait before the second attempt, in seconds; it doubles with each attempt."""


def open_client(name: ModelName, options: RunOptions, resources: RunResources) -> ModelClient:
    """Return the client of a model. Raises ProviderUnavailableError, UsageError."""
    replayer = resources.replayer
    pool = None if replayer is not None else _pool(name, options, resources)
    provider: Provider
    if replayer is not None:
        provider = replayer.model(name.provider, name.model)
    elif pool is not None:
        provider = pool.endpoints[0].provider
    else:
        provider = _open(name, options, resources, base_url(name.provider, options))
    return client_for(name, provider, options, resources, pool)


def client_for(
    name: ModelName,
    provider: Provider,
    options: RunOptions,
    resources: RunResources,
    pool: EndpointPool | None = None,
) -> ModelClient:
    """Return the client of a provider that is open already. Raises UsageError for a faulty batch ledger."""
    replayer = resources.replayer
    capabilities = capabilities_of(provider)
    meter = resources.meter(name.provider, provider) if replayer is None else None
    return ModelClient.for_provider(
        name.provider,
        provider,
        open_limiter(capabilities, options, options.concurrency),
        retry_policy=_retry_policy(capabilities, options),
        stores=() if replayer is not None else resources.stores(provider),
        meter=meter,
        access=resources.access(name.provider, provider),
        endpoints=pool,
        batcher=None if meter is None else resources.batcher(name.provider, provider, meter),
    )


def _pool(name: ModelName, options: RunOptions, resources: RunResources) -> EndpointPool | None:
    """The servers of a model, if there are several. Raises UsageError if the provider takes no base URL."""
    servers = options.pools.get(name.provider)
    accepts_url = takes_base_url(providers.get(name.provider))
    if servers is not None and not accepts_url:
        raise UsageError(f"--hl-base-url {name.provider}=: provider {name.provider!r} takes no base URL; remove it")
    if servers is None and accepts_url and name.provider not in options.base_urls:
        servers = options.pools.get("")
    if servers is None:
        return None
    return open_pool(servers, lambda url: _open(name, options, resources, url), options, resources.notify)


def answers_locally(name: ModelName, options: RunOptions) -> bool:
    """Whether each computer of a run answers with this model itself, from its own weights or its own server.

    True for `mlx`, and for `ollama` unless an option names a server on another computer.
    """
    factory = providers.get(name.provider)
    if options.replay is not None or not traits_of(factory).local:
        return False
    if not takes_base_url(factory):
        return True
    several = options.pools.get(name.provider, options.pools.get(""))
    url = base_url(name.provider, options)
    return several is None and (url is None or is_loopback(url))


def open_local(name: ModelName, url: str | None, local_models: LocalModels) -> Provider:
    """Return the open provider of a model on this computer, for a run that another computer controls.

    Raises ProviderUnavailableError, UsageError.
    """
    factory = providers.get(name.provider)
    arguments: dict[str, Any] = {} if url is None else {"base_url": url}
    if _takes(factory, "send_key"):
        arguments["send_key"] = False
    if _takes(factory, "local_models"):
        arguments["local_models"] = local_models
    return _made(name, factory, arguments)


def _open(name: ModelName, options: RunOptions, resources: RunResources, url: str | None) -> Provider:
    factory = providers.get(name.provider)
    arguments: dict[str, Any] = {}
    if url is not None:
        arguments["base_url"] = url
        if url in options.ini_urls:
            arguments["send_key"] = _no_key(name.provider, factory, url)
    if _takes(factory, "local_models"):
        arguments["local_models"] = resources.local_models
    provider = _made(name, factory, arguments)
    if options.stream and isinstance(provider, StreamingProvider):
        provider.stream = True
    endpoint = capabilities_of(provider).endpoint
    if name.model is None and endpoint and provider.model != full_name(name):
        raise UsageError(
            f"--provider {name}: the server at {endpoint} answers with {provider.model}, and results are "
            f"stored under a model's name: write --provider {name}:{provider.model}"
        )
    return provider


def _made(name: ModelName, factory: Callable[..., Any], arguments: dict[str, Any]) -> Provider:
    """What the factory returns. Raises UsageError with the user's file and line if it cannot be used."""
    if (why := _no_call(factory, name.model, arguments)) is not None:
        raise UsageError(
            f"--provider {name}: {_class_name(factory)} cannot be opened with the name of a model ({why}): "
            "write `def __init__(self, model=None)`"
        )
    try:
        provider: Provider = factory(name.model, **arguments)
        model = provider.model if hasattr(provider, "model") else None
    except HiddenLayerError:
        raise
    except Exception as error:  # a user's factory may raise anything
        raise UsageError(f"--provider {name}: opening it raised {describe_error(error)}") from error
    if not isinstance(model, str):
        raise UsageError(
            f"--provider {name}: the attribute `model` of {type(provider).__name__} is {model!r}: "
            "set it to the name of the model that answers"
        )
    if not hasattr(provider, "complete"):
        raise UsageError(
            f"--provider {name}: {type(provider).__name__} has no method `complete`: "
            "write `async def complete(self, request)`, which returns a Completion"
        )
    return provider


def _no_call(factory: Callable[..., Any], model: str | None, arguments: Mapping[str, Any]) -> str | None:
    """Why the factory cannot be called so; None if it can, or if that is unknown."""
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(model, **arguments)
    except TypeError as error:
        return str(error)
    return None


def _class_name(factory: Callable[..., Any]) -> str:
    return factory.__name__ if isinstance(factory, type | FunctionType) else repr(factory)


def base_url(provider: str, options: RunOptions) -> str | None:
    """The server that the user chose for this provider; None: the provider's default.

    A URL without a provider's name applies to every provider that takes one. Raises UsageError if
    the user chose a server for a provider that takes none.
    """
    provider_url = options.base_urls.get(provider)
    accepts_url = takes_base_url(providers.get(provider))
    if provider_url is not None and not accepts_url:
        raise UsageError(
            f"--hl-base-url {provider}={provider_url}: provider {provider!r} takes no base URL; remove it"
        )
    return options.base_urls.get("") if provider_url is None and accepts_url else provider_url


def takes_base_url(factory: Callable[..., Any]) -> bool:
    """Whether the user may choose the provider's server."""
    return _takes(factory, "base_url")


def _no_key(provider: str, factory: Callable[..., Any], url: str) -> bool:
    """False, the value of `send_key`. Raises UsageError if the factory does not take it."""
    if not _takes(factory, "send_key"):
        raise UsageError(
            f"hl_base_url {url}: an address from an ini file gets no key from the environment, but provider "
            f"{provider!r} has no parameter `send_key` to withhold it; "
            f"give --hl-base-url {provider}={url} on the command line"
        )
    return False


def _takes(factory: Callable[..., Any], parameter: str) -> bool:
    try:
        return parameter in inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return False


def _retry_policy(capabilities: ProviderCapabilities, options: RunOptions) -> RetryPolicy:
    """The retry policy: the user's deadline per attempt, else the provider's; three times that for all attempts."""
    attempt_s = options.timeout_s if options.timeout_s is not None else capabilities.timeout_s
    return RetryPolicy(
        attempt_s=attempt_s, total_s=None if attempt_s is None else 3 * attempt_s, first_wait_s=FIRST_WAIT_S
    )
