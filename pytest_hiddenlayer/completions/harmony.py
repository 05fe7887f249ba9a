"""Splits the channels of the harmony format, in which gpt-oss models answer.

    <|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…<|return|>

A server that drops special tokens leaves `analysis…assistantfinal…`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .code_spans import CodeSpans

_HEADER = re.compile(
    r"(?:<\|start\|>[^<]*)?<\|channel\|>\s*(\w+)[^<]*(?:<\|constrain\|>[^<]*)?(?:<\|message\|>|$)", re.IGNORECASE
)
_END = re.compile(r"<\|(?:end|return|call|start|channel)\|>", re.IGNORECASE)
_BARE_START = re.compile(r"\s*analysis(?=[^\sa-z])")
_BARE_NEXT = re.compile(r"assistant(?=(?:analysis|commentary|final))")


@dataclass(frozen=True, slots=True)
class Channels:
    """The two parts of an answer."""

    final: str | None  # None: the answer ends before it
    thoughts: str


def split_channels(text: str) -> Channels | None:
    """The channels of a text; None if it is not in the harmony format."""
    if "<|channel|>" in text:
        return _with_tokens(text)
    if _BARE_START.match(text):
        return _without_tokens(text)
    return None


def _with_tokens(text: str) -> Channels | None:
    code = CodeSpans(text)
    headers = [match for match in _HEADER.finditer(text) if match.start() not in code or match.start() == 0]
    if not headers:
        return None
    final: list[str] = []
    thoughts = [_END.split(text[: headers[0].start()])[0]]
    for header in headers:
        end = _END.search(text, header.end())
        content = text[header.end() : end.start() if end else len(text)]
        (final if header[1].casefold() == "final" else thoughts).append(content)
    return Channels("\n".join(final).strip() if final else None, _joined(thoughts))


def _without_tokens(text: str) -> Channels:
    parts = _BARE_NEXT.split(text.lstrip())
    final = [part.removeprefix("final") for part in parts if part.startswith("final")]
    thoughts = [re.sub(r"^(?:analysis|commentary)", "", part) for part in parts if not part.startswith("final")]
    return Channels("\n".join(final).strip() if final else None, _joined(thoughts))


def _joined(thoughts: list[str]) -> str:
    return "\n\n".join(filter(None, (thought.strip() for thought in thoughts)))
