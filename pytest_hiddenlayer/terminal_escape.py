"""Makes text that comes from models, servers or files safe to print on a terminal."""

from __future__ import annotations


def visible(text: str) -> str:
    """The text with each character that is not printable, a newline or a tab replaced by its Python escape.

    This covers terminal control sequences, marks that change the direction of writing, and lone surrogates.
    """
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text.replace("\r\n", "\n"))


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
