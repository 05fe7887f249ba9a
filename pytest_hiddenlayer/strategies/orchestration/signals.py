"""What a learnt threshold is compared with: the confidence of a first answer, or a feature of the prompt."""

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
CONFIDENCES = ("mean_logprob", "p_true", "verbalized", "agreement")
"""The confidences of `cascade` that a stored run can have."""
SIGNALS = (*CONFIDENCES, *FEATURES)
"""What a threshold can be learnt for: confidences for a cascade, features for a router."""
