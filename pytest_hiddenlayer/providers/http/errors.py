"""Exceptions for HTTP statuses and malformed responses: one line each, never with the key."""

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

TRANSIENT = frozenset({408, 409, 425, 429})  # and every 5xx
SLOW_DOWN = frozenset({429, 503, 529})
QUOTA_EXCEEDED = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error"}
)
_TAG = re.compile(r"<[^>]*>")
_MAX_READ_CHARS = 2000  # of a response, from which the message is taken
_MAX_SHOWN_CHARS = 300  # of a message
_MIN_KEY_CHARS = 8  # a shorter key may be a word of any answer


def error_from_status(
    server: Server, status: int, headers: Mapping[str, str], body: bytes, hint: str = ""
) -> ProviderError:
    """Return the exception for a status other than 200; the names in `headers` are lower-case."""
    if 300 <= status < 400:
        host = clean(urlsplit(headers.get("location", "")).hostname or "an unnamed host", server.key)
        return ProviderError(
            f"{server.subject}: HTTP {status}, a redirect to {host}; set the base URL to the address it points to"
        )
    if status in (401, 403):
        hint = server.key_hint or hint
    text, codes = _parse_error(body)
    reason = clean(text, server.key) or "no reason given"
    message = f"{server.subject}: HTTP {status}: {reason}{f'; {hint}' if hint else ''}"
    if not (status in TRANSIENT or status >= 500) or codes & QUOTA_EXCEEDED:
        return ProviderError(message, status=status)
    return TransientError(message, status=status, retry_after_s=retry_after_s(headers), slow_down=status in SLOW_DOWN)


def read_object(server: Server, body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body. Raises TransientError for anything else, such as an HTML page.

    Some gateways answer 200 with an error object that has its own status; this raises the error of that status.
    A server that repeats the key in its answer does not bring it into records, reports and cassettes.
    """
    if server.key is not None and len(server.key) >= _MIN_KEY_CHARS:
        body = body.replace(server.key.encode(), b"[key]")
    try:
        response = json.loads(body)
    except ValueError:
        start = clean(body.decode("utf-8", "replace"), server.key)
        raise TransientError(f"{server.subject}: HTTP 200 without JSON: {start[:80]!r}", status=200) from None
    if not isinstance(response, dict):
        raise TransientError(f"{server.subject}: HTTP 200 with {type(response).__name__}, not an object", status=200)
    error = response.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, int) and 400 <= code < 600:
        raise error_from_status(server, code, {}, body)
    return response


def malformed_response(server: Server, field: str, response: Mapping[str, Any]) -> TransientError:
    """Return the exception for a response whose main field is missing or malformed."""
    reason = clean(_error_text(response) or f"it has {', '.join(sorted(response)) or 'nothing'}", server.key)
    return TransientError(f"{server.subject}: HTTP 200 without valid {field}: {reason}", status=200)


@contextmanager
def require_format(server: Server, field: str, response: Mapping[str, Any]) -> Iterator[None]:
    """Raise TransientError if the block finds that the response does not have the documented format."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise malformed_response(server, field, response) from error


def clean(text: str, key: str | None) -> str:
    """Return the text as one short line without the key. The key is removed before the text is truncated."""
    if key:
        without_tags = _TAG.sub("", text)
        text = (without_tags if key in without_tags else text).replace(key, "[key]")
    line = " ".join(_TAG.sub(" ", text[:_MAX_READ_CHARS]).split())
    return line if len(line) <= _MAX_SHOWN_CHARS else line[: _MAX_SHOWN_CHARS - 1] + "…"


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds in `retry-after-ms` or `retry-after` (seconds or a date); None if neither is valid."""
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


def _parse_error(body: bytes) -> tuple[str, set[str]]:
    """Return the server's message, and the type and code of its error."""
    try:
        response = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace"), set()
    error = response.get("error") if isinstance(response, dict) else None
    codes = {str(error.get(name)) for name in ("type", "code")} if isinstance(error, dict) else set()
    return (_error_text(response) if isinstance(response, dict) else "") or json.dumps(response), codes


def _error_text(response: Mapping[str, Any]) -> str:
    error = response.get("error", response)
    text = error.get("message", "") if isinstance(error, dict) else error
    return text if isinstance(text, str) else ""
