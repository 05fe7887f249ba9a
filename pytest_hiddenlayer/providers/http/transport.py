"""The transport of the SDK clients: one aiohttp session that raises this package's exceptions.

It serves httpx and httpx2, whose own connection pools become slower with the number of connections.
It neither retries nor follows redirects. A body is decompressed as it arrives, up to `MAX_BODY_BYTES`.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from ...errors import ProviderError, TransientError
from .addresses import proxy_of
from .errors import clean, error_from_status
from .server import Server

MAX_BODY_BYTES = 16 << 20  # of a response after decompression
MAX_STREAM_BYTES = 8 << 30  # of a response that is read line by line
CONNECT_S = 30.0
KEEPALIVE_S = 30.0  # of an idle connection
_CHUNK_BYTES = 64 << 10
_NO_SECRETS = frozenset(
    {"accept", "accept-encoding", "anthropic-beta", "anthropic-version", "connection", "content-length"}
    | {"content-type", "host", "transfer-encoding", "user-agent"}
)
_PLACEHOLDERS = {"authorization": "Bearer none", "x-api-key": "none"}


class Transport:
    """An `AsyncBaseTransport` of `library` (httpx or httpx2), for one server."""

    def __init__(self, library: Any, server: Server, hint: Callable[[int, str], str]) -> None:
        self._library, self._server, self._hint = library, server, hint
        self._stream = type("Stream", (_Stream, library.AsyncByteStream), {})
        self._session: aiohttp.ClientSession | None = None
        self._proxy = proxy_of(server.url)

    async def handle_async_request(self, request: Any) -> Any:
        """Return the response with its body unread. Raises ProviderError or TransientError."""
        return await self._send_unread(request, MAX_BODY_BYTES)

    async def stream(self, request: Any) -> Any:
        """Return the response with its body unread, for callers that hold one line at a time. Raises as above.

        The body may have up to `MAX_STREAM_BYTES`."""
        return await self._send_unread(request, MAX_STREAM_BYTES)

    async def _send_unread(self, request: Any, limit: int) -> Any:
        response, stream = await self._send(request, limit)
        headers = [
            (k, v) for k, v in response.raw_headers if k.lower() not in (b"content-encoding", b"content-length")
        ]
        return self._library.Response(response.status, headers=headers, stream=stream, request=request)

    async def read(self, request: Any) -> Any:
        """Return the response with its body and without headers, which is faster. Raises as above."""
        response, stream = await self._send(request)
        try:
            body = b"".join([chunk async for chunk in stream])
        finally:
            await stream.aclose()
        return self._library.Response(response.status, content=body, request=request)

    async def _send(self, request: Any, limit: int = MAX_BODY_BYTES) -> tuple[aiohttp.ClientResponse, Any]:
        body = await request.aread()
        headers = request.headers
        headers["accept-encoding"] = "gzip, deflate"
        try:
            response = await self._get_session().request(
                request.method,
                str(request.url),
                headers=self._filter_headers(headers.multi_items()),
                data=body or None,
                allow_redirects=False,
                proxy=self._proxy,
            )
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise connection_error(self._server, error) from error
        stream = self._stream(response, self._server, limit)
        if response.status != 200:
            await self._raise_for_status(response, stream)
        return response, stream

    def _filter_headers(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the headers to send; if the key is withheld, none that an SDK takes from the environment."""
        if not self._server.withheld:
            return headers
        public = [(name, value) for name, value in headers if name.lower() in _NO_SECRETS]
        names = {name.lower() for name, _ in headers}
        return public + [(name, value) for name, value in _PLACEHOLDERS.items() if name in names]

    async def _raise_for_status(self, response: aiohttp.ClientResponse, stream: Any) -> None:
        headers = {name.lower(): value for name, value in response.headers.items()}
        try:
            body = b"".join([chunk async for chunk in stream])
        except TransientError:
            body = b""  # the status is known and suffices
        finally:
            await stream.aclose()
        hint = self._hint(response.status, body.decode("utf-8", "replace"))
        raise error_from_status(self._server, response.status, headers, body, hint)

    def _get_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            ssl_context: ssl.SSLContext | bool = True
            if self._server.url.startswith("https"):
                ssl_context = self._library.create_ssl_context()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S, ssl=ssl_context),
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


class _Stream:
    """A response body, decompressed and limited in size as it arrives."""

    def __init__(self, response: aiohttp.ClientResponse, server: Server, limit: int) -> None:
        self._response, self._server, self._limit = response, server, limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._decompressed():
                size += len(chunk)
                if size > self._limit:
                    raise ProviderError(
                        f"{self._server.subject}: the response is larger than {self._limit >> 20} MiB"
                    )
                yield chunk
        except (TimeoutError, aiohttp.ClientError, OSError, zlib.error) as error:
            raise connection_error(self._server, error) from error

    async def _decompressed(self) -> AsyncIterator[bytes]:
        encoding = self._response.headers.get("content-encoding", "identity").strip().lower()
        if encoding in ("identity", ""):
            async for chunk in self._response.content.iter_any():
                yield chunk
            return
        if encoding not in ("gzip", "deflate"):
            raise ProviderError(
                f"{self._server.subject}: the response is encoded as {encoding!r}; only gzip and deflate are accepted"
            )
        decompressor = zlib.decompressobj(zlib.MAX_WBITS | 32 if encoding == "gzip" else zlib.MAX_WBITS)
        async for chunk in self._response.content.iter_any():
            while chunk:
                yield decompressor.decompress(chunk, _CHUNK_BYTES)
                chunk = decompressor.unconsumed_tail
        yield decompressor.flush()

    async def aclose(self) -> None:
        self._response.release()


def connection_error(server: Server, error: BaseException) -> ProviderError:
    """Return the exception for a failed connection: transient, unless the certificate is invalid."""
    reason = clean(str(error) or type(error).__name__, server.key)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return ProviderError(f"{server.subject}: no secure connection: {reason}")
    sent = not isinstance(error, aiohttp.ClientConnectorError)  # else no connection was made
    subject = "the connection to the environment's proxy" if _is_proxys(error) else "the connection"
    return TransientError(f"{server.subject}: {subject} failed: {reason}", sent=sent)


def _is_proxys(error: BaseException) -> bool:
    return isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError)
