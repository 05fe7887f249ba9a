"""OpenAI's server, or one that speaks as it does: found, checked and opened in the same way for both of its APIs."""

from __future__ import annotations

import os
from typing import Any

from ..errors import UsageError
from .http.client import Client
from .http.server import (
    Server,
    ask_json,
    checked_model,
    key_hint,
    probe,
    require_key,
    require_sdk,
    unanswered,
    validate_url,
    with_hint,
    withheld_key,
)

VENDOR = "https://api.openai.com/v1"
DEFAULT_MODEL = "gpt-5.4-mini"
CONCURRENCY = (20, 1000)
_SERVED_WITHOUT_KEY = "none"  # the SDK wants one


def find(provider: str, model: str | None, base_url: str | None, *, send_key: bool = True) -> Server:
    """The server and its model. Raises ProviderUnavailableError, or UsageError where the model must be named.

    Without `base_url`, `OPENAI_BASE_URL` counts. The key is needed at OpenAI only; another server gets
    it where the environment has one, but not without `send_key`.
    """
    require_sdk("openai", provider, "httpx2", "aiohttp")
    checked_model(model, provider)
    given = base_url or os.environ.get("OPENAI_BASE_URL") or VENDOR
    url = validate_url(given)
    if url.startswith("https://api.openai.com/"):
        key = require_key("OPENAI_API_KEY", provider)
        return Server(provider=provider, model=model or DEFAULT_MODEL, url=url, key=key, price_list="openai")
    probe(url, provider)
    own_url = os.environ.get("OPENAI_BASE_URL", "")
    withheld = withheld_key("OPENAI_API_KEY", url, own_url, send_key=send_key)
    own_key = None if withheld else os.environ.get("OPENAI_API_KEY", "").strip() or None
    name = model or _only_model(provider, url, own_key, key_hint(withheld, provider, url))
    return Server(provider=provider, model=name, url=url, key=own_key, withheld=withheld)


def client(server: Server) -> Client:
    """The official client for it, not yet opened."""

    def make(http_client: Any) -> Any:
        from openai import AsyncOpenAI

        return AsyncOpenAI(
            api_key=server.key or _SERVED_WITHOUT_KEY, base_url=server.url, max_retries=0, http_client=http_client
        )

    def hint(status: int, body: str) -> str:
        if status in (401, 403):
            return "check OPENAI_API_KEY"
        if status == 404:
            return "check the model's name, and that the base URL ends as the server wants it, mostly in /v1"
        if status == 400 and any(word in body for word in ("response_format", "json_schema", "text.format")):
            return "this server takes no JSON schema; leave structured output out"
        if status == 400 and any(word in body for word in ("temperature", "top_p", "logprobs")):
            return "this model does not take what a sampling parameter asks; leave it out"
        return ""

    return Client(server, make, hint)


def _only_model(provider: str, url: str, key: str | None, hint: str) -> str:
    try:
        names = [str(one["id"]) for one in ask_json("GET", f"{url}/models", key)["data"]]
    except OSError as error:
        raise unanswered(url, provider, error) from error
    except Exception as error:  # whatever a stranger's server answers
        why = with_hint(error, hint)
        raise UsageError(f"{url}/models tells no models ({why}): name one, --provider {provider}:MODEL") from error
    if len(names) != 1:
        raise UsageError(
            f"{url} has {len(names)} models: name one with --provider {provider}:MODEL ({', '.join(names[:20])})"
        )
    return names[0]
