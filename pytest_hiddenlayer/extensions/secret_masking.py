"""Masks secrets in command lines and messages: passwords and queries of URLs, secret options, API keys."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

MASK = "[masked]"
_PART_CHARS = 100_000  # of a text that are looked through at once, so that it is not copied whole
_OVERLAP_CHARS = 5000
_PIECE = 6  # characters of a key that are looked for first
_OF_EACH_TEST = "PYTEST_CURRENT_TEST"
MIN_LENGTH = 8
"""A shorter value of the environment is no key, and may appear in any text."""

_SECRET_NAME = r"[\w-]*(?:api[-_]?key|access[-_]?key|private[-_]?key|token|secret|password|passwd|credentials?)"
_USER = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#@'\"]*(?:@[^\s/?#@'\"]*)*@")
_QUERY = re.compile(r"(?P<url>[A-Za-z][A-Za-z0-9+.-]*://[^\s?#'\"]*)\?(?P<query>[^\s#'\"]+)")
_ASSIGNED = re.compile(rf"(?P<name>(?<![\w-])-{{0,2}}{_SECRET_NAME})=(?P<value>[^\s&'\"]+)", re.IGNORECASE)
_SECRET_OPTION = re.compile(rf"-{{1,2}}{_SECRET_NAME}", re.IGNORECASE)
_BEARER = re.compile(r"(?i)\b(?P<scheme>bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_KEY = re.compile(r"\b(?:sk|pk|rk|xai|gsk|hf|ghp|github_pat)[-_][A-Za-z0-9_-]{16,}")
_VARIABLE = re.compile(r"(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)
_PASSWORD = re.compile(r"://[^\s/:@]*:([^\s/@]+)@")
_PERCENT = re.compile(r"%[0-9a-f]{2}")
_TAG = re.compile(r"<[^<>]{0,200}>")
_ESCAPE = re.compile(r"\\+(?:u00([0-9a-f]{2})|x([0-9a-f]{2}))")


def mask_secrets(text: str) -> str:
    """The text with `[masked]` for users and passwords of URLs, values of queries, keys and tokens."""
    text = mask_keys(text, secrets_of_environment())
    text = _USER.sub(rf"\g<scheme>{MASK}@", text)
    text = _QUERY.sub(lambda match: f"{match['url']}?{_without_values(match['query'])}", text)
    text = _ASSIGNED.sub(rf"\g<name>={MASK}", text)
    text = _BEARER.sub(rf"\g<scheme> {MASK}", text)
    return _KEY.sub(MASK, text)


def mask_keys(text: str, keys: Sequence[str], mask: str = MASK) -> str:
    """The text with `mask` for each key: as it is, in base64, in hexadecimal digits, escaped, or split by tags.

    If a key cannot be cut out, `mask` is the whole text.
    """
    for key in held_keys(text, keys):
        text = _pattern(key).sub(mask, text)
        text = mask if held_keys(text, [key]) else text
    return text


def mask_values(value: Any, keys: Sequence[str]) -> Any:
    """A value of JSON types with every key in its texts masked; the same object if no text has a key."""
    if not keys:
        return value
    texts: list[str] = []
    _collect_texts(value, texts)
    held = held_keys("\0".join(texts), keys)
    return _masked(value, held) if held else value


def held_keys(text: str, keys: Sequence[str]) -> list[str]:
    """The keys that a text has, in one of the forms that `mask_keys` names."""
    if not keys or not text:
        return []
    held: dict[str, None] = {}
    for start in range(0, len(text), _PART_CHARS):
        lower = text[start : start + _PART_CHARS + _OVERLAP_CHARS].lower()
        readings = _readings(lower)
        if not _may_hold(readings, tuple(keys)):
            continue
        held |= {key: None for key in keys if any(form in text for form in _forms(key) for text in readings)}
    return list(held)


def secrets_of_environment(min_length: int = MIN_LENGTH) -> tuple[str, ...]:
    """The values of variables such as OPENAI_API_KEY, and passwords in addresses and headers in others."""
    global _known
    state = _state_of_environment()
    if state != _known[0]:
        _known = (state, tuple(dict.fromkeys(_secrets(current_environment()))))
    return tuple(value for value in _known[1] if len(value) >= min_length)


def random_secrets() -> tuple[str, ...]:
    """Those of `secrets_of_environment` that no answer has by chance."""
    return _random_ones(secrets_of_environment())


@lru_cache(maxsize=8)
def _random_ones(secrets: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(is_random, secrets))


def current_environment() -> dict[str, str]:
    """The variables of the environment, without the one that pytest sets for every test.

    `dict(os.environ)` raises KeyError if another thread removes a variable meanwhile.
    """
    values = ((name, os.environ.get(name)) for name in list(os.environ) if name != _OF_EACH_TEST)
    return {name: value for name, value in values if value is not None}


def _state_of_environment() -> dict[Any, Any]:
    """What is equal while the environment is: computed twice per item or more, so from what Python has encoded."""
    encoded = vars(os.environ).get("_data")
    if not isinstance(encoded, dict):
        return dict(current_environment())
    state = encoded.copy()  # in one step, whatever other threads do
    for name in (_OF_EACH_TEST, _OF_EACH_TEST.encode()):
        state.pop(name, None)
    return state


def is_random(value: str) -> bool:
    """Whether a value is so long and mixed that no answer has it by chance."""
    return len(value) >= 16 and any(map(str.isdigit, value)) and any(map(str.isalpha, value))


_known: tuple[dict[Any, Any], tuple[str, ...]] = ({}, ())  # a state of the environment, and its secrets


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


def _secrets(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if len(value) < MIN_LENGTH:
            continue
        if _VARIABLE.search(name):
            yield value.strip()
        elif "HEADERS" in name:
            yield from (word for word in re.split(r"[\s:,;]+", value) if len(word) >= MIN_LENGTH and is_random(word))
        elif "://" in value and (user := _PASSWORD.search(value)) is not None and len(user[1]) >= MIN_LENGTH:
            yield user[1]


@lru_cache(maxsize=64)
def _forms(key: str) -> tuple[str, ...]:
    """The texts of a key in lower case: as it is, base64 at each of three offsets, hexadecimal, escaped."""
    data = key.encode("utf-8", "surrogateescape")
    forms = [key, data.hex(), json.dumps(key)[1:-1], quote(key, safe=""), key[::-1]]
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            code = encode(bytes(offset) + data).decode().rstrip("=")
            forms.append(code[-(-offset * 8 // 6) : -1])  # what neighbours do not change
    return tuple(dict.fromkeys(form.lower() for form in forms if len(form) >= MIN_LENGTH))


def _may_hold(texts: Sequence[str], keys: tuple[str, ...]) -> bool:
    """Whether a form of a key may be in one of the texts; false for most texts, in a fraction of the time.

    Every form is so long that it covers one of the pieces that are looked at.
    """
    pieces, step = _pieces(keys)
    return not all(
        pieces.isdisjoint([text[start : start + _PIECE] for start in range(0, len(text), step)]) for text in texts
    )


@lru_cache(maxsize=16)
def _pieces(keys: tuple[str, ...]) -> tuple[frozenset[str], int]:
    """(all pieces of all forms of the keys, the distance of those to look at in a text)."""
    forms = [form for key in keys for form in _forms(key)]
    pieces = frozenset(form[at : at + _PIECE] for form in forms for at in range(len(form) - _PIECE + 1))
    return pieces, min(map(len, forms), default=MIN_LENGTH) - _PIECE + 1


@lru_cache(maxsize=64)
def _pattern(key: str) -> re.Pattern[str]:
    """An expression for all forms, with escapes in place of characters and tags between them."""
    between = r"(?:\s|<[^<>]{0,200}>){0,9}"
    forms = (between.join(map(_any_escape, form)) for form in _forms(key))
    return re.compile("|".join(forms), re.IGNORECASE)


def _any_escape(character: str) -> str:
    number = ord(character)
    numbers = {f"{number:x}", f"{ord(character.upper()):x}"}
    digits = "|".join(sorted(numbers))
    decimals = "|".join(sorted({str(number), str(ord(character.upper()))}))
    return (
        rf"(?:{re.escape(character)}|%(?:{digits})|\\+u0{{0,2}}(?:{digits})|\\+x(?:{digits})|"
        rf"&#0*(?:{decimals});|&#x0*(?:{digits});)"
    )


def _readings(lower: str) -> list[str]:
    """A text in lower case as it is, and as its reader may see it: without spaces, escapes and tags.

    A key may be in a tag as well as around it, and a tag may be escaped.
    """
    unescaped = _unescaped(lower)
    texts = [unescaped]
    if "<" in unescaped:
        texts += [_TAG.sub("", unescaped), _unescaped(_TAG.sub("", lower))]
    return [lower, *("".join(text.split()) for text in texts)]


def _unescaped(text: str) -> str:
    """The text without escapes."""
    if "&" in text:
        text = html.unescape(text)
    if _PERCENT.search(text):
        text = unquote(text)
    if "\\u" in text or "\\x" in text:
        text = _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
    return text.lower()


def _collect_texts(value: Any, texts: list[str]) -> None:
    """Append every text of a value, names of a mapping included."""
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            texts.append(str(name))
            _collect_texts(inner, texts)
    elif isinstance(value, list | tuple):
        for inner in value:
            _collect_texts(inner, texts)


def _masked(value: Any, keys: Sequence[str]) -> Any:
    if isinstance(value, str):
        return mask_keys(value, keys)
    if isinstance(value, Mapping):
        return {mask_keys(str(name), keys): _masked(inner, keys) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([_masked(inner, keys) for inner in value])
    return value
