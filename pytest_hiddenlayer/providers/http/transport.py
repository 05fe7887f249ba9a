"""What the official clients send through: one aiohttp session, whose faults are this package's errors.

Serves httpx and httpx2 alike, whose connection pools cost more the more connections they hold.
Nothing is asked twice and no redirect followed. A body is read as it comes, and no more of it
than `MOST` bytes after decompression.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from ...errors import ProviderError, TransientError
from .errors import clean, error_from_status
from .server import Server, proxy_of

MOST = 16 << 20  # bytes of an answer
MOST_STREAMED = 8 << 30  # bytes of a file that is read line by line
CONNECT_S = 30.0
KEEP_S = 30.0  # an idle connection
_PIECE = 64 << 10
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
        """The answer, its body unread. Raises what a refusal or a lost connection means."""
        return await self._unread(request, MOST)

    async def stream(self, request: Any) -> Any:
        """The same with a body of `MOST_STREAMED` bytes at most: whoever reads it keeps no more than a line."""
        return await self._unread(request, MOST_STREAMED)

    async def _unread(self, request: Any, most: int) -> Any:
        answer, stream = await self._send(request, most)
        kept = [(k, v) for k, v in answer.raw_headers if k.lower() not in (b"content-encoding", b"content-length")]
        return self._library.Response(answer.status, headers=kept, stream=stream, request=request)

    async def read(self, request: Any) -> Any:
        """The answer with its body and no headers, which costs less. Raises as above."""
        answer, stream = await self._send(request)
        try:
            body = b"".join([piece async for piece in stream])
        finally:
            await stream.aclose()
        return self._library.Response(answer.status, content=body, request=request)

    async def _send(self, request: Any, most: int = MOST) -> tuple[aiohttp.ClientResponse, Any]:
        body = await request.aread()
        headers = request.headers
        headers["accept-encoding"] = "gzip, deflate"
        try:
            answer = await self._open().request(
                request.method,
                str(request.url),
                headers=self._allowed(headers.multi_items()),
                data=body or None,
                allow_redirects=False,
                proxy=self._proxy,
            )
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise lost(self._server, error) from error
        stream = self._stream(answer, self._server, most)
        if answer.status != 200:
            await self._refuse(answer, stream)
        return answer, stream

    def _allowed(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The headers that this server gets; without a key also none that an SDK takes from the environment."""
        if not self._server.withheld:
            return headers
        kept = [(name, value) for name, value in headers if name.lower() in _NO_SECRETS]
        named = {name.lower() for name, _ in headers}
        return kept + [(name, value) for name, value in _PLACEHOLDERS.items() if name in named]

    async def _refuse(self, answer: aiohttp.ClientResponse, stream: Any) -> None:
        told = {name.lower(): value for name, value in answer.headers.items()}
        try:
            body = b"".join([piece async for piece in stream])
        except TransientError:
            body = b""  # the status is known, and says enough
        finally:
            await stream.aclose()
        hint = self._hint(answer.status, body.decode("utf-8", "replace"))
        raise error_from_status(self._server, answer.status, told, body, hint)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            secure: ssl.SSLContext | bool = True
            if self._server.url.startswith("https"):
                secure = self._library.create_ssl_context()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_S, ssl=secure),
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
    """The body, decompressed and measured while it comes."""

    def __init__(self, answer: aiohttp.ClientResponse, server: Server, most: int) -> None:
        self._answer, self._server, self._most = answer, server, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces, size = self._plain(), 0
        try:
            async for piece in pieces:
                size += len(piece)
                if size > self._most:
                    raise ProviderError(f"{self._server.subject}: the answer is larger than {self._most >> 20} MiB")
                yield piece
        except (TimeoutError, aiohttp.ClientError, OSError, zlib.error) as error:
            raise lost(self._server, error) from error

    async def _plain(self) -> AsyncIterator[bytes]:
        encoding = self._answer.headers.get("content-encoding", "identity").strip().lower()
        if encoding in ("identity", ""):
            async for piece in self._answer.content.iter_any():
                yield piece
            return
        if encoding not in ("gzip", "deflate"):
            raise ProviderError(f"{self._server.subject}: the answer is encoded as {encoding!r}; gzip was asked for")
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 32 if encoding == "gzip" else zlib.MAX_WBITS)
        async for piece in self._answer.content.iter_any():
            while piece:
                yield unpack.decompress(piece, _PIECE)
                piece = unpack.unconsumed_tail
        yield unpack.flush()

    async def aclose(self) -> None:
        self._answer.release()


def lost(server: Server, error: BaseException) -> ProviderError:
    """The error for a connection that did not come about or broke off; a certificate will not mend itself."""
    why = clean(str(error) or type(error).__name__, server.key)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return ProviderError(f"{server.subject}: no secure connection: {why}")
    return TransientError(f"{server.subject}: the connection failed: {why}")
