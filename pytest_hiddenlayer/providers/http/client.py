"""JSON requests through an official SDK client, which is opened by the first call.

The SDK builds URL and headers of each kind of request once (`prepared`), and the multipart forms. Its objects
for bodies and responses are skipped, which saves most of a call's CPU time. Its retries are off.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...errors import ProviderError, TransientError
from .errors import MAX_EVENTS_BYTES, WEB_PAGE, clean, read_object
from .server import Server

if TYPE_CHECKING:
    from .connection import Connection

MAX_LINE_BYTES = 16 << 20
_LINES_AT_ONCE = 500
MakeClient = Callable[[Any], Any]  # httpx2.AsyncClient → SDK client


class Client:
    """Sends requests to one server, from one event loop."""

    def __init__(self, server: Server, make: MakeClient, hint: Callable[[int, str], str] = lambda *_: "") -> None:
        self._server, self._make, self.hint = server, make, hint
        self._connection: Connection | None = None

    async def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return the JSON object of the response, by one attempt. Raises ProviderError or TransientError."""
        return await self._object(self._get_connection().read("post", path, body, headers=headers))

    async def upload(self, path: str, fields: Mapping[str, str], name: str, content: bytes) -> dict[str, Any]:
        """Post a form with one file and return the JSON object of the response. Raises as `post` does."""
        return await self._object(self._get_connection().upload(path, fields, name, content))

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at a path. Raises as `post` does."""
        return await self._object(self._get_connection().read("get", path, query=query))

    async def lines(self, path: str) -> AsyncIterator[bytes]:
        """Yield the non-empty lines of a file without line ends, as they arrive. Raises as `post` does."""
        try:
            body = await self._get_connection().open("get", path)
            try:
                async for line in lines(body):
                    if len(line) > MAX_LINE_BYTES:
                        raise ProviderError(
                            f"{self._server.subject}: a line is larger than {MAX_LINE_BYTES >> 20} MiB"
                        )
                    yield line
            finally:
                await body.aclose()
        except Exception as error:
            raise self._unwrap_error(error) from None

    async def events(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[dict[str, Any]]:
        """Yield the JSON objects of server-sent events as they arrive; a response without events yields one object.

        Raises as `post` does.
        """
        plain: list[bytes] = []
        size = 0
        try:
            response = await self._get_connection().open("post", path, body, headers=headers)
            try:
                async for line in lines(response):
                    size += len(line)
                    if size > MAX_EVENTS_BYTES:
                        raise ProviderError(
                            f"{self._server.subject}: the response is larger than {MAX_EVENTS_BYTES >> 20} MiB"
                        )
                    name, _, data = line.partition(b":")
                    if name == b"data" and data.strip() != b"[DONE]":
                        yield read_object(self._server, data)
                    elif name not in (b"data", b"event", b"id", b"retry", b""):
                        plain.append(line)
            finally:
                await response.aclose()
        except Exception as error:
            raise self._unwrap_error(error) from None
        if plain:
            yield read_object(self._server, b"".join(plain))

    async def _object(self, response: Awaitable[bytes]) -> dict[str, Any]:
        try:
            body = await response
        except Exception as error:
            raise self._unwrap_error(error) from None
        return read_object(self._server, body)

    def with_hint(self, error: TransientError) -> TransientError:
        """Return the error of a response with status 200 in another format, with what its likely reason is."""
        hint = self.hint(200, str(error)) or ("check the base URL" if WEB_PAGE in str(error) else "")
        if error.status != 200 or not hint:
            return error
        return TransientError(f"{error}; {hint}", status=200)

    async def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _get_connection(self) -> Connection:
        if self._connection is None:
            from .connection import Connection

            self._connection = Connection(self._server, self._make, self.hint)
        return self._connection

    def _unwrap_error(self, error: Exception) -> ProviderError:
        """Return the exception of the transport, which an SDK may have wrapped in one of its own."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ProviderError):
                return cause
            cause = cause.__cause__
        reason = clean(f"{type(error).__name__}: {error}", self._server.key)
        return ProviderError(f"{self._server.subject}: {reason}")


async def lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield non-empty lines without line ends; a line above `MAX_LINE_BYTES` is cut off and is the last.

    The time is proportional to the size, however small the chunks of a long line are.
    """
    parts: list[bytes] = []  # of the line whose end has not arrived
    size = 0
    async for chunk in chunks:
        first, *others = chunk.split(b"\n")
        parts.append(first)
        size += len(first)
        if others:
            *lines, rest = (b"".join(parts), *others)
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield line
                if number % _LINES_AT_ONCE == 0:
                    await asyncio.sleep(0)  # a piece may have thousands of lines, and other calls must go on
            parts, size = [rest], len(rest)
        if size > MAX_LINE_BYTES:
            break
    if (rest := b"".join(parts)).strip():
        yield rest
