"""Faults on demand: `FAULT=kind` in the prompt fails every attempt, `FAULT=kind*2` only the first two.

A kind is an HTTP status, or

    drop       the connection is reset before any response
    cut        the connection ends in the middle of the body
    html       200 with a page of HTML        text     200 with plain text
    empty      200 with an empty object       garbage  200 with half of the JSON
    odd        200 with the documented names and values of wrong types
    quota      429 that says the quota is exceeded
    redirect   302 to another host
    bomb       200 with 64 MiB of blanks in 64 KiB of gzip
    brotli     200 in an encoding that the client did not ask for
    trickle    200, one byte a second
    overload   Anthropic's 529
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Mapping

from .replies import Reply

WANTED = re.compile(r"FAULT=([a-z0-9]+)(?:\*(\d+))?")
PAGE = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body>please wait</body></html>"
WORDS = {
    "400": "Unsupported parameter: 'temperature'",
    "401": "Incorrect API key provided",
    "404": "The model does not exist",
    "429": "Rate limit reached",
}


def draw(prompt: str, attempt: int, shares: Mapping[str, float]) -> str | None:
    """Return the kind of fault for this attempt, or None."""
    wanted = WANTED.search(prompt)
    if wanted:
        return wanted[1] if wanted[2] is None or attempt <= int(wanted[2]) else None
    chance = zlib.crc32(f"{prompt}#{attempt}".encode()) / 2**32
    for kind, share in shares.items():
        if chance < share:
            return kind
        chance -= share
    return None


def fault(kind: str, retry_after: str | None, key: str, path: str, whole: Callable[[], bytes] | None = None) -> Reply:
    """Return the faulty reply; `whole` makes the body that a reply without fault has."""
    if kind == "drop":
        return Reply(b"", drop=True)
    if kind == "cut":
        body = whole() if whole else b"{}"
        return Reply(body, drop=True, cut=len(body) // 2)
    if kind in _BODIES:
        body, headers = _BODIES[kind]()
        return Reply(body, headers=headers)
    if kind == "garbage":
        body = whole() if whole else b"{}"
        return Reply(body[: len(body) // 2])
    if kind == "trickle":
        return Reply(b" " * 3600, pause_s=1.0)
    if kind == "redirect":
        return Reply(b"", status=302, headers={"location": "http://elsewhere.example/v1/secret?path=1"})
    return _refusal({"quota": "429", "overload": "529"}.get(kind, kind), kind, retry_after, key, path)


def _refusal(status: str, kind: str, retry_after: str | None, key: str, path: str) -> Reply:
    message = WORDS.get(status, "The server had an error")
    if kind == "quota":
        message = "You exceeded your current quota, please check your plan and billing details."
    if status == "401":
        message += f": {key}."
    error = {"message": message, "type": _TYPES.get(kind, "error"), "code": _TYPES.get(kind), "param": None}
    body = {"error": message} if path.startswith("/api/") else {"type": "error", "error": error}
    headers = {} if retry_after is None or status not in ("429", "503") else {"retry-after": retry_after}
    return Reply(json.dumps(body).encode(), status=int(status), headers={**headers, "x-echo": key})


_TYPES = {"quota": "insufficient_quota", "429": "rate_limit_error", "overload": "overloaded_error"}
_BODIES: dict[str, Callable[[], tuple[bytes, dict[str, str]]]] = {
    "html": lambda: (PAGE, {"content-type": "text/html"}),
    "text": lambda: (b"upstream connect error", {"content-type": "text/plain"}),
    "empty": lambda: (b"{}", {}),
    "odd": lambda: (b'{"choices": ["x"], "content": [5], "output": 7, "message": 8, "done": true}', {}),
    "bomb": lambda: (gzip.compress(b" " * (64 << 20)), {"content-encoding": "gzip"}),
    "brotli": lambda: (b"\x0b\x02\x80{}\x03", {"content-encoding": "br"}),
}
