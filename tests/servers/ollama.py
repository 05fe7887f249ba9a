"""A real Ollama server: no package registry has one, so it is the user's, named by OLLAMA_HOST."""

from __future__ import annotations

import os

import pytest

from pytest_hiddenlayer.providers.ollama_server import host_url


def ollama_url() -> str:
    """The URL of the server that OLLAMA_HOST names; skips where it names none."""
    named = os.environ.get("OLLAMA_HOST", "").strip()
    if not named:
        pytest.skip("needs an Ollama server: set OLLAMA_HOST, such as 127.0.0.1:11434")
    return host_url(named)
