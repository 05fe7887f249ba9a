"""A model server: its URL, its key, whether it is reachable. Imports no SDK."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlsplit

from ...errors import ProviderUnavailableError, UsageError
from ...io.limited_json import parse_json
from .addresses import is_loopback, proxy_of

PROBE_S = 2.0  # timeout of the first request to a server, when the provider is opened
PROXY_S = 10.0  # the same, through a proxy
REQUEST_S = 15.0  # to the last byte of a list of models
_API_VERSION = re.compile(r"api-version=[\w.-]+")
_MAX_NAME_CHARS = 1000  # of a model
_MAX_LIST_BYTES = 4 << 20  # of a list of models


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """One model on one server. The repr does not show the key."""

    provider: str  # its registered name
    model: str
    url: str  # without a final slash
    key: str | None = field(default=None, repr=False)
    api_version: str = ""  # Azure's, which each request names; empty elsewhere
    price_list: str | None = None  # the provider's id in genai-prices, if this is the vendor's own server
    fingerprint: str = ""  # of the weights, if the server reports it
    withheld: str = ""  # variable whose key is not sent to this server; empty: a key is sent if it is set

    @property
    def host(self) -> str:
        """Host and port, as messages show them."""
        return urlsplit(self.url).netloc

    @property
    def subject(self) -> str:
        """The beginning of messages: `openai:NAME at HOST`."""
        return f"{self.provider}:{self.model} at {self.host}"

    @property
    def key_hint(self) -> str:
        """What to do if the server rejects a call because its key was withheld; empty if it was not."""
        return key_hint(self.withheld, self.provider, self.url)

    @property
    def cost_usd(self) -> float | None:
        """The cost of a call: 0 on this machine, None (unknown) elsewhere."""
        return 0.0 if is_loopback(self.url) else None


def require_sdk(module: str, provider: str, *dependencies: str) -> None:
    """Import an SDK and its companions. Raises ProviderUnavailableError if one is not installed.

    The import happens here because a provider is opened outside the event loop, which an import would block.
    """
    for name in (module, *dependencies):
        try:
            import_module(name)
        except ImportError as error:
            raise ProviderUnavailableError(
                f"provider {provider!r} needs {name} ({error}): pip install 'pytest-hiddenlayer[{module}]'"
            ) from error


def require_key(variable: str, provider: str) -> str:
    """Return the key from the environment. Raises ProviderUnavailableError if it is not set."""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ProviderUnavailableError(f"provider {provider!r} needs a key: set {variable} in the environment")
    return key


def withheld_key(variable: str, url: str, env_url: str, *, send_key: bool) -> str:
    """Return `variable` if its key must not be sent to `url`; an empty string if it may be sent.

    `send_key` is false for a URL that only an ini file names, because the file comes with the project. `env_url`
    is the URL in the user's environment; it may have the key in any case.
    """
    return "" if send_key or url == env_url.strip().rstrip("/") else variable


def key_hint(withheld: str, provider: str, url: str) -> str:
    """Return why a server received no key, and what to do; empty if `withheld` is empty."""
    return withheld and (
        f"its address comes from an ini file, so {withheld} was not sent to it; "
        f"if it may have the key, give --hl-base-url {provider}={url} on the command line"
    )


def with_hint(error: Exception, hint: str) -> str:
    """Return the message of an error of `request_json`, with the hint if the status is 401 or 403."""
    return f"{error}; {hint}" if hint and str(error) in ("HTTP 401", "HTTP 403") else str(error)


def validate_url(base_url: str) -> str:
    """Return the URL without a final slash. Raises UsageError if it is invalid or has a password or a query.

    Azure's `api-version` is the only query that a server's address may have.
    """
    try:
        parts = urlsplit(base_url.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # the port is not a number, or a bracket of an IPv6 address is missing
        parts, valid = urlsplit(""), False
    if not valid or parts.fragment or (parts.query and not _API_VERSION.fullmatch(parts.query)):
        raise UsageError(f"base URL {redact(base_url)!r}: write http://HOST:PORT/PATH or https://HOST/PATH")
    if parts.username or parts.password:
        raise UsageError(
            f"base URL {redact(base_url)!r} contains a user or password: keys come from the environment only"
        )
    return base_url.strip().rstrip("/")


def split_api_version(url: str) -> tuple[str, str]:
    """Return (the URL without its query, Azure's API version in that query; empty if there is none)."""
    address, _, query = url.partition("?")
    return address.rstrip("/"), query.removeprefix("api-version=")


def redact(url: str) -> str:
    """Return the URL without user, password and query."""
    head, _, tail = url.partition("://")
    host, slash, path = tail.partition("/")
    return f"{head}://{host.rpartition('@')[2]}{slash}{path}".split("?")[0] if tail else url.rpartition("@")[2]


def probe(url: str, provider: str) -> None:
    """Raise ProviderUnavailableError if nothing listens at a URL; a server behind a proxy is not tried."""
    parts = urlsplit(url)
    if proxy_of(url) is not None:
        return
    try:
        with socket.create_connection((parts.hostname, parts.port or _port(parts.scheme)), timeout=PROBE_S):
            pass
    except OSError as error:
        raise unreachable_error(url, provider, error) from error


def unreachable_error(url: str, provider: str, error: Exception) -> ProviderUnavailableError:
    """Return the exception for a server that does not respond."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ProviderUnavailableError(
        f"provider {provider!r}: no server answers at {url} ({reason}); start it or correct the URL"
    )


def request_json(
    method: str, url: str, key: str | None = None, body: object = None, headers: Mapping[str, str] | None = None
) -> Any:
    """Return the JSON response to a blocking request. Raises OSError, HTTPException or ValueError.

    Goes through the same proxy as the calls. Follows no redirect, reads 4 MiB at most and ends after `REQUEST_S`.
    The key is not in the response. Raises ProviderUnavailableError for a proxy that is not supported.
    """
    connection, target = _connection(url)
    sent = {"Accept": "application/json", **(headers or {})}
    sent |= {} if key is None else {"Authorization": f"Bearer {key}"}
    if target.startswith("http"):
        sent |= _proxy_headers(proxy_of(url) or "")
    with _deadline(connection):
        connection.request(method, target, None if body is None else json.dumps(body), sent)
        response = connection.getresponse()
        if response.status != 200:
            raise ValueError(f"HTTP {response.status}")
        text = response.read(_MAX_LIST_BYTES)
    for secret in (key, *(headers or {}).values()):
        text = text.replace(secret.removeprefix("Bearer ").encode(), b"[key]") if secret else text
    return parse_json(text)


@contextmanager
def _deadline(connection: http.client.HTTPConnection) -> Iterator[None]:
    """Close the connection at the end of the block, or after `REQUEST_S`. Raises TimeoutError then.

    A timeout of the socket begins again with each byte, so a server could hold up the start of a run.
    """
    ended = threading.Event()

    def end() -> None:
        ended.set()
        with suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(REQUEST_S, end)
    timer.daemon = True
    try:
        connection.connect()
        opened = connection.sock  # the connection forgets it before the last byte has come
        timer.start()
        yield
    except (OSError, http.client.HTTPException, ValueError):
        if ended.is_set():
            raise TimeoutError(f"no complete answer within {REQUEST_S:g} s") from None
        raise
    finally:
        timer.cancel()
        connection.close()
        if ended.is_set():
            with suppress(OSError):  # a response that was not read holds it open
                os.close(opened.detach())


def _connection(url: str) -> tuple[http.client.HTTPConnection, str]:
    """Return a connection, direct or to the proxy, and what to request from it."""
    parts, proxy = urlsplit(url), proxy_of(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    if proxy is None:
        return connect(parts.hostname or "", parts.port, timeout=PROBE_S), parts.path
    at = urlsplit(proxy)
    if parts.scheme == "http":
        to_proxy = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
        return to_proxy(at.hostname or "", at.port, timeout=PROXY_S), url
    if at.scheme == "https":
        raise OSError("a list of models cannot be read through an HTTPS proxy")
    connection = connect(at.hostname or "", at.port or 80, timeout=PROXY_S)
    connection.set_tunnel(parts.hostname or "", parts.port or 443, _proxy_headers(proxy))
    return connection, parts.path


def _proxy_headers(proxy: str) -> dict[str, str]:
    """The header with user and password in a proxy's URL; none without them."""
    user, separator, _ = urlsplit(proxy).netloc.rpartition("@")
    if not separator:
        return {}
    return {"Proxy-Authorization": f"Basic {base64.b64encode(unquote(user).encode()).decode()}"}


def validate_model(model: str | None, provider: str) -> None:
    """Raise UsageError for a model name that is empty or has whitespace or unprintable characters."""
    if model is None:
        return
    if not model.strip() or len(model) > _MAX_NAME_CHARS or any(c.isspace() or not c.isprintable() for c in model):
        raise UsageError(
            f"--model {model[:_MAX_NAME_CHARS]!r}: a model name of provider {provider!r} must not be empty, contain "
            f"whitespace or have more than {_MAX_NAME_CHARS} characters"
        )


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
