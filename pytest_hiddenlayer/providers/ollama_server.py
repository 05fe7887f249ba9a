"""An Ollama server: where it is, which models it has, how much they read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from ..errors import ProviderUnavailableError, UsageError, did_you_mean
from ..types import Message
from .http.server import Server, ask_json, checked_model, key_hint, unanswered, validate_url, with_hint, withheld_key

VENDOR = "https://ollama.com"
PORT = 11434
LEAST_CONTEXT = 4096  # tokens; what a server takes by itself, or more


def find(model: str | None, base_url: str | None, *, send_key: bool = True) -> Server:
    """The server with its model. Raises ProviderUnavailableError where either is not there.

    Without `base_url`, `OLLAMA_HOST` counts, in the forms that Ollama itself takes. Without `send_key` only
    Ollama's own cloud gets the key.
    """
    checked_model(model, "ollama")
    url = validate_url(base_url) if base_url else host_url(os.environ.get("OLLAMA_HOST", ""))
    withheld = "" if url == VENDOR or url.startswith(f"{VENDOR}/") else _withheld(url, send_key)
    key = None if withheld else os.environ.get("OLLAMA_API_KEY", "").strip() or None
    try:
        digests = {str(one["model"]): str(one.get("digest") or "") for one in _models(url, key)}
    except (OSError, HTTPException) as error:
        raise unanswered(url, "ollama", error) from error
    except (ValueError, KeyError, TypeError) as error:
        why = with_hint(error, key_hint(withheld, "ollama", url))
        raise ProviderUnavailableError(
            f"provider 'ollama': what answers at {url} is no Ollama server ({type(error).__name__}: {why})"
        ) from error
    name = _installed(model, list(digests), url)
    return Server(provider="ollama", model=name, url=url, key=key, fingerprint=digests[name], withheld=withheld)


def _withheld(url: str, send_key: bool) -> str:
    host = os.environ.get("OLLAMA_HOST", "")
    own_url = host_url(host) if host.strip() and not send_key else ""
    return withheld_key("OLLAMA_API_KEY", url, own_url, send_key=send_key)


def _models(url: str, key: str | None) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = ask_json("GET", f"{url}/api/tags", key)["models"]
    return found


def host_url(host: str) -> str:
    """The URL that `OLLAMA_HOST` means: scheme and port may be left out, and 0.0.0.0 is this machine."""
    host = host.strip() or "127.0.0.1"
    url = validate_url(host if "://" in host else f"http://{host}")
    parts = urlsplit(url)
    name = "127.0.0.1" if parts.hostname == "0.0.0.0" else parts.hostname or ""
    name = f"[{name}]" if ":" in name else name
    bare = PORT if "://" not in host else {"https": 443}.get(parts.scheme, 80)
    return f"{parts.scheme}://{name}:{parts.port or bare}{parts.path}"


def context_length(server: Server) -> int | None:
    """Tokens that the model reads at most; None where the server does not tell."""
    try:
        told = ask_json("POST", f"{server.url}/api/show", server.key, {"model": server.model})["model_info"]
        return next((int(value) for name, value in told.items() if name.endswith(".context_length")), None)
    except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError):
        return None


def room(messages: Sequence[Message], max_tokens: int, most: int | None) -> int:
    """Tokens of context for a prompt and its answer: a power of two, at most what the model reads.

    A prompt is taken for a token in three bytes, which real text stays below.
    """
    needed = max_tokens + 16 + sum(16 + len(message.content.encode()) // 3 for message in messages)
    found = LEAST_CONTEXT
    while found < needed:
        found *= 2
    return found if most is None else min(found, most)


def _installed(model: str | None, names: Sequence[str], url: str) -> str:
    if model is None:
        if len(names) == 1:
            return names[0]
        raise UsageError(
            f"the Ollama server at {url} has {len(names)} models: name one with --provider ollama:MODEL "
            f"({', '.join(names[:20]) or 'pull one with `ollama pull MODEL`'})"
        )
    for name in (model, f"{model}:latest"):
        if name in names:
            return name
    short = {name.removesuffix(":latest"): name for name in names}
    raise ProviderUnavailableError(
        f"the Ollama server at {url} has no model {model!r}{did_you_mean(model, [*names, *short])} "
        f"(ollama pull {model}; it has {', '.join(names[:20]) or 'none'})"
    )
