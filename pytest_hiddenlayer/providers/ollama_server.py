"""An Ollama server: its URL, its models and their context length."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from ..errors import ProviderUnavailableError, UsageError, did_you_mean
from ..types import Message
from .http.errors import clean
from .http.server import (
    Server,
    key_hint,
    request_json,
    unreachable_error,
    validate_model,
    validate_url,
    with_hint,
    withheld_key,
)

VENDOR = "https://ollama.com"
PORT = 11434
MIN_CONTEXT = 4096  # tokens; at least the default of a server


def find_server(model: str | None, base_url: str | None, *, send_key: bool = True) -> Server:
    """Return the server and its model. Raises ProviderUnavailableError if either does not exist.

    Without `base_url`, `OLLAMA_HOST` applies, in every form that Ollama accepts. Without `send_key` only
    Ollama's own cloud gets the key.
    """
    validate_model(model, "ollama")
    url = validate_url(base_url) if base_url else host_url(os.environ.get("OLLAMA_HOST", ""))
    withheld = "" if url == VENDOR or url.startswith(f"{VENDOR}/") else _withheld(url, send_key)
    key = None if withheld else os.environ.get("OLLAMA_API_KEY", "").strip() or None
    try:
        digests = {str(entry["model"]): str(entry.get("digest") or "") for entry in _models(url, key)}
    except (OSError, HTTPException) as error:
        raise unreachable_error(url, "ollama", error) from error
    except (ValueError, KeyError, TypeError) as error:
        reason = with_hint(error, key_hint(withheld, "ollama", url))
        raise ProviderUnavailableError(
            f"provider 'ollama': the server at {url} is not an Ollama server ({type(error).__name__}: {reason})"
        ) from error
    name = _installed_name(model, list(digests), url)
    return Server(provider="ollama", model=name, url=url, key=key, fingerprint=digests[name], withheld=withheld)


def local_models() -> list[tuple[str, int | None]]:
    """Return (name, bytes) of each model of a server on this machine; none if there is no server. Sends no key."""
    url = host_url(os.environ.get("OLLAMA_HOST", ""))
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        return []
    try:
        models = _models(url, None)
        return [(str(m["model"]), m["size"] if isinstance(m.get("size"), int) else None) for m in models]
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return []


def _withheld(url: str, send_key: bool) -> str:
    host = os.environ.get("OLLAMA_HOST", "")
    env_url = host_url(host) if host.strip() and not send_key else ""
    return withheld_key("OLLAMA_API_KEY", url, env_url, send_key=send_key)


def _models(url: str, key: str | None) -> list[Mapping[str, Any]]:
    models: list[Mapping[str, Any]] = request_json("GET", f"{url}/api/tags", key)["models"]
    return models


def host_url(host: str) -> str:
    """Return the URL for a value of `OLLAMA_HOST`: scheme and port are optional, 0.0.0.0 means this machine."""
    host = host.strip() or "127.0.0.1"
    url = validate_url(host if "://" in host else f"http://{host}")
    parts = urlsplit(url)
    name = "127.0.0.1" if parts.hostname == "0.0.0.0" else parts.hostname or ""
    name = f"[{name}]" if ":" in name else name
    default_port = PORT if "://" not in host else {"https": 443}.get(parts.scheme, 80)
    return f"{parts.scheme}://{name}:{parts.port or default_port}{parts.path}"


def show_model(server: Server) -> tuple[int | None, bool]:
    """Return (context length of the model in tokens, None if the server does not report it; whether it thinks)."""
    try:
        shown = request_json("POST", f"{server.url}/api/show", server.key, {"model": server.model})
        lengths = (int(value) for name, value in shown["model_info"].items() if name.endswith(".context_length"))
        return next(lengths, None), "thinking" in (shown.get("capabilities") or ())
    except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError):
        return None, False


def context_size(messages: Sequence[Message], max_tokens: int, limit: int | None) -> int:
    """Return the tokens of context to request: a power of two that fits prompt and response, at most `limit`.

    A prompt counts one token per three bytes, which real text stays below.
    """
    needed = max_tokens + 16 + sum(16 + len(message.content.encode()) // 3 for message in messages)
    size = MIN_CONTEXT
    while size < needed:
        size *= 2
    return size if limit is None else min(size, limit)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(clean(name, None) for name in names[:20])


def _installed_name(model: str | None, names: Sequence[str], url: str) -> str:
    if model is None:
        if len(names) == 1:
            validate_model(names[0], "ollama")
            return names[0]
        raise UsageError(
            f"the Ollama server at {url} has {len(names)} models: name one with --provider ollama:MODEL "
            f"({_shown(names) or 'pull one with `ollama pull MODEL`'})"
        )
    for name in (model, f"{model}:latest"):
        if name in names:
            return name
    short = {name.removesuffix(":latest"): name for name in names}
    raise ProviderUnavailableError(
        f"the Ollama server at {url} has no model {model!r}{did_you_mean(model, [*names, *short])} "
        f"(ollama pull {model}; it has {_shown(names) or 'none'})"
    )
