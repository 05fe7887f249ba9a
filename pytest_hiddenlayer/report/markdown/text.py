"""Text from models, people and files as Markdown that shows it literally, on GitHub, GitLab and alike."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

_NOT_PLAIN = re.compile(r"""[^\w ,\-;?'"()+%/=.]|_|(?<![0-9])\.""")
"""What is written as an entity: all ASCII punctuation that Markdown, a link or a command of a CI job may begin with.

A full stop is one unless a digit is before it: `www.` becomes a link.
"""
_WORDS = re.compile(r"(?:[A-Za-z0-9 ,()+/%?·→-]|:(?= )|\$(?=[0-9])|(?<=[0-9])\.(?=[0-9]))*")
_MEANT = re.compile(r"\bGH-[0-9]|\b[0-9a-f]{7,64}\b|^\s*(?:[-+](?:\s|$)|[0-9]+\))", re.IGNORECASE)
"""Words that sites take for an issue or a commit, and the beginnings of lists."""
_KEPT = "!#$%&'*+,/:;=?@[]~"  # in an address; parentheses, quotes and bars are encoded
_LONGEST_ADDRESS = 2_000


def code(text: str, *, limit: int = 120) -> str:
    """The text in a code element, on one line, cut to `limit` characters.

    Sites link mentions, issues and commits, and replace emoji names and mathematics, in the text
    that Markdown results in, so that escaping alone does not stop them; they leave code alone. A
    code element is used instead of backticks because it is also valid within HTML and tables.
    Control and direction characters are shown as escapes.
    """
    shown = text[: limit + 1]
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in shown)
    if len(shown) > limit:
        shown = f"{shown[: limit - 1]}…"
    return f"<code>{_NOT_PLAIN.sub(_entity, shown)}</code>"


def is_plain(text: str) -> bool:
    """Whether a text is numbers and plain words, which mean nothing to Markdown and to sites that show it."""
    return _WORDS.fullmatch(text) is not None and _MEANT.search(text) is None


def cell(text: str, *, limit: int = 120) -> str:
    """The text for a cell of a table: as it is, if it is numbers and plain words, else in a code element."""
    return text if is_plain(text) else code(text, limit=limit)


def _entity(match: re.Match[str]) -> str:
    character = match[0]
    if not character.isascii():
        return character
    # Email addresses become links after entities are decoded, but not across an element.
    return f"<wbr>&#{ord(character)};" if character == "@" else f"&#{ord(character)};"


def unbroken(text: str) -> str:
    """Words and numbers of this program, kept on one line in a narrow table."""
    return text.replace(" ", "&nbsp;")


def link(text: str, address: str) -> str:
    """A link whose text is Markdown already."""
    return f"[{text}]({quote(address, safe=_KEPT).replace('&', '&amp;')})"


def sample_link(text: str, report: str | None, record: tuple[str, ...]) -> str:
    """The text, Markdown already, with a link to a record in the report, if the report has an address.

    The record is (run, task, strategy label, provider, model slug, sample, epoch). The address is
    written as `writeView` of `web/src/view.ts` does; a very long one is left out.
    """
    if report is None:
        return text
    view = urlencode({"tab": "samples", "sample": "\t".join(record)}, errors="replace")
    address = f"{report.partition('#')[0]}#{view}"
    return link(text, address) if len(address) <= _LONGEST_ADDRESS else text


def table_head(titles: tuple[str, ...]) -> str:
    """The first two lines of a table."""
    return f"{table_row(titles)}\n|{' --- |' * len(titles)}\n"


def table_row(values: tuple[str, ...]) -> str:
    """One line of a table; the values are Markdown already."""
    return f"| {' | '.join(values)} |"


def folded(summary: str, *, shown: bool = False) -> tuple[str, str]:
    """What is before and after content that is folded below a line; `shown`: it is unfolded at first."""
    return f"<details{' open' if shown else ''}>\n<summary>{summary}</summary>\n\n", "\n</details>\n\n"
