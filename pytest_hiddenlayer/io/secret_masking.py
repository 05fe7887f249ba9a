"""Masks secrets in command lines and messages: passwords and queries of URLs, secret options, API keys."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

MASK = "[masked]"
MIN_LENGTH = 8
"""A shorter value of the environment is no key, and may appear in any text."""

_SECRET_NAME = r"[\w-]*(?:api[-_]?key|access[-_]?key|private[-_]?key|token|secret|password|passwd|credentials?)"
_USER = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#@'\"]*(?:@[^\s/?#@'\"]*)*@")
_QUERY = re.compile(r"(?P<url>[A-Za-z][A-Za-z0-9+.-]*://[^\s?#'\"]*)\?(?P<query>[^\s#'\"]+)")
_ASSIGNED = re.compile(rf"(?P<name>(?<![\w-])-{{0,2}}{_SECRET_NAME})=(?P<value>[^\s&'\"]+)", re.IGNORECASE)
_SECRET_OPTION = re.compile(rf"-{{1,2}}{_SECRET_NAME}", re.IGNORECASE)
_BEARER = re.compile(r"(?i)\b(?P<scheme>bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_KEY = re.compile(r"\b(?:sk|pk|rk|xai|gsk|hf|ghp|github_pat)[-_][A-Za-z0-9_-]{16,}")
_VARIABLE = re.compile(r"(?:^|_)(?:API_KEY|KEY|TOKEN|SECRET|PASSWORD)$")


def mask_secrets(text: str) -> str:
    """The text with `[masked]` for users and passwords of URLs, values of queries, keys and tokens."""
    for value in _keys_of_environment():
        text = text.replace(value, MASK)
    text = _USER.sub(rf"\g<scheme>{MASK}@", text)
    text = _QUERY.sub(lambda match: f"{match['url']}?{_without_values(match['query'])}", text)
    text = _ASSIGNED.sub(rf"\g<name>={MASK}", text)
    text = _BEARER.sub(rf"\g<scheme> {MASK}", text)
    return _KEY.sub(MASK, text)


def mask_arguments(arguments: Sequence[str]) -> list[str]:
    """The arguments of a command without secrets; the word after an option such as `--api-token` is masked too."""
    before = ["", *arguments]
    return [
        MASK if _SECRET_OPTION.fullmatch(previous) and not word.startswith("-") else mask_secrets(word)
        for previous, word in zip(before, arguments, strict=False)
    ]


def _without_values(query: str) -> str:
    """`a=1&b=2` → `a=[masked]&b=[masked]`."""
    names = (part.partition("=") for part in query.split("&"))
    return "&".join(f"{name}={MASK}" if equals else MASK for name, equals, _ in names)


def _keys_of_environment() -> Iterator[str]:
    for name, value in os.environ.items():
        if len(value) >= MIN_LENGTH and _VARIABLE.search(name):
            yield value
