"""Addresses of servers: on this machine, behind a proxy of the environment, or reached directly."""

from __future__ import annotations

import ipaddress
import os
import re
from urllib.parse import urlsplit

from ...errors import ProviderUnavailableError


def is_loopback(url: str) -> bool:
    """Return whether the host is a loopback address or `localhost`."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def proxy_of(url: str) -> str | None:
    """Return the URL of the proxy for a server, from the environment; None for a server that is reached directly.

    `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` apply, in either case; a server on this machine has no
    proxy. A proxy without a scheme is an HTTP proxy. Raises ProviderUnavailableError for a proxy of another kind.
    """
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if is_loopback(url) or proxy_bypass(parts.netloc) or _in_no_proxy(parts.hostname or "", parts.port):
        return None
    proxies = getproxies()
    name = parts.scheme if proxies.get(parts.scheme) else "all"
    proxy = (proxies.get(name) or "").strip()
    return _checked(proxy, f"{name.upper()}_PROXY", parts.hostname or "") if proxy else None


def _checked(proxy: str, variable: str, host: str) -> str:
    """Return the proxy's URL with a scheme. Raises ProviderUnavailableError if it is not an HTTP proxy."""
    url = proxy if "://" in proxy else f"http://{proxy}"
    parts = urlsplit(url)
    try:
        valid = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # the port is not a number
        valid = False
    if parts.scheme in ("http", "https") and valid:
        return url
    raise ProviderUnavailableError(
        f"{variable} names the proxy {parts.scheme}://{parts.netloc.rpartition('@')[2]}, and only HTTP proxies are "
        f"supported: set it to http://HOST:PORT, or reach {host} directly with NO_PROXY={host}"
    )


def _in_no_proxy(host: str, port: int | None) -> bool:
    """Return whether an entry of `NO_PROXY` is this host, a domain above it, or a network with its address."""
    text = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    return any(_matches(entry.lower(), host, port) for entry in re.split(r"[\s,]+", text) if entry)


def _matches(entry: str, host: str, port: int | None) -> bool:
    if entry == "*":
        return True
    if "/" in entry or entry.count(":") > 1:
        return _in_network(entry, host)
    name, _, entry_port = entry.partition(":")
    if entry_port and entry_port != str(port):
        return False
    name = name.removeprefix("*").removeprefix(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _in_network(entry: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:  # a name, or not a network
        return False
