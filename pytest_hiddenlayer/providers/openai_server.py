"""OpenAI's server or a compatible one: URL, key, model and SDK client, for both of its APIs."""

from __future__ import annotations

import os
from typing import Any

from ..errors import UsageError
from .http.client import Client
from .http.errors import clean
from .http.fingerprint import model_fingerprint
from .http.hints import rejection_hint
from .http.server import (
    Server,
    key_hint,
    probe,
    request_json,
    require_key,
    require_sdk,
    split_api_version,
    unreachable_error,
    validate_model,
    validate_url,
    with_hint,
    withheld_key,
)

MODULES = ("openai", "httpx2", "aiohttp")
VENDOR = "https://api.openai.com/v1"
DEFAULT_MODEL = "gpt-5.4-mini"
CONCURRENCY = (20, 1000)
MAX_ALTERNATIVES = 20  # per token, limit of both APIs
_PLACEHOLDER_KEY = "none"  # the SDK requires a key


def find_server(provider: str, model: str | None, base_url: str | None, *, send_key: bool = True) -> Server:
    """Return the server and its model. Raises ProviderUnavailableError, or UsageError if the model must be named.

    Without `base_url`, `OPENAI_BASE_URL` applies. Only OpenAI requires a key. Another server gets it if the
    environment has one and `send_key` is true.
    """
    require_sdk(MODULES[0], provider, *MODULES[1:])
    validate_model(model, provider)
    url, api_version = split_api_version(validate_url(base_url or os.environ.get("OPENAI_BASE_URL") or VENDOR))
    if url.startswith("https://api.openai.com/"):
        vendor_key = require_key("OPENAI_API_KEY", provider)
        return Server(provider=provider, model=model or DEFAULT_MODEL, url=url, key=vendor_key, price_list="openai")
    probe(url, provider)
    env_url = split_api_version(os.environ.get("OPENAI_BASE_URL", ""))[0]
    withheld = withheld_key("OPENAI_API_KEY", url, env_url, send_key=send_key)
    key = None if withheld else os.environ.get("OPENAI_API_KEY", "").strip() or None
    name = model or _only_model(provider, url, key, key_hint(withheld, provider, url))
    fingerprint = model_fingerprint(url, name, {} if key is None else {"Authorization": f"Bearer {key}"})
    return Server(
        provider=provider,
        model=name,
        url=url,
        key=key,
        api_version=api_version,
        withheld=withheld,
        fingerprint=fingerprint,
    )


def open_client(server: Server) -> Client:
    """Return a client of the official SDK for the server; its first call connects."""

    def make(http_client: Any) -> Any:
        from openai import AsyncOpenAI

        azure: dict[str, Any] = {}
        if server.api_version:
            azure["default_query"] = {"api-version": server.api_version}
            azure["default_headers"] = {"api-key": server.key or _PLACEHOLDER_KEY}
        return AsyncOpenAI(
            api_key=server.key or _PLACEHOLDER_KEY,
            base_url=server.url,
            max_retries=0,
            http_client=http_client,
            **azure,
        )

    def hint(status: int, body: str) -> str:
        if status in (401, 403):
            return "check OPENAI_API_KEY"
        if status == 404:
            return "check the model's name and the base URL, which usually ends in /v1"
        if status == 200 and not server.url.endswith("/v1"):
            return "check the base URL, which usually ends in /v1"
        return rejection_hint(status, body)

    return Client(server, make, hint)


def _only_model(provider: str, url: str, key: str | None, hint: str) -> str:
    try:
        names = [str(entry["id"]) for entry in request_json("GET", f"{url}/models", key)["data"]]
    except OSError as error:
        raise unreachable_error(url, provider, error) from error
    except Exception as error:  # a server that the user names may answer anything
        reason = with_hint(error, hint)
        raise UsageError(
            f"{url}/models lists no models ({reason}): name one with --provider {provider}:MODEL"
        ) from error
    if len(names) != 1:
        shown = ", ".join(clean(name, key) for name in names[:20])
        raise UsageError(f"{url} has {len(names)} models: name one with --provider {provider}:MODEL ({shown})")
    try:
        validate_model(names[0], provider)
    except UsageError:
        raise UsageError(
            f"{url}/models lists a name that is not a model's: name one with --provider {provider}:MODEL"
        ) from None
    return names[0]
