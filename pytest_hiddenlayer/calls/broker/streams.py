"""The byte streams between the broker and its clients: a Unix socket, or a channel to another computer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

from .protocol import MAX_MESSAGE_BYTES


class Writer(Protocol):
    """What the broker and its clients use of an `asyncio.StreamWriter`."""

    def write(self, data: bytes) -> None:
        """Send bytes. Raises OSError if the connection has ended."""
        ...

    async def drain(self) -> None:
        """Wait until more may be written."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class Channel(Protocol):
    """What is used of a channel of execnet: it carries values in order, in both directions."""

    def send(self, item: Any) -> None:
        """Send a value. Raises OSError if the channel is closed."""
        ...

    def setcallback(self, callback: Callable[[Any], Any], endmarker: Any = ...) -> None:
        """Have every value that arrives given to `callback`, and `endmarker` after the last one."""
        ...

    def close(self) -> None:
        """Close the channel."""
        ...


Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, Writer]]]
"""Opens a connection to the broker. Raises OSError."""


def unix_socket(path: Path) -> Connect:
    """Return what connects to the socket."""

    async def connect() -> tuple[asyncio.StreamReader, Writer]:
        return await asyncio.open_unix_connection(str(path), limit=MAX_MESSAGE_BYTES)

    return connect


def over_channel(channel: Channel) -> Connect:
    """Return what connects through the channel, once."""

    async def connect() -> tuple[asyncio.StreamReader, Writer]:
        return channel_streams(channel)

    return connect


def channel_streams(channel: Channel) -> tuple[asyncio.StreamReader, Writer]:
    """Return reader and writer of the bytes that go through a channel. Called on the loop that uses them."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MAX_MESSAGE_BYTES)

    def received(data: bytes | None) -> None:  # on a thread of the channel
        if loop.is_closed():
            return
        if data is None:
            loop.call_soon_threadsafe(reader.feed_eof)
        else:
            loop.call_soon_threadsafe(reader.feed_data, data)

    channel.setcallback(received, endmarker=None)
    return reader, _ChannelWriter(channel)


class _ChannelWriter:
    """Writes bytes to a channel, which keeps what is not sent yet."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def write(self, data: bytes) -> None:
        try:
            self._channel.send(data)
        except OSError as error:
            raise ConnectionError(str(error)) from error

    async def drain(self) -> None:
        await asyncio.sleep(0)

    def close(self) -> None:
        self._channel.close()
