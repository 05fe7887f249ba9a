"""Text of models for a terminal: whatever would steer it is made visible instead."""

from __future__ import annotations


def visible(text: str) -> str:
    """The text with every character that is no printable one, line end or tab written as its escape.

    So are marks that turn the direction of writing, and lone surrogates.
    """
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """The same on one line."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def block(text: str, *, most: int | None = None) -> list[str]:
    """Its lines behind a bar, so that none can pass for ours; beyond `most` lines the rest is counted."""
    lines = visible(text).split("\n")
    shown = lines if most is None or len(lines) <= most else lines[:most]
    rest = len(lines) - len(shown)
    return [f"  │ {line}" for line in shown] + ([f"  … {rest} more lines"] if rest else [])
