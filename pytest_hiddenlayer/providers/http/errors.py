"""What a server's refusal means: an error that says so in one line, and never shows the key."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from ...errors import ProviderError, TransientError
from .server import Server

PASSING = frozenset({408, 409, 425, 429})  # and every 5xx
SLOW_DOWN = frozenset({429, 503, 529})
SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error"})
_READ = 2000  # characters of a server's answer that its words are looked for in
_MOST = 300  # characters of them


def error_from_status(
    server: Server, status: int, headers: Mapping[str, str], body: bytes, hint: str = ""
) -> ProviderError:
    """The error for a status that is not 200; `headers` have names in lower case."""
    if 300 <= status < 400:
        place = urlsplit(headers.get("location", "")).hostname or "a place that it does not name"
        where = clean(place, server.key)
        return ProviderError(
            f"{server.subject}: HTTP {status}, a redirect to {where}; give the base URL it points to"
        )
    if status in (401, 403):
        hint = server.key_hint or hint
    words, kinds = _told(body)
    told = clean(words, server.key) or "no reason given"
    message = f"{server.subject}: HTTP {status}: {told}{f'; {hint}' if hint else ''}"
    if not (status in PASSING or status >= 500) or kinds & SPENT:
        return ProviderError(message, status=status)
    return TransientError(message, status=status, retry_after_s=retry_after_s(headers), slow_down=status in SLOW_DOWN)


def read_object(server: Server, body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises TransientError for anything else: a gateway's page, half an answer.

    Some gateways answer 200 with an error that has a status of its own; that is raised as such.
    """
    try:
        found = json.loads(body)
    except ValueError:
        start = clean(body.decode("utf-8", "replace"), server.key)
        raise TransientError(f"{server.subject}: HTTP 200 without JSON: {start[:80]!r}", status=200) from None
    if not isinstance(found, dict):
        raise TransientError(f"{server.subject}: HTTP 200 with {type(found).__name__}, not an object", status=200)
    error = found.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, int) and 400 <= code < 600:
        raise error_from_status(server, code, {}, body)
    return found


def malformed_response(server: Server, what: str, found: Mapping[str, Any]) -> TransientError:
    """The error for an answer whose main part is not there, or not of its form."""
    words = clean(_words(found) or f"it has {', '.join(sorted(found)) or 'nothing'}", server.key)
    return TransientError(f"{server.subject}: HTTP 200 without proper {what}: {words}", status=200)


@contextmanager
def reading(server: Server, what: str, found: Mapping[str, Any]) -> Iterator[None]:
    """Raise TransientError where an answer is not of the form that its API documents."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise malformed_response(server, what, found) from error


def clean(text: str, key: str | None) -> str:
    """The text in one short line, without the key; it is never cut before the key is out of it."""
    if key:
        text = text.replace(key, "[key]")
    line = " ".join(re.sub(r"<[^>]*>", " ", text[:_READ]).split())
    return line if len(line) <= _MOST else line[: _MOST - 1] + "…"


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after` (seconds or a date); None where neither can be read."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time())
    except ValueError:
        return None


def _told(body: bytes) -> tuple[str, set[str]]:
    """The server's words, and the type and code that it gives the error."""
    try:
        found = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace"), set()
    error = found.get("error") if isinstance(found, dict) else None
    kinds = {str(error.get(name)) for name in ("type", "code")} if isinstance(error, dict) else set()
    return (_words(found) if isinstance(found, dict) else "") or json.dumps(found), kinds


def _words(found: Mapping[str, Any]) -> str:
    error = found.get("error", found)
    words = error.get("message", "") if isinstance(error, dict) else error
    return words if isinstance(words, str) else ""
