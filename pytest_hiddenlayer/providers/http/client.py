"""An official client, opened in its first call: a JSON object goes out, a JSON object comes back.

The client makes the request (address, key, headers); its own objects for bodies and answers are
left out, which saves more than half of a call's CPU time, and so are its retries.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any

from ...errors import ProviderError
from .errors import clean, read_object
from .server import Server

MOST = 16 << 20  # bytes of one line
MakeClient = Callable[[Any], Any]  # httpx2.AsyncClient → the SDK's client


class Client:
    """Posts to one server; used on one event loop."""

    def __init__(self, server: Server, make: MakeClient, hint: Callable[[int, str], str] = lambda *_: "") -> None:
        self._server, self._make, self.hint = server, make, hint
        self._client: Any = None
        self._raw: Any = None  # the type of an answer that is left as it came

    async def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The object that is answered, by one attempt. Raises ProviderError, or TransientError."""
        return await self._object("post", path, body=body, options={"headers": headers} if headers else {})

    async def upload(self, path: str, fields: Mapping[str, str], name: str, content: bytes) -> dict[str, Any]:
        """The object that is answered to a form with one file. Raises as `post` does."""
        form = {"headers": {"Content-Type": "multipart/form-data"}}  # the client adds the boundary
        file = (name, content, "application/jsonl")
        return await self._object("post", path, body=fields, files={"file": file}, options=form)

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The object at a path. Raises as `post` does."""
        return await self._object("get", path, options={"params": query} if query else {})

    async def lines(self, path: str) -> AsyncIterator[bytes]:
        """The lines of a file as they come, without their ends and empty ones. Raises as `post` does."""
        try:
            answer = await self._opened().get(path, cast_to=self._raw, stream=True)
            try:
                async for line in _lines(answer.aiter_bytes()):
                    if len(line) > MOST:
                        raise ProviderError(f"{self._server.subject}: a line is larger than {MOST >> 20} MiB")
                    yield line
            finally:
                await answer.aclose()
        except Exception as error:
            raise self._meant(error) from None

    async def events(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[dict[str, Any]]:
        """The objects of the events that are answered, as they come; a plain object alone. Raises as `post` does."""
        options = {"headers": headers} if headers else {}
        plain, size = b"", 0
        try:
            answer = await self._opened().post(path, cast_to=self._raw, body=body, options=options, stream=True)
            try:
                async for line in _lines(answer.aiter_bytes()):
                    size += len(line)
                    if size > MOST:
                        raise ProviderError(f"{self._server.subject}: the answer is larger than {MOST >> 20} MiB")
                    name, _, data = line.partition(b":")
                    if name == b"data" and data.strip() != b"[DONE]":
                        yield read_object(self._server, data)
                    elif name not in (b"data", b"event", b"id", b"retry", b""):
                        plain += line
            finally:
                await answer.aclose()
        except Exception as error:
            raise self._meant(error) from None
        if plain:
            yield read_object(self._server, plain)

    async def _object(self, verb: str, path: str, **how: Any) -> dict[str, Any]:
        try:
            answer = await getattr(self._opened(), verb)(path, cast_to=self._raw, **how)
        except Exception as error:
            raise self._meant(error) from None
        return read_object(self._server, answer.content)

    async def close(self) -> None:
        """Close the connections; a later call opens them anew."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _opened(self) -> Any:
        if self._client is None:
            self._open()
        return self._client

    def _open(self) -> None:
        import httpx2

        from .transport import Transport

        transport: Any = Transport(httpx2, self._server, self.hint)

        class _DirectClient(httpx2.AsyncClient):
            """Leaves out redirects, cookies and authentication, of which nothing is used."""

            async def send(self, request: httpx2.Request, *, stream: bool = False, **_: Any) -> httpx2.Response:
                reading = transport.stream if stream else transport.read
                answer: httpx2.Response = await reading(request)
                return answer

        self._raw = httpx2.Response
        self._client = self._make(_DirectClient(transport=transport, timeout=None))

    def _meant(self, error: Exception) -> ProviderError:
        """The transport's error, which an SDK may have wrapped in one of its own."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ProviderError):
                return cause
            cause = cause.__cause__
        said = clean(f"{type(error).__name__}: {error}", self._server.key)
        return ProviderError(f"{self._server.subject}: {said}")


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines without their ends and empty ones; one that grows above `MOST` is given as far as it came."""
    half = b""
    async for piece in pieces:
        *whole, half = (half + piece).split(b"\n")
        for line in whole:
            if line.strip():
                yield line
        if len(half) > MOST:
            break
    if half.strip():
        yield half
