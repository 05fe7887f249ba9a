"""Texts that a terminal or a CI job would obey, and what no output may hold."""

from __future__ import annotations

import re

HOSTILE = (
    "x\x1b[2J\x1b[8m\x1b]8;;https://evil.example\x07y\x1bP+q\x1b\\\x9b31m\x9d0;t\x9c\x07\x08\x0c\x7f\u202e\u2066\u200b"
    "\u200d\u3164\u034f\ufe0f\U000e0041\U000e0101\rover\r\n::error::no\n  ::set-output name=a::b\n##[warning]y\n"
    "##teamcity[z]\n##vso[task]q\n##VSO[task]q\u2028::error::b\x85::error::c"
)
"""Control sequences in 7 and 8 bits, links, titles, overwriting, directions, invisible characters and commands."""
IN_YAML = "".join(character for character in HOSTILE if ord(character) < 0x10000)
"""The same without what JSON writes as two surrogates, which YAML refuses."""
LONE = HOSTILE + "\ud800"
"""The same with half of a surrogate pair, which JSON and Python can hold and YAML cannot."""

_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
    "|^\\s*::[a-z]|##(?:\\[|vso\\[|teamcity\\[)",
    re.MULTILINE | re.IGNORECASE,
)
_COLOUR = re.compile("\x1b\\[(?:[0-9]{1,2}(?:;[0-9]{1,2})*)?m")


def steering(text: str, *, colours: bool = False) -> list[str]:
    """The places of a text that a terminal or a CI job would obey, with what is around; `colours` are allowed."""
    if colours:
        text = _COLOUR.sub("", text)
    return [text[max(0, found.start() - 40) : found.end() + 20] for found in _OBEYED.finditer(text)]
