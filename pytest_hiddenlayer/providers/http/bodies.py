"""Bodies of responses, decompressed and limited in size as they arrive."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator

import aiohttp

from ...errors import ProviderError, TransientError
from ...io.limited_json import MAX_MEMORY, MemoryEstimate
from .errors import MAX_BODY_BYTES, clean
from .server import Server

MAX_FILE_BYTES = 8 << 30  # of a file that is read line by line
_CHUNK_BYTES = 64 << 10
_PLAIN = ("identity", "")


class Body:
    """The body of one response, which is read once."""

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
        encoding = _encoding(self._response)
        if encoding in _PLAIN:
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
                await asyncio.sleep(0)  # a few bytes may become megabytes, and other calls must go on
                chunk = decompressor.unconsumed_tail
        yield decompressor.flush()

    async def aclose(self) -> None:
        """Release the connection."""
        self._response.release()


class LineBody(Body):
    """A body whose lines are limited in memory: the library that parses a line holds several copies of it."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        line = MemoryEstimate()  # of the line whose end has not arrived
        async for chunk in super().__aiter__():
            first, newline, _ = chunk.partition(b"\n")
            line.add(first)
            if line.is_too_much:
                raise ProviderError(
                    f"{self._server.subject}: a line of the response needs more than {MAX_MEMORY >> 20} MiB of memory"
                )
            if newline:
                line = MemoryEstimate()
                line.add(chunk[chunk.rfind(b"\n") + 1 :])
            yield chunk


async def read_body(response: aiohttp.ClientResponse, server: Server) -> bytes:
    """Return the body of a response, up to `MAX_BODY_BYTES`. Raises ProviderError or TransientError.

    A body of known size that is not compressed is read at once, which is faster.
    """
    size = response.content_length
    try:
        if size is not None and size <= MAX_BODY_BYTES and _encoding(response) in _PLAIN:
            return await response.read()
        return b"".join([chunk async for chunk in Body(response, server, MAX_BODY_BYTES)])
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise connection_error(server, error) from error
    finally:
        response.release()


def connection_error(server: Server, error: BaseException) -> ProviderError:
    """Return the exception for a failed connection: transient, unless the certificate is invalid."""
    reason = clean(str(error) or type(error).__name__, server.key)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return ProviderError(f"{server.subject}: no secure connection: {reason}")
    sent = not isinstance(error, aiohttp.ClientConnectorError)  # else no connection was made
    subject = "the connection to the environment's proxy" if _is_proxys(error) else "the connection"
    return TransientError(f"{server.subject}: {subject} failed: {reason}", sent=sent)


def _encoding(response: aiohttp.ClientResponse) -> str:
    return response.headers.get("content-encoding", "identity").strip().lower()


def _is_proxys(error: BaseException) -> bool:
    return isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError)
