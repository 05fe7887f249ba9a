"""Messages between the broker and its clients: lines of JSON.

A client sends {"id", "do", "provider", "model", ...}, with "do" one of "open", "complete" and
"cancel", or, for calls that it makes itself, "reserve", "commit" and "hold" with amounts. The broker
replies {"id", "ok": ...} or {"id", "error": {"kind", "message"}}.
"""

from __future__ import annotations

import json
from typing import Any

from ... import errors
from ...errors import HiddenLayerError, ProviderError

MAX_MESSAGE_BYTES = 64 * 1024 * 1024


def encode_line(message: dict[str, Any]) -> bytes:
    """One message as a line; a lone surrogate is escaped."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def error_to_json(error: BaseException) -> dict[str, str]:
    """The error's class name and message; an error from outside this package becomes a ProviderError."""
    if isinstance(error, HiddenLayerError):
        return {"kind": type(error).__name__, "message": str(error)}
    return {"kind": "ProviderError", "message": f"{type(error).__name__}: {error}"}


def error_from_json(values: dict[str, str]) -> HiddenLayerError:
    """The error. A class that cannot be constructed from a message alone becomes its nearest base class."""
    kind = getattr(errors, values["kind"], ProviderError)
    for base in kind.__mro__:
        try:
            error = base(values["message"])
        except TypeError:
            continue
        if isinstance(error, HiddenLayerError):
            return error
    return ProviderError(values["message"])
