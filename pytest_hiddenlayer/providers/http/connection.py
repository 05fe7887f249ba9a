"""The connections of an open `Client`, and the requests that its SDK prepares for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from .bodies import Body
from .prepared import Kind, MakeClient, PreparedRequests
from .server import Server
from .transport import Transport


class Connection:
    """The connections to one server, and the SDK client for it; used on one event loop."""

    def __init__(self, server: Server, make: MakeClient, hint: Callable[[int, str], str]) -> None:
        self._transport = Transport(httpx2, server, hint)
        self._prepared = PreparedRequests(make, self._transport.request_of)

    async def read(
        self,
        verb: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return the body of the response. Raises ProviderError, TransientError and what the SDK raises."""
        kind = Kind(verb, path, tuple((headers or {}).items()), tuple((query or {}).items()))
        return await self._transport.read(await self._prepared.get(kind, body))

    async def open(
        self,
        verb: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Body:
        """Return the body of the response, unread. Raises as `read` does."""
        kind = Kind(verb, path, tuple((headers or {}).items()), stream=True)
        return await self._transport.open(await self._prepared.get(kind, body))

    async def upload(self, path: str, fields: Mapping[str, str], name: str, content: bytes) -> bytes:
        """Post a form with one file and return the body of the response. Raises as `read` does."""
        return await self._transport.read(await self._prepared.form(path, fields, name, content))

    async def close(self) -> None:
        """Close the connections."""
        await self._prepared.close()
        await self._transport.aclose()
