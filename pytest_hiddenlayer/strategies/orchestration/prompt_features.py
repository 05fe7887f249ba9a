"""What is known of a prompt before any model is asked, for routers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

FEATURES: Mapping[str, Callable[[str], int]] = MappingProxyType(
    {
        "words": lambda prompt: len(prompt.split()),
        "numbers": lambda prompt: len(re.findall(r"\d+(?:[.,]\d+)*", prompt)),
    }
)
"""Name → what is counted in a rendered prompt without its system message."""
