"""Exceptions for HTTP statuses and malformed responses: one line each, never with the key."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from ...errors import ProviderError, TransientError
from ...extensions.secret_masking import is_random, mask_keys
from ...io.limited_json import parse_json
from .server import Server

TRANSIENT = frozenset({408, 409, 425, 429})  # and every 5xx
SLOW_DOWN = frozenset({429, 503, 529})
QUOTA_EXCEEDED = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error"}
)
REJECTED = frozenset({400, 422})
"""Statuses of a request that the server understood and does not accept as it is."""
_INVALID = frozenset({"invalid_request_error"})
"""With status 403, the type of an error about the request ("not allowed to request logprobs"), not about the key."""
ERROR_STATUS = {
    **dict.fromkeys(("invalid_request_error", "invalid_request", "invalid_prompt", "context_length_exceeded"), 400),
    **dict.fromkeys(("invalid_argument", "badrequesterror", "bad_request", "content_policy_violation"), 400),
    **dict.fromkeys(("authentication_error", "invalid_api_key", "unauthenticated"), 401),
    "billing_error": 402,
    **dict.fromkeys(("permission_error", "permission_denied"), 403),
    **dict.fromkeys(("not_found_error", "not_found", "model_not_found"), 404),
    "request_too_large": 413,
    **dict.fromkeys(("rate_limit_error", "rate_limit_exceeded", "too_many_requests", "resource_exhausted"), 429),
    **dict.fromkeys(QUOTA_EXCEEDED - {"billing_error"}, 429),
    **dict.fromkeys(("api_error", "server_error", "internal_error", "internal_server_error"), 500),
    "vector_store_timeout": 500,
    **dict.fromkeys(("service_unavailable", "unavailable", "engine_overloaded"), 503),
    **dict.fromkeys(("timeout_error", "deadline_exceeded"), 504),
    **dict.fromkeys(("overloaded_error", "overloaded"), 529),
}
"""Code or type of an error inside a response, in lower case → the HTTP status of a single call.

From Anthropic's documentation of errors (in `anthropic.types.shared.error_type`), OpenAI's codes
(`openai.types.responses.ResponseError`, goai#88) and Google's names of statuses.
"""
WEB_PAGE = "with a web page"
"""In the message about a response with status 200 that is one."""
MAX_BODY_BYTES = 8 << 20
"""Of one response after decompression, or of one event of a stream."""
MAX_EVENTS_BYTES = 16 << 20
"""Of a whole stream after decompression."""
_TAG = re.compile(r"<[^<>]*>")  # without `<` inside, which would take quadratic time
_MAX_READ_CHARS = 2000  # of a response, from which the message is taken
_MAX_SEARCHED_CHARS = 4000  # of a response, in which hints and refused parameters are looked for
_MAX_SHOWN_CHARS = 300  # of a message
_MAX_MASKED_CHARS = 20_000
_MIN_KEY_CHARS = 8  # a shorter key may be a word of any answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """What a server says about a request that it does not accept."""

    text: str  # its message, with the locations of invalid fields
    param: str = ""  # the field that it names apart from the message
    codes: frozenset[str] = frozenset()  # type and code of the error


class RejectedError(ProviderError):
    """A server rejected a request with status 400 or 422; without one of its parameters it may accept it."""

    def __init__(self, message: str, *, status: int | None = None, rejection: Rejection) -> None:
        super().__init__(message, status=status)
        self.rejection = rejection


def error_from_status(
    server: Server, status: int, headers: Mapping[str, str], body: bytes, hint: str = ""
) -> ProviderError:
    """Return the exception for a status other than 200; the names in `headers` are lower-case."""
    if 300 <= status < 400:
        host = clean(_host(headers.get("location", "")) or "an unnamed host", server.key)
        return ProviderError(
            f"{server.subject}: HTTP {status}, a redirect to {host}; set the base URL to the address it points to"
        )
    if status in (401, 403):
        hint = server.key_hint or hint
    rejection = _parse_error(body)
    reason = clean(rejection.text, server.key) or "no reason given"
    message = f"{server.subject}: HTTP {status}: {reason}{f'; {hint}' if hint else ''}"
    if status in REJECTED or (status == 403 and rejection.codes >= _INVALID):
        return RejectedError(message, status=status, rejection=rejection)
    if not (status in TRANSIENT or status >= 500) or rejection.codes & QUOTA_EXCEEDED:
        return ProviderError(message, status=status)
    return TransientError(message, status=status, retry_after_s=retry_after_s(headers), slow_down=status in SLOW_DOWN)


def read_object(server: Server, body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body. Raises TransientError for anything else, such as an HTML page.

    Some gateways answer 200 with an error object that has its own status; this raises the error of that status.
    A server that repeats a key does not bring it into records; a long key is masked with a warning, in
    `calls.reported_values`.
    """
    if len(body) > MAX_BODY_BYTES:
        raise ProviderError(f"{server.subject}: the response is larger than {MAX_BODY_BYTES >> 20} MiB")
    if server.key is not None and len(server.key) >= _MIN_KEY_CHARS and not is_random(server.key):
        body = body.replace(server.key.encode(), b"[key]")
    try:
        response = parse_json(body)
    except ValueError as refusal:
        body = body[:_MAX_SEARCHED_CHARS]
        start = clean(body.decode("utf-8", "replace"), server.key)
        is_json = not isinstance(refusal, json.JSONDecodeError | UnicodeDecodeError)
        found = f"with JSON that is refused ({refusal})" if is_json else "without JSON"
        found = f"{WEB_PAGE}, not JSON" if body.lstrip().startswith(b"<") else found
        raise TransientError(f"{server.subject}: HTTP 200 {found}: {start[:80]!r}", status=200) from None
    if not isinstance(response, dict):
        raise TransientError(f"{server.subject}: HTTP 200 with {type(response).__name__}, not an object", status=200)
    error = response.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, int) and 400 <= code < 600:
        raise error_from_status(server, code, {}, body)
    return response


def malformed_response(server: Server, field: str, response: Mapping[str, Any]) -> TransientError:
    """Return the exception for a response whose main field is missing or malformed."""
    reason = clean(_error_text(response) or f"it has {', '.join(sorted(response)[:20]) or 'nothing'}", server.key)
    return TransientError(f"{server.subject}: HTTP 200 without valid {field}: {reason}", status=200)


@contextmanager
def require_format(server: Server, field: str, response: Mapping[str, Any]) -> Iterator[None]:
    """Raise TransientError if the block finds that the response does not have the documented format."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise malformed_response(server, field, response) from error


def clean(text: str, key: str | None) -> str:
    """Return the text as one short, printable line without the key, which is removed before the text is truncated."""
    if key:
        start = mask_keys(text[:_MAX_MASKED_CHARS].replace(key, "[key]"), [key], "[key]")
        text = start if len(text) <= _MAX_MASKED_CHARS else start[: -len(key)]  # the end may be a part of it
    line = " ".join(_TAG.sub(" ", text[:_MAX_READ_CHARS]).split())[:_MAX_READ_CHARS]
    line = "".join(character if character.isprintable() else " " for character in line)
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


def _host(location: str) -> str | None:
    """Return the host of a redirect's address; None if it names none."""
    try:
        return urlsplit(location).hostname
    except ValueError:
        return None


def error_of(response: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the error in a response or an event: nested, flat (`type: error`), or of its first choice."""
    choice = next(iter(response.get("choices") or ()), None) if isinstance(response.get("choices"), list) else None
    for error in (response.get("error"), choice.get("error") if isinstance(choice, Mapping) else None):
        if isinstance(error, str) and error:
            return {"message": error}
        if isinstance(error, Mapping):
            return error
    return response if response.get("type") == "error" else None


def error_in_response(
    server: Server, error: Mapping[str, Any], hint: Callable[[int, str], str] = lambda *_: ""
) -> ProviderError:
    """Return the exception for an error inside a response with status 200; without a known code it is transient."""
    status, body = error_status(error), json.dumps({"error": dict(error)})
    if status is None:
        reason = clean(_error_text({"error": error}) or body, server.key)
        return TransientError(f"{server.subject}: HTTP 200 with an error: {reason}", status=200)
    return error_from_status(server, status, {}, body.encode(), hint(status, body))


def error_status(error: Mapping[str, Any]) -> int | None:
    """Return the HTTP status for the code or the type of an error; None if neither is known."""
    for name in ("code", "status", "type"):
        value = error.get(name)
        number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 10 else value
        if isinstance(number, int) and 400 <= number < 600:
            return number
        if isinstance(value, str) and value.lower() in ERROR_STATUS:
            return ERROR_STATUS[value.lower()]
    return None


def _parse_error(body: bytes) -> Rejection:
    """Return the server's message and what else it says about the error."""
    try:
        response = parse_json(body)
    except ValueError:
        return Rejection(text=body[:_MAX_SEARCHED_CHARS].decode("utf-8", "replace"))
    if isinstance(response, list) and response and isinstance(response[0], dict):
        response = response[0]  # Gemini's compatible endpoint
    if not isinstance(response, dict):
        return Rejection(text=json.dumps(response)[:_MAX_SEARCHED_CHARS])
    error = response.get("error")
    fields = error if isinstance(error, dict) else response
    codes = {str(fields.get(name)) for name in ("type", "code", "status")} if isinstance(error, dict) else set()
    param = fields.get("param")
    return Rejection(
        text=(_error_text(response) or json.dumps(response))[:_MAX_SEARCHED_CHARS],
        param=param[:_MAX_SHOWN_CHARS] if isinstance(param, str) else "",
        codes=frozenset(codes),
    )


def _error_text(response: Mapping[str, Any]) -> str:
    """Return the message of an error, with the fields that FastAPI lists and the error that OpenRouter passes on."""
    error = response.get("error", response)
    if not isinstance(error, dict):
        return error if isinstance(error, str) else ""
    text = error.get("message") or error.get("detail") or ""
    if isinstance(text, dict):
        text = text.get("detail") or text.get("message") or ""
    if isinstance(text, list):
        text = "; ".join(map(_field_error, text))
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return (
        f"{text}: {raw}" if isinstance(text, str) and isinstance(raw, str) else text if isinstance(text, str) else ""
    )


def _field_error(detail: object) -> str:
    """Return `body.seed: Extra inputs are not permitted`, without the input that FastAPI repeats."""
    if not isinstance(detail, dict):
        return str(detail)
    location = detail.get("loc")
    path = ".".join(map(str, location)) if isinstance(location, list) else ""
    return f"{path}: {detail.get('msg') or detail.get('message') or ''}"
