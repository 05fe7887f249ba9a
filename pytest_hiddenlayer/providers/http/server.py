"""A server that a provider asks: where it is, the key for it, whether it answers. Imports no SDK."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import socket
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from ...errors import ProviderUnavailableError, UsageError

PROBE_S = 2.0  # seconds that a server has to answer when a provider is opened
_MOST = 4 << 20  # bytes of a list of models


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """One model on one server. The key is in no repr."""

    provider: str  # as registered
    model: str
    url: str  # without a slash at its end
    key: str | None = field(default=None, repr=False)
    price_list: str | None = None  # the provider's id in genai-prices, where this is the vendor's own server
    fingerprint: str = ""  # of the weights, where the server tells it
    withheld: str = ""  # variable of a key that this server does not get; empty: it gets the key, if there is one

    @property
    def host(self) -> str:
        """Name and port, as shown in messages."""
        return urlsplit(self.url).netloc

    @property
    def subject(self) -> str:
        """How messages begin: `openai:NAME at HOST`."""
        return f"{self.provider}:{self.model} at {self.host}"

    @property
    def key_hint(self) -> str:
        """What to do about a refusal because of a key that was not sent; empty if none was withheld."""
        return key_hint(self.withheld, self.provider, self.url)

    @property
    def cost_usd(self) -> float | None:
        """What a call costs: nothing on this machine, elsewhere unknown here."""
        return 0.0 if is_loopback(self.url) else None


def require_sdk(module: str, provider: str, *others: str) -> None:
    """Import an SDK and what it is used with. Raises ProviderUnavailableError where one of them is not there.

    Imported here, because a provider is opened outside the event loop, which an import would hold up.
    """
    for name in (module, *others):
        try:
            import_module(name)
        except ImportError as error:
            raise ProviderUnavailableError(
                f"provider {provider!r} needs {name} ({error}): pip install 'pytest-hiddenlayer[{module}]'"
            ) from error


def require_key(variable: str, provider: str) -> str:
    """The key in the environment. Raises ProviderUnavailableError where there is none."""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ProviderUnavailableError(f"provider {provider!r} needs a key: set {variable} in the environment")
    return key


def withheld_key(variable: str, url: str, own_url: str, *, send_key: bool) -> str:
    """`variable`, if its key must not be sent to `url`; empty if it may be.

    `send_key` is false for a URL that only an ini file names, which comes with the project; `own_url` is what the
    user's environment names, and may have the key all the same.
    """
    return "" if send_key or url == own_url.strip().rstrip("/") else variable


def key_hint(withheld: str, provider: str, url: str) -> str:
    """Why a server has not got a key, and what to do; empty if `withheld` is."""
    return withheld and (
        f"its address comes from an ini file, so {withheld} was not sent to it; "
        f"if it may have the key, give --hl-base-url {provider}={url} on the command line"
    )


def with_hint(error: Exception, hint: str) -> str:
    """The words of an error of `ask_json`, with the hint if it is about a key."""
    return f"{error}; {hint}" if hint and str(error) in ("HTTP 401", "HTTP 403") else str(error)


def validate_url(base_url: str) -> str:
    """The URL without a slash at its end. Raises UsageError for what is none, or holds a password or a query."""
    parts = urlsplit(base_url.strip())
    try:
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port that is no number
        whole = False
    if not whole or parts.query or parts.fragment:
        raise UsageError(f"base URL {shown(base_url)!r}: write http://HOST:PORT/PATH or https://HOST/PATH")
    if parts.username or parts.password:
        raise UsageError(
            f"base URL {shown(base_url)!r} holds a user or password: keys come from the environment only"
        )
    return base_url.strip().rstrip("/")


def shown(url: str) -> str:
    """The URL without user, password and query."""
    head, _, tail = url.partition("://")
    place, slash, path = tail.partition("/")
    return f"{head}://{place.rpartition('@')[2]}{slash}{path}".split("?")[0] if tail else url.rpartition("@")[2]


def is_loopback(url: str) -> bool:
    """Whether the server is on this machine, by its name."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for this URL; none for this machine."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if is_loopback(url) or proxy_bypass(parts.netloc):
        return None
    found = getproxies()
    return found.get(parts.scheme) or found.get("all")


def probe(url: str, provider: str) -> None:
    """Raise ProviderUnavailableError where nothing listens at a URL; what a proxy hides is not tried."""
    parts = urlsplit(url)
    if proxy_of(url) is not None:
        return
    try:
        with socket.create_connection((parts.hostname, parts.port or _port(parts.scheme)), timeout=PROBE_S):
            pass
    except OSError as error:
        raise unanswered(url, provider, error) from error


def unanswered(url: str, provider: str, error: Exception) -> ProviderUnavailableError:
    """What to raise where a server does not answer."""
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ProviderUnavailableError(
        f"provider {provider!r}: no server answers at {url} ({why}); start it or mend the URL"
    )


def ask_json(method: str, url: str, key: str | None, body: object = None) -> Any:
    """A small JSON answer, asked for at once. Raises OSError, HTTPException or ValueError; follows no redirect."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PROBE_S)
    headers = {"Accept": "application/json"} | ({} if key is None else {"Authorization": f"Bearer {key}"})
    try:
        connection.request(method, parts.path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise ValueError(f"HTTP {answer.status}")
        return json.loads(answer.read(_MOST))
    finally:
        connection.close()


def checked_model(model: str | None, provider: str) -> None:
    """Raise UsageError for a model name that no server can have."""
    if model is not None and (not model.strip() or any(c.isspace() or not c.isprintable() for c in model)):
        raise UsageError(f"--model {model!r}: the name of a model of {provider!r} has no blanks and is not empty")


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
