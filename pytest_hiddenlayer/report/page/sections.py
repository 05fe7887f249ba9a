"""Sections of a page: JSON, deflated and base64-encoded, so that a browser inflates them on demand."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

LEVEL = 6  # of zlib: 9 takes three times as long and saves 2 %


def section(name: str, value: Any) -> str:
    """The element with the id `hl-NAME` that holds a JSON value."""
    return encoded_section(name, json.dumps(value, ensure_ascii=False, allow_nan=False).encode())


def encoded_section(name: str, content: bytes) -> str:
    """The element with the id `hl-NAME` that holds UTF-8 encoded JSON."""
    data = base64.b64encode(zlib.compress(content, LEVEL)).decode("ascii")
    return f'<script type="text/plain" id="hl-{name}">{data}</script>\n'
