"""Makes text that comes from models, servers or files safe to print on a terminal or in the log of a CI job."""

from __future__ import annotations

import json
import re
from typing import Any

_WORKFLOW_COMMAND = re.compile(
    r"^(?P<indent>\s*):(?=:[A-Za-z])|##(?P<kind>\[|vso\[|teamcity\[)", re.MULTILINE | re.IGNORECASE
)
"""A line by which a program steers GitHub Actions, Azure Pipelines or TeamCity: `::error::`, `##vso[`."""

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\uffa0\ufe00-\ufe0d\U000e0100-\U000e01ef]"
    "|(?<![^\\s\ufe0e\ufe0f])[\ufe0e\ufe0f]"
)
"""Characters without a shape, which a text may hide words in, though Python calls them printable.

A selector of the emoji or text style after another character is not among them: it belongs to that character.
"""

_COLOUR = re.compile(r"(\x1b\[(?:0|1|2|39;49;00|(?:0?1;)?[39][1-7])m)")
"""Colours of this program's tables and of pytest's differences. Black is not among them: it hides text."""


def visible(text: str) -> str:
    """The text with each character that is not printable, a newline or a tab replaced by its Python escape.

    This covers terminal control sequences, marks that change the direction of writing, invisible
    characters, lone surrogates, and the first character of what a CI job would take for a workflow
    command. Text that is safe already is returned unchanged, so applying it twice changes nothing.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text.replace("\r\n", "\n"))
    if not text.isascii():
        text = _INVISIBLE.sub(lambda match: ascii(match[0])[1:-1], text)
    return _WORKFLOW_COMMAND.sub(_without_command, text) if "::" in text or "##" in text else text


def coloured(text: str) -> str:
    """`visible(text)`, but the colours of tables and of pytest's differences are kept: they hide nothing."""
    parts = _COLOUR.split(text)
    return "".join(part if index % 2 else visible(part) for index, part in enumerate(parts))


def one_line(text: str) -> str:
    """`visible(text)` on one line: newlines and tabs are escaped too."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def block(text: str, *, max_lines: int | None = None) -> list[str]:
    """The lines of `visible(text)` behind a bar, so that none looks like the program's own output.

    At most `max_lines` lines are shown; a last line counts the rest.
    """
    lines = visible(text).split("\n")
    shown = lines[:max_lines]
    hidden = len(lines) - len(shown)
    return [f"  │ {line}" for line in shown] + ([f"  … {hidden} more lines"] if hidden else [])


def json_text(value: Any) -> str:
    """Indented JSON whose characters are all printable: others are JSON escapes. Raises ValueError for NaN."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    text = "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    text = _INVISIBLE.sub(lambda match: json.dumps(match[0])[1:-1], text)
    return _WORKFLOW_COMMAND.sub(r"#\\u0023\g<kind>", text) if "##" in text else text


def _without_command(match: re.Match[str]) -> str:
    kind = match["kind"]
    return f"{match['indent']}\\x3a" if kind is None else f"#\\x23{kind}"
