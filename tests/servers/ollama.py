"""A real Ollama server: no package registry has one, so it is the user's, named by OLLAMA_HOST."""

from __future__ import annotations

import os

import pytest


def ollama_url() -> str:
    """The URL that OLLAMA_HOST names, as Ollama's own client reads it; skips where it names none."""
    named = os.environ.get("OLLAMA_HOST", "").strip()
    if not named:
        pytest.skip("no Ollama server: set OLLAMA_HOST, such as 127.0.0.1:11434, to test against a real one")
    scheme, _, place = named.rpartition("://")
    place = place.rstrip("/")
    host, _, port = place.rpartition(":") if ":" in place else (place, "", "")
    standard = {"http": "80", "https": "443"}.get(scheme, "11434")
    return f"{scheme or 'http'}://{host.replace('0.0.0.0', '127.0.0.1') or '127.0.0.1'}:{port or standard}"
