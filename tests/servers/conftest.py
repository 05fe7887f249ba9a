"""Fixtures of the tests with real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from servers import Server, llama_server
from servers.known_model import write_known_model
from servers.llama import program


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A llama-server of the known-probability model."""
    program()
    path = tmp_path_factory.mktemp("known") / "known.gguf"
    write_known_model(path)
    with llama_server(path) as server:
        yield server
