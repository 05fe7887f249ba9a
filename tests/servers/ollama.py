"""A real Ollama server, which OLLAMA_HOST names: no package registry has one to install."""

from __future__ import annotations

import os

import pytest

from pytest_hiddenlayer.providers.ollama_server import host_url


def ollama_url() -> str:
    """Return the URL of the server in OLLAMA_HOST. Skips the test if it is not set."""
    host = os.environ.get("OLLAMA_HOST", "").strip()
    if not host:
        pytest.skip("needs an Ollama server: set OLLAMA_HOST, such as 127.0.0.1:11434")
    return host_url(host)
