"""Lines of a response, however it arrives in pieces."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.providers.http import client
from pytest_hiddenlayer.providers.http.client import lines


def read(*chunks: bytes) -> list[bytes]:
    async def arriving():
        for chunk in chunks:
            yield chunk

    async def collect():
        return [line async for line in lines(arriving())]

    return asyncio.run(collect())


@given(st.lists(st.binary(max_size=6).map(lambda piece: piece.replace(b"\r", b"\n"))))
def test_lines_do_not_depend_on_the_chunks(chunks):
    """The lines are those of the whole body, without the empty ones."""
    assert read(*chunks) == [line for line in b"".join(chunks).split(b"\n") if line.strip()]


def test_a_long_line_in_small_pieces():
    """A line of 8 MB that arrives in 1 kB pieces is one line, and the next one is whole."""
    pieces = [b"x" * 1024] * 8192
    first, second = read(*pieces, b"\n", b"y\n")
    assert (len(first), second) == (8 << 20, b"y")


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_line_above_the_limit_is_the_last(monkeypatch, size):
    """Reading ends soon after the limit, so that an endless line takes no endless memory."""
    monkeypatch.setattr(client, "MAX_LINE_BYTES", 100)
    (line,) = read(*[b"x" * size] * 1000)
    assert 100 < len(line) <= 100 + size
