"""JSON that every reader takes: without NaN, infinity and lone surrogates."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


def portable_json(value: Any) -> str:
    r"""The value as JSON on one line: null for NaN and infinity, the text `\ud800` for a lone surrogate."""
    text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)
    return _SURROGATE.sub(lambda match: f"\\\\u{ord(match[0]):04x}", text)


def encodable_text(text: str) -> str:
    """The text with escapes in place of lone surrogates, which UTF-8 cannot hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(name): _finite(inner) for name, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value
