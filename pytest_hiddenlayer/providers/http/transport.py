"""The transport of all calls to servers: one aiohttp session that raises this package's exceptions.

It sends requests that an SDK prepared once, and those of httpx and httpx2, whose connection pools become
slower with the number of connections. It neither retries nor follows redirects. A body is decompressed as it
arrives, up to a limit.
"""

from __future__ import annotations

import select
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from ...errors import TransientError
from .addresses import proxy_of
from .bodies import MAX_FILE_BYTES, Body, LineBody, connection_error, read_body
from .errors import MAX_EVENTS_BYTES, error_from_status
from .server import Server

CONNECT_S = 30.0
KEEPALIVE_S = 30.0  # of an idle connection
_READ_BYTES = 64 << 10  # at once: as many small headers take a quarter of a second
_PER_REQUEST = ("content-length", "transfer-encoding")  # headers that the session sets
_NO_SECRETS = frozenset(
    {"accept", "accept-encoding", "anthropic-beta", "anthropic-version", "connection", "content-length"}
    | {"content-type", "host", "transfer-encoding", "user-agent"}
)
_PLACEHOLDERS = {"authorization": "Bearer none", "x-api-key": "none"}


@dataclass(frozen=True, kw_only=True, slots=True)
class HTTPRequest:
    """An HTTP request as it is sent."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    body: bytes = b""

    def with_body(self, body: bytes) -> HTTPRequest:
        """Return this request with a body."""
        return replace(self, body=body)


class _Connector(aiohttp.TCPConnector):
    """Uses no connection again on which a server sent too much: that would answer the next request."""

    async def _get(self, key: Any, traces: Any) -> Any:
        while (connection := await super()._get(key, traces)) is not None:
            if not _has_more(connection.protocol):
                return connection
            connection.close()
        return None

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> Any:
        protocol = await super()._create_connection(req, traces, timeout)
        transport: Any = protocol.transport
        if hasattr(transport, "max_size"):
            transport.max_size = _READ_BYTES
        return protocol


def _has_more(protocol: Any) -> bool:
    """Return whether something arrived on an idle connection, or its end."""
    if protocol is None or protocol.should_close:
        return True
    socket = protocol.transport.get_extra_info("socket")
    if socket is None or not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(socket.fileno(), select.POLLIN)
    return bool(poll.poll(0))


class Transport:
    """Sends requests to one server; also an `AsyncBaseTransport` of `library` (httpx or httpx2)."""

    def __init__(self, library: Any, server: Server, hint: Callable[[int, str], str]) -> None:
        self._library, self._server, self._hint = library, server, hint
        self._stream = type("Stream", (LineBody, library.AsyncByteStream), {})
        self._session: aiohttp.ClientSession | None = None
        self._proxy = proxy_of(server.url)

    def request_of(self, request: Any, body: bytes = b"") -> HTTPRequest:
        """Return what is sent for a request of the library."""
        headers = CIMultiDict(self._filter_headers(request.headers.multi_items()))
        for name in _PER_REQUEST:
            headers.pop(name, None)
        headers["accept-encoding"] = "gzip, deflate"
        return HTTPRequest(method=request.method, url=URL(str(request.url)), headers=headers, body=body)

    async def read(self, request: HTTPRequest) -> bytes:
        """Return the body of the response, decompressed. Raises ProviderError or TransientError."""
        return await read_body(await self._send(request), self._server)

    async def open(self, request: HTTPRequest) -> Body:
        """Return the body of the response, unread, for a caller that holds one line at a time. Raises as above.

        A file may have up to `MAX_FILE_BYTES`, the response to a POST up to `MAX_EVENTS_BYTES`.
        """
        limit = MAX_FILE_BYTES if request.method.upper() == "GET" else MAX_EVENTS_BYTES
        return Body(await self._send(request), self._server, limit)

    async def handle_async_request(self, request: Any) -> Any:
        """Return the library's response with its body unread. Raises as above."""
        response = await self._send(self.request_of(request, await request.aread()))
        headers = [
            (k, v) for k, v in response.raw_headers if k.lower() not in (b"content-encoding", b"content-length")
        ]
        stream = self._stream(response, self._server, MAX_EVENTS_BYTES)
        return self._library.Response(response.status, headers=headers, stream=stream, request=request)

    async def _send(self, request: HTTPRequest) -> aiohttp.ClientResponse:
        """Return the response with its body unread. Raises as above."""
        try:
            response = await self._get_session().request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
                proxy=self._proxy,
            )
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise connection_error(self._server, error) from error
        if response.status != 200:
            await self._raise_for_status(response)
        return response

    def _filter_headers(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the headers to send; if the key is withheld, none that an SDK takes from the environment."""
        if not self._server.withheld:
            return headers
        public = [(name, value) for name, value in headers if name.lower() in _NO_SECRETS]
        names = {name.lower() for name, _ in headers}
        return public + [(name, value) for name, value in _PLACEHOLDERS.items() if name in names]

    async def _raise_for_status(self, response: aiohttp.ClientResponse) -> None:
        headers = {name.lower(): value for name, value in response.headers.items()}
        try:
            body = await read_body(response, self._server)
        except TransientError:
            body = b""  # the status is known and suffices
        hint = self._hint(response.status, body.decode("utf-8", "replace"))
        raise error_from_status(self._server, response.status, headers, body, hint)

    def _get_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            ssl_context: ssl.SSLContext | bool = True
            if self._server.url.startswith("https"):
                ssl_context = self._library.create_ssl_context()
            self._session = aiohttp.ClientSession(
                connector=_Connector(limit=0, keepalive_timeout=KEEPALIVE_S, ssl=ssl_context),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
                auto_decompress=False,
            )
        return self._session

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Transport:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
