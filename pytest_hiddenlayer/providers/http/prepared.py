"""URL and headers of requests as an official SDK builds them, kept for all later requests of the same kind.

The SDK builds one request of each kind and every form, and sends none of them. The other requests of a kind
differ in their body only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .transport import HTTPRequest

MakeClient = Callable[[Any], Any]  # httpx2.AsyncClient → SDK client
_Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """What requests with the same URL and headers share."""

    verb: str  # get or post
    path: str  # below the URL of the SDK client
    headers: _Pairs = ()  # in addition to those of the SDK client
    query: _Pairs = ()
    stream: bool = False


class PreparedRequests:
    """Requests to one server, with what its SDK client adds to them; used on one event loop."""

    def __init__(self, make: MakeClient, request_of: Callable[[Any], HTTPRequest]) -> None:
        self._make = make
        self._request_of = request_of  # takes an httpx2.Request, and leaves out its body
        self._client: Any = None
        self._known: dict[Kind, HTTPRequest] = {}

    async def get(self, kind: Kind, body: Mapping[str, Any] | None = None) -> HTTPRequest:
        """Return the request with a JSON body, or without one. Raises what the SDK raises, and ValueError for NaN."""
        known = self._known.get(kind)
        if known is None:
            known = self._known[kind] = await self._prepare(kind)
        return known if body is None else known.with_body(encode_json(body))

    async def form(self, path: str, fields: Mapping[str, str], name: str, content: bytes) -> HTTPRequest:
        """Return the request that posts a form with one file. Raises what the SDK raises."""
        form = {"headers": {"Content-Type": "multipart/form-data"}}  # the SDK adds the boundary
        file = (name, content, "application/jsonl")
        request = await self._build("post", path, body=fields, files={"file": file}, options=form)
        return self._request_of(request).with_body(request.content)

    async def close(self) -> None:
        """Close the SDK client, which has no connections."""
        if self._client is not None:
            await self._client.close()

    async def _prepare(self, kind: Kind) -> HTTPRequest:
        options = {"headers": dict(kind.headers), "params": dict(kind.query)}
        body: dict[str, Any] = {"body": {}} if kind.verb == "post" else {}
        given = {name: value for name, value in options.items() if value}
        return self._request_of(await self._build(kind.verb, kind.path, stream=kind.stream, options=given, **body))

    async def _build(self, verb: str, path: str, **arguments: Any) -> Any:
        """Return the request that the SDK builds; its transport answers at once and sends nothing."""
        import httpx2

        if self._client is None:
            transport = httpx2.MockTransport(lambda request: httpx2.Response(200, content=b"{}", request=request))
            self._client = self._make(httpx2.AsyncClient(transport=transport, timeout=None, trust_env=False))
        response = await getattr(self._client, verb)(path, cast_to=httpx2.Response, **arguments)
        return response.request


def encode_json(body: Mapping[str, Any]) -> bytes:
    """Return a body as the SDKs encode it. Raises ValueError for NaN and for a lone surrogate."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
